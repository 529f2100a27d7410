/** Who may change a folder of Windows, read from its access list in SDDL (as `icacls FOLDER /save FILE` writes it). */

/** Administrators by another name, the system itself, and the installer of Windows; short names as SDDL abbreviates them. */
const administrators = /^(SY|BA|LA|DA|CO|S-1-5-18|S-1-5-32-544|S-1-3-0|S-1-5-80-956008885-[\d-]+)$/;

/**
 * https://learn.microsoft.com/windows/win32/secauthz/ace-strings: rights with which a file could be put there or
 * replaced; on a folder DC is "add file", LC "add folder" and DT "delete what is in it".
 */
const writingLetters = new Set(['GA', 'GW', 'FA', 'FW', 'WD', 'WO', 'SD', 'DC', 'LC', 'DT', 'KA', 'KW']);
/** FILE_WRITE_DATA, FILE_APPEND_DATA, FILE_DELETE_CHILD, DELETE, WRITE_DAC, WRITE_OWNER, GENERIC_WRITE, GENERIC_ALL. */
const writingBits = 0x2 | 0x4 | 0x40 | 0x10000 | 0x40000 | 0x80000 | 0x40000000 | 0x10000000;

/**
 * Names or SIDs that may write and are no administrators. What cannot be understood counts: an empty or broken list gives
 * "unreadable", one without any entry lets everybody in.
 */
export function peopleWhoMayWrite(saved: string): string[] {
  const sddl = /D:([A-Z]*)((?:\([^()]*\))*)/.exec(saved);
  if (sddl === null) return ['unreadable'];
  const entries = [...(sddl[2] ?? '').matchAll(/\(([^()]*)\)/g)].map(([, entry]) => (entry ?? '').split(';'));
  if (entries.length === 0) return ['WD'];
  const people = entries.flatMap(([type, , rights, , , account]) => {
    if (type === undefined || rights === undefined || account === undefined) return ['unreadable'];
    const allows = type === 'A' || type === 'XA' || type === 'OA';
    return allows && mayWrite(rights) && !administrators.test(account) ? [account] : [];
  });
  return [...new Set(people)];
}

function mayWrite(rights: string): boolean {
  if (/^0x[0-9a-f]{1,8}$/i.test(rights)) return (Number(rights) & writingBits) !== 0;
  if (!/^(?:[A-Z]{2})*$/.test(rights)) return true;
  return (rights.match(/../g) ?? []).some((letters) => writingLetters.has(letters));
}
