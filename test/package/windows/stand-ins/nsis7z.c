#include "plugin.h"
/* Unpacks into the current folder with the 7-Zip program that KITS_TEST_7ZIP names. */
CALL(Extract) {
  BEGIN;
  popstringn(first, LONGEST);
  static wchar_t program[MAX_PATH], folder[MAX_PATH], line[LONGEST * 2];
  if (GetEnvironmentVariableW(L"KITS_TEST_7ZIP", program, MAX_PATH) == 0) return;
  GetCurrentDirectoryW(MAX_PATH, folder);
  wsprintfW(line, L"\"%s\" x -y -bd \"-o%s\" \"%s\"", program, folder, first);
  STARTUPINFOW start = {.cb = sizeof start};
  PROCESS_INFORMATION process;
  if (!CreateProcessW(NULL, line, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL, &start, &process)) return;
  WaitForSingleObject(process.hProcess, INFINITE);
  CloseHandle(process.hProcess);
  CloseHandle(process.hThread);
}
CALL(ExtractWithDetails) { Extract(parent, string_size, variables, stacktop, extra); }
