/*
 * Stands in for Windows' icacls in wine, which has no access lists worth the name. Notes each call in C:\kits-test\icacls.log and
 * answers `/save FILE` with what Windows grants below "Program Files".
 */
#include <windows.h>
#include <stdio.h>
#include <wchar.h>

static void append(const wchar_t *path, const wchar_t *text) {
  HANDLE file = CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ, NULL, OPEN_ALWAYS, 0, NULL);
  DWORD written;
  WriteFile(file, text, wcslen(text) * sizeof *text, &written, NULL);
  CloseHandle(file);
}

int wmain(int count, wchar_t **words) {
  CreateDirectoryW(L"C:\\kits-test", NULL);
  static wchar_t line[8192];
  for (int at = 1; at < count; at++) {
    wcsncat(line, words[at], 1000);
    wcscat(line, at + 1 < count ? L" | " : L"\r\n");
  }
  append(L"C:\\kits-test\\icacls.log", line);
  for (int at = 1; at + 1 < count; at++) {
    if (_wcsicmp(words[at], L"/save") != 0) continue;
    static wchar_t answer[4096];
    const wchar_t *name = wcsrchr(words[1], L'\\');
    /* A folder named "open" is one that users may write to. */
    const wchar_t *users = wcsstr(words[1], L"open") != NULL ? L"0x1301bf" : L"0x1200a9";
    wsprintfW(answer, L"%s\r\nD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;%s;;;BU)(A;OICIIOID;GA;;;CO)\r\n",
              name == NULL ? words[1] : name + 1, users);
    DeleteFileW(words[at + 1]);
    append(words[at + 1], answer);
  }
  printf("1 file processed\n");
  return 0;
}
