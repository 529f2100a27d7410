#include "plugin.h"
/* 603: no such process. */
CALL(_FindProcess) { BEGIN; popstringn(first, LONGEST); pushstring(L"603"); }
CALL(_KillProcess) { BEGIN; popstringn(first, LONGEST); pushstring(L"0"); }
CALL(_CloseProcess) { BEGIN; popstringn(first, LONGEST); pushstring(L"0"); }
CALL(_Unload) { (void)parent; (void)string_size; (void)variables; (void)stacktop; (void)extra; }
