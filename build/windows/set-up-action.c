/*
 * The one action of the MSI that is told the token. As a program of its own it would be given it on a command line, which every user of
 * the PC can read in the list of processes; a library gets it in memory, and hands it on through the environment of one child, as the
 * NSIS installer does. What the installer was told is read by "kits-agent.exe set-up".
 *
 * CustomActionData: path of kits-agent.exe | folder of the program, with its backslash | folder of the MSI, likewise | the options.
 */
#include <windows.h>
#include <msi.h>
#include <msiquery.h>
#include <wchar.h>

#define LONGEST 16384
static const wchar_t variable[] = L"KITS_SETUP_COMMAND_LINE";

static UINT fail(MSIHANDLE install, const wchar_t *what, DWORD code) {
  wchar_t words[400];
  _snwprintf(words, 400, L"KITS Agent: %ls (%lu). install.log in the program folder says more.", what, code);
  words[399] = 0;
  MSIHANDLE record = MsiCreateRecord(0);
  MsiRecordSetStringW(record, 0, words);
  MsiProcessMessage(install, INSTALLMESSAGE_ERROR, record);
  MsiCloseHandle(record);
  return ERROR_INSTALL_FAILURE;
}

/* The part of `rest` before the next bar; `rest` moves behind it. */
static wchar_t *part(wchar_t **rest) {
  wchar_t *start = *rest;
  wchar_t *bar = wcschr(start, L'|');
  if (bar == NULL) return NULL;
  *bar = 0;
  *rest = bar + 1;
  return start;
}

__declspec(dllexport) UINT __stdcall SetUp(MSIHANDLE install) {
  static wchar_t data[LONGEST], command[LONGEST];
  DWORD length = LONGEST;
  if (MsiGetPropertyW(install, L"CustomActionData", data, &length) != ERROR_SUCCESS)
    return fail(install, L"what was given is too long to be taken", length);
  wchar_t *rest = data;
  const wchar_t *program = part(&rest), *folder = part(&rest), *source = part(&rest);
  if (source == NULL) return fail(install, L"the action was called without its data", 0);
  int written = _snwprintf(command, LONGEST,
    L"\"%ls\" set-up --managed --log-file \"%lsinstall.log\" --settings-file-if-there \"%lskits-agent-setup.json\"",
    program, folder, source);
  if (written < 0 || written >= LONGEST) return fail(install, L"the paths are too long", 0);

  STARTUPINFOW start = { .cb = sizeof start };
  PROCESS_INFORMATION child;
  SetEnvironmentVariableW(variable, rest);
  BOOL started = CreateProcessW(program, command, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, folder, &start, &child);
  DWORD code = started ? 0 : GetLastError();
  SetEnvironmentVariableW(variable, NULL);
  SecureZeroMemory(data, sizeof data);
  if (!started) return fail(install, L"kits-agent.exe cannot be started, Windows says", code);
  WaitForSingleObject(child.hProcess, INFINITE);
  if (!GetExitCodeProcess(child.hProcess, &code)) code = GetLastError();
  CloseHandle(child.hThread);
  CloseHandle(child.hProcess);
  return code == 0 ? ERROR_SUCCESS : fail(install, L"\"kits-agent set-up\" ended with", code);
}
