#include "plugin.h"
/* Everybody is administrator: the one call takes a digit (and "s" for "answer on the stack"). */
CALL(_) {
  BEGIN;
  popstringn(first, LONGEST);
  if (first[0] == L'0') {
    setuservariable(INST_0, L"0");
    setuservariable(INST_1, L"2");
    setuservariable(INST_3, L"1");
    return;
  }
  const wchar_t *answer = first[0] == L'2' ? L"1" : L"0";
  if (wcschr(first, L's') != NULL) pushstring(answer);
  else setuservariable(INST_0, answer);
}
