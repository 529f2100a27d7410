#include "plugin.h"
/* Shows nothing; its options begin with a slash, an icon's path follows one of them. */
CALL(Show) {
  BEGIN;
  while (popstringn(first, LONGEST) == 0 && first[0] == L'/') {
    if (_wcsicmp(first, L"/ICON") == 0) popstringn(second, LONGEST);
  }
}
CALL(Destroy) { (void)parent; (void)string_size; (void)variables; (void)stacktop; (void)extra; }
