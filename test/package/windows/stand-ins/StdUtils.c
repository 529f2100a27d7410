#include "plugin.h"

static BOOL parameter(const wchar_t *name, wchar_t *value) {
  int count;
  wchar_t **words = CommandLineToArgvW(GetCommandLineW(), &count);
  size_t length = wcslen(name);
  for (int at = 1; at < count; at++) {
    wchar_t *word = words[at];
    while (*word == L'/' || *word == L'-') word++;
    if (word == words[at] || _wcsnicmp(word, name, length) != 0) continue;
    if (word[length] != 0 && word[length] != L'=') continue;
    if (value != NULL) lstrcpynW(value, word[length] == 0 ? L"" : word + length + 1, LONGEST);
    return TRUE;
  }
  return FALSE;
}

CALL(TestParameter) {
  BEGIN;
  popstringn(first, LONGEST);
  pushstring(parameter(first, NULL) ? L"true" : L"false");
}

CALL(GetParameter) {
  BEGIN;
  popstringn(second, LONGEST);
  popstringn(first, LONGEST);
  static wchar_t value[LONGEST];
  pushstring(parameter(first, value) ? value : second);
}

/* The command line behind the name of the program. */
CALL(GetAllParameters) {
  BEGIN;
  popstringn(first, LONGEST);
  wchar_t *line = GetCommandLineW();
  if (*line == L'"') {
    line = wcschr(line + 1, L'"');
    line = line == NULL ? L"" : line + 1;
  } else {
    while (*line != 0 && *line != L' ') line++;
  }
  while (*line == L' ') line++;
  pushstring(line);
}

CALL(GetParentPath) {
  BEGIN;
  popstringn(first, LONGEST);
  wchar_t *end = wcsrchr(first, L'\\');
  if (end != NULL) *end = 0;
  pushstring(first);
}

CALL(HashFile) {
  BEGIN;
  popstringn(first, LONGEST);
  popstringn(second, LONGEST);
  pushstring(L"");
}

CALL(ExecShellAsUser) {
  BEGIN;
  for (int words = 0; words < 3; words++) popstringn(first, LONGEST);
  pushstring(L"ok");
}

CALL(Unload) { (void)parent; (void)string_size; (void)variables; (void)stacktop; (void)extra; }
