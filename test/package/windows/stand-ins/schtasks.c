/*
 * Stands in for Windows' schtasks in wine, whose own forgets what a task runs. Tasks are files in C:\kits-test\tasks:
 * NAME.xml as registered, NAME.pid of the process that runs. Knows what this project calls:
 *   /create /tn NAME /xml FILE /f    /query /tn NAME /xml    /run /tn NAME    /end /tn NAME    /delete /tn NAME /f
 */
#define _WIN32_WINNT 0x0A00
#include <windows.h>
#include <stdio.h>
#include <wchar.h>

#define FOLDER L"C:\\kits-test\\tasks"
static wchar_t xml[65536];

static const wchar_t *value(int count, wchar_t **words, const wchar_t *name) {
  for (int at = 1; at + 1 < count; at++)
    if (_wcsicmp(words[at], name) == 0) return words[at + 1];
  return NULL;
}

static BOOL has(int count, wchar_t **words, const wchar_t *name) {
  for (int at = 1; at < count; at++)
    if (_wcsicmp(words[at], name) == 0) return TRUE;
  return FALSE;
}

static DWORD readAll(const wchar_t *path, void *to, DWORD most) {
  HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return 0;
  DWORD size = 0;
  ReadFile(file, to, most, &size, NULL);
  CloseHandle(file);
  return size;
}

static BOOL writeAll(const wchar_t *path, const void *from, DWORD size) {
  HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return FALSE;
  DWORD written = 0;
  WriteFile(file, from, size, &written, NULL);
  CloseHandle(file);
  return written == size;
}

/* Text between <NAME> and </NAME>, with the three entities a path may hold. */
static BOOL element(const wchar_t *name, wchar_t *to, size_t most) {
  wchar_t mark[64];
  wsprintfW(mark, L"<%s>", name);
  wchar_t *from = wcsstr(xml, mark);
  if (from == NULL) return FALSE;
  from += wcslen(mark);
  size_t length = 0;
  while (*from != 0 && *from != L'<' && length + 1 < most) {
    if (wcsncmp(from, L"&quot;", 6) == 0) { to[length++] = L'"'; from += 6; }
    else if (wcsncmp(from, L"&amp;", 5) == 0) { to[length++] = L'&'; from += 5; }
    else to[length++] = *from++;
  }
  to[length] = 0;
  return TRUE;
}

int wmain(int count, wchar_t **words) {
  const wchar_t *name = value(count, words, L"/tn");
  wchar_t task[MAX_PATH], running[MAX_PATH];
  if (name == NULL || wcslen(name) > 100) return 1;
  wsprintfW(task, FOLDER L"\\%s.xml", name);
  wsprintfW(running, FOLDER L"\\%s.pid", name);
  CreateDirectoryW(L"C:\\kits-test", NULL);
  CreateDirectoryW(FOLDER, NULL);
  DWORD process = 0;

  if (has(count, words, L"/create")) {
    const wchar_t *file = value(count, words, L"/xml");
    DWORD size = file == NULL ? 0 : readAll(file, xml, sizeof xml - 2);
    /* Windows wants UTF-16 with its mark, the declared encoding and the namespace. */
    if (size < 4 || xml[0] != 0xFEFF || wcsstr(xml, L"encoding=\"UTF-16\"") == NULL ||
        wcsstr(xml, L"http://schemas.microsoft.com/windows/2004/02/mit/task") == NULL || wcsstr(xml, L"</Task>") == NULL) {
      fprintf(stderr, "ERROR: The task XML is malformed.\n");
      return 1;
    }
    return writeAll(task, xml, size) ? 0 : 1;
  }
  DWORD size = readAll(task, xml, sizeof xml - 2);
  if (size == 0) {
    fprintf(stderr, "ERROR: The system cannot find the file specified.\n");
    return 1;
  }
  xml[size / 2] = 0;
  if (has(count, words, L"/query")) {
    static char narrow[sizeof xml];
    /* As the real one: in the code page of the console, without a mark. */
    int length = WideCharToMultiByte(CP_OEMCP, 0, xml + 1, -1, narrow, sizeof narrow, NULL, NULL);
    fwrite(narrow, 1, length > 0 ? length - 1 : 0, stdout);
    return 0;
  }
  if (has(count, words, L"/run")) {
    wchar_t command[1024], arguments[256], line[1400];
    if (!element(L"Command", command, 1024)) return 1;
    if (!element(L"Arguments", arguments, 256)) arguments[0] = 0;
    wsprintfW(line, L"%s %s", command, arguments);
    /* The service inherits its log and nothing else: whoever reads our output would wait for the service. */
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    HANDLE log = CreateFileW(FOLDER L"\\service.log", FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherit, OPEN_ALWAYS,
                             0, NULL);
    static unsigned char space[256];
    SIZE_T size_of_list = sizeof space;
    STARTUPINFOEXW start = {.StartupInfo = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES, .hStdOutput = log, .hStdError = log}};
    start.lpAttributeList = (LPPROC_THREAD_ATTRIBUTE_LIST)space;
    PROCESS_INFORMATION made;
    if (!InitializeProcThreadAttributeList(start.lpAttributeList, 1, 0, &size_of_list) ||
        !UpdateProcThreadAttribute(start.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, &log, sizeof log, NULL, NULL) ||
        !CreateProcessW(NULL, line, NULL, NULL, TRUE, CREATE_NO_WINDOW | EXTENDED_STARTUPINFO_PRESENT, NULL, L"C:\\",
                        &start.StartupInfo, &made)) {
      fprintf(stderr, "ERROR: %lu\n", GetLastError());
      return 1;
    }
    process = made.dwProcessId;
    writeAll(running, &process, sizeof process);
    return 0;
  }
  if (has(count, words, L"/end")) {
    if (readAll(running, &process, sizeof process) != sizeof process) return 1;
    HANDLE handle = OpenProcess(PROCESS_TERMINATE | SYNCHRONIZE, FALSE, process);
    if (handle == NULL) return 1;
    TerminateProcess(handle, 1);
    WaitForSingleObject(handle, 10000);
    DeleteFileW(running);
    return 0;
  }
  if (has(count, words, L"/delete")) return DeleteFileW(task) ? 0 : 1;
  return 1;
}
