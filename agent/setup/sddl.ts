/** Security descriptors as Windows writes them (SDDL), in which accounts are SIDs and nothing depends on the language. */

export interface AccessRule {
  readonly kind: 'allow' | 'deny' | 'other';
  readonly sid: string;
  /** Access mask; generic rights are already those of files. */
  readonly mask: number;
  /** Handed on to files and to folders below. */
  readonly inherits: boolean;
  /** Does not count for the thing itself. */
  readonly inheritOnly: boolean;
}

export interface SecurityDescriptor {
  readonly owner: string;
  /** Nothing comes from the folder above. */
  readonly isProtected: boolean;
  readonly rules: readonly AccessRule[];
}

/** https://learn.microsoft.com/windows/win32/secauthz/sid-strings; others stay as they are written and are strangers. */
const sidNames: Readonly<Record<string, string>> = {
  SY: 'S-1-5-18',
  BA: 'S-1-5-32-544',
  BU: 'S-1-5-32-545',
  BG: 'S-1-5-32-546',
  PU: 'S-1-5-32-547',
  AU: 'S-1-5-11',
  IU: 'S-1-5-4',
  WD: 'S-1-1-0',
  CO: 'S-1-3-0',
  OW: 'S-1-3-4',
  AC: 'S-1-15-2-1',
  LS: 'S-1-5-19',
  NS: 'S-1-5-20',
};

const fileAll = 0x1f01ff;
const fileRead = 0x120089;
const fileWrite = 0x120116;
const fileExecute = 0x1200a0;

/** https://learn.microsoft.com/windows/win32/secauthz/ace-strings */
const rightNames: Readonly<Record<string, number>> = {
  ...{ GA: fileAll, GR: fileRead, GW: fileWrite, GX: fileExecute },
  ...{ FA: fileAll, FR: fileRead, FW: fileWrite, FX: fileExecute },
  ...{ RC: 0x20000, SD: 0x10000, WD: 0x40000, WO: 0x80000 },
  ...{ CC: 0x1, DC: 0x2, LC: 0x4, SW: 0x8, RP: 0x10, WP: 0x20, DT: 0x40, LO: 0x80, CR: 0x100 },
};

/** Undefined when it is not one, or holds what is not understood: then nothing may be concluded from it. */
export function parseSddl(text: string): SecurityDescriptor | undefined {
  const [, owner, flags, list] = /^O:(\S+?)(?:G:\S+?)?D:([A-Z]*)((?:\([^()]*\))*)(?:S:.*)?$/s.exec(text.trim()) ?? [];
  if (owner === undefined || flags === undefined || list === undefined) return undefined;
  const rules: AccessRule[] = [];
  for (const [, entry = ''] of list.matchAll(/\(([^()]*)\)/g)) {
    const [type = '', inheritance = '', rights = '', , , sid] = entry.split(';');
    const mask = maskOf(rights);
    if (mask === undefined || sid === undefined || sid === '') return undefined;
    rules.push({
      kind: /^(A|XA|OA|ZA)$/.test(type) ? 'allow' : /^(D|XD|OD)$/.test(type) ? 'deny' : 'other',
      sid: fullSid(sid),
      mask,
      inherits: inheritance.includes('OI') && inheritance.includes('CI'),
      inheritOnly: inheritance.includes('IO'),
    });
  }
  return { owner: fullSid(owner), isProtected: flags.includes('P'), rules };
}

function fullSid(name: string): string {
  return Object.hasOwn(sidNames, name) ? (sidNames[name] as string) : name;
}

function maskOf(rights: string): number | undefined {
  if (/^0x[0-9a-f]{1,8}$/i.test(rights)) return withoutGeneric(Number(rights));
  if (!/^(?:[A-Z]{2})+$/.test(rights)) return undefined;
  let mask = 0;
  for (const name of rights.match(/../g) ?? []) {
    const bits = rightNames[name];
    if (bits === undefined) return undefined;
    mask |= bits;
  }
  return mask;
}

function withoutGeneric(mask: number): number {
  const generic: readonly (readonly [bit: number, file: number])[] = [
    [0x10000000, fileAll],
    [0x20000000, fileExecute],
    [0x40000000, fileWrite],
    [0x80000000, fileRead],
  ];
  let file = mask & 0x1fffff;
  for (const [bit, rights] of generic) if ((mask & bit) !== 0) file |= rights;
  return file;
}

const icaclsNames: Readonly<Record<string, number>> = {
  ...{ F: fileAll, M: 0x1301bf, RX: 0x1200a9, R: fileRead, W: fileWrite },
  ...{ RD: 0x1, WD: 0x2, AD: 0x4, REA: 0x8, WEA: 0x10, X: 0x20, DC: 0x40, RA: 0x80, WA: 0x100 },
  ...{ DE: 0x10000, RC: 0x20000, WDAC: 0x40000, WO: 0x80000, S: 0x100000 },
};

/** What `icacls` makes of "(OI)(CI)RX" or "(AD,RC,S)". Throws `RangeError` for what it does not know. */
export function maskOfIcacls(rights: string): number {
  const names = rights
    .replace(/^(\((OI|CI|IO|NP)\))*/, '')
    .replaceAll(/[()]/g, '')
    .split(',');
  return names.reduce((mask, name) => {
    const bits = Object.hasOwn(icaclsNames, name) ? icaclsNames[name] : undefined;
    if (bits === undefined) throw new RangeError(`icacls knows no right "${name}"`);
    return mask | bits;
  }, 0);
}
