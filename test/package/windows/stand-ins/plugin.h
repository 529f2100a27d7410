/* Frame of a plugin of NSIS. These are stand-ins for tests on a machine without the real ones; they are never shipped. */
#define UNICODE
#define _UNICODE
#include <windows.h>
#include <shellapi.h>
#include <wchar.h>
#include <nsis/pluginapi.h>

#define LONGEST 8192
#define CALL(name) \
  __declspec(dllexport) void __cdecl name(HWND parent, int string_size, wchar_t *variables, stack_t **stacktop, extra_parameters *extra)
#define BEGIN EXDLL_INIT()

static wchar_t first[LONGEST], second[LONGEST];

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved) {
  (void)instance; (void)reason; (void)reserved;
  return TRUE;
}
