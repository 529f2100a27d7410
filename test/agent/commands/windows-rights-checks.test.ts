/** Access lists of Windows as Get-Acl prints them; a German and an English PC print the same, because accounts are SIDs. */
import { describe, expect, test } from 'vitest';
import { windowsRightsFindings } from '../../../agent/commands/windows-rights-checks.ts';
import { type RunPowerShell, readRights, unsafeHolder } from '../../../agent/setup/read-windows-rights.ts';
import { ownedPaths } from '../../../agent/setup/rights.ts';
import { maskOfIcacls, parseSddl } from '../../../agent/setup/sddl.ts';
import { accessLists, holderRights } from '../../../agent/setup/windows-rights.ts';

const dataDir = 'C:\\ProgramData\\KITS\\Agent';
const installRoot = 'C:\\Program Files\\KITS Agent';
const executable = `${installRoot}\\versions\\0.2.0\\kits-agent.exe`;

const admins = '(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)';
const inheritedAdmins = '(A;ID;FA;;;SY)(A;ID;FA;;;BA)';
/** As Windows shows what the installer has set with icacls. */
const good: Readonly<Record<string, string>> = {
  '.': `O:BAG:S-1-5-21-1-2-3-513D:PAI${admins}`,
  private: `O:BAG:SYD:PAI${admins}`,
  'private/updates': `O:SYG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)`,
  public: `O:BAG:SYD:PAI${admins}(A;OICI;0x1200a9;;;BU)`,
  'public/sent': `O:SYG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;0x1200a9;;;BU)`,
  'public/requests': 'O:BAG:SYD:PAI(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x120194;;;BU)',
  'public/status.json': `O:SYG:SYD:AI${inheritedAdmins}(A;ID;0x1200a9;;;BU)`,
  'public/trust.json': `O:SYG:SYD:AI${inheritedAdmins}(A;ID;0x1200a9;;;BU)`,
};
/** As below "Program Files" of a German Windows 11; TrustedInstaller, apps, CREATOR OWNER. */
const programFiles =
  'O:BAG:S-1-5-21-1-2-3-513D:AI(A;ID;FA;;;S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464)' +
  '(A;CIIOID;GA;;;S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464)(A;ID;FA;;;SY)(A;OICIIOID;GA;;;SY)' +
  '(A;ID;FA;;;BA)(A;OICIIOID;GA;;;BA)(A;ID;0x1200a9;;;BU)(A;OICIIOID;GXGR;;;BU)(A;OICIIOID;GA;;;CO)' +
  '(A;ID;0x1200a9;;;AC)(A;OICIIOID;GXGR;;;AC)(A;ID;0x1200a9;;;S-1-15-2-2)';

interface Spoilt {
  readonly owned?: Readonly<Record<string, string>>;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly programs?: string;
  readonly holders?: readonly string[];
}

/** Of a German Windows 11: KITS as the installer closes it, ProgramData and the drive as Windows makes them. */
const windowsHolders = [
  `O:BAG:SYD:PAI${admins}`,
  'O:SYG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICIIO;GA;;;CO)(A;OICI;0x1200a9;;;BU)(A;CI;DCLCRPCR;;;BU)',
  'O:S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464G:SYD:PAI(A;;LC;;;AU)(A;OICIIO;SDGXGWGR;;;AU)(A;;FA;;;SY)(A;OICIIO;GA;;;SY)(A;OICIIO;GA;;;BA)(A;;FA;;;BA)(A;OICI;0x1200a9;;;BU)',
];

function answering({
  owned = {},
  attributes = {},
  programs = programFiles,
  holders = windowsHolders,
}: Spoilt = {}): RunPowerShell {
  const rows = [
    ...ownedPaths.map(({ path, kind }) => [
      attributes[path] ?? (kind === 'directory' ? 'Directory' : 'Archive'),
      owned[path] ?? good[path] ?? '',
    ]),
    ...Array.from({ length: 4 }, () => ['Directory', programs]),
  ];
  const above = holders.map((sddl) => ['Directory', sddl]);
  return async (command) => {
    const stdout = (command.includes('\\public') ? rows : above)
      .map(([kind, sddl], index) => (sddl === '' ? `${index}||` : `${index}|${kind}|${sddl}`))
      .join('\r\n');
    return { kind: 'exited', exitCode: 0, stdout: `${stdout}\r\n`, stderr: '' };
  };
}

const findings = async (spoilt?: Spoilt) =>
  (await windowsRightsFindings({ dataDir, installRoot, executable, run: answering(spoilt) })).map(
    ({ result, detail }) => `${result} ${detail}`,
  );

test('as it was installed nothing is found', async () => {
  expect(await findings()).toEqual([`ok ${dataDir} and ${installRoot} as the installer made them`]);
});

test.each<[string, Spoilt, RegExp]>([
  [
    'a private folder everybody can write to',
    { owned: { private: `O:BAG:SYD:PAI${admins}(A;OICI;0x1301bf;;;WD)` } },
    /private can be changed by everybody \(S-1-1-0\)\. Somebody could exchange the key/,
  ],
  [
    'a private folder users can read',
    { owned: { private: `O:BAG:SYD:PAI${admins}(A;OICI;0x1200a9;;;BU)` } },
    /private can be read by all users .*Somebody could copy the key/,
  ],
  [
    'a folder for updates that users can write to',
    { owned: { 'private/updates': `O:SYG:SYD:AI${admins}(A;;FA;;;BU)` } },
    /updates can be changed by all users .*between its verification and its start/,
  ],
  [
    'a folder a user owns, as when it was there before the installation',
    { owned: { '.': `O:S-1-5-21-1-2-3-1001G:SYD:PAI${admins}` } },
    /Agent belongs to S-1-5-21-1-2-3-1001, who can give any rights/,
  ],
  [
    'a single account with a grant of its own',
    { owned: { public: `O:BAG:SYD:PAI${admins}(A;OICI;0x1200a9;;;BU)(A;;DC;;;S-1-5-21-1-2-3-1001)` } },
    /public can be changed by S-1-5-21-1-2-3-1001/,
  ],
  [
    'rights that come from %ProgramData%, where users may make files',
    { owned: { public: `O:BAG:SYD:AI${admins}(A;OICI;0x1200a9;;;BU)` } },
    /public takes rights over from the folder above it/,
  ],
  [
    'a public folder that hands nothing on',
    { owned: { public: `O:BAG:SYD:PAI${admins}(A;;0x1200a9;;;BU)` } },
    /public does not hand its rights on: a new status\.json could not be read/,
  ],
  [
    'a status only administrators can read',
    { owned: { 'public/status.json': `O:SYG:SYD:AI${inheritedAdmins}` } },
    /status\.json: users at this PC can do less/,
  ],
  [
    'a status users are denied',
    { owned: { 'public/status.json': `O:SYG:SYD:AI(D;;0x1;;;BU)${inheritedAdmins}(A;ID;0x1200a9;;;BU)(D;;FR;;;BU)` } },
    /status\.json: users at this PC can do less/,
  ],
  [
    'a mailbox users can overwrite',
    { owned: { 'public/requests': 'O:BAG:SYD:PAI(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x120196;;;BU)' } },
    /requests can be changed by all users/,
  ],
  [
    'a mailbox users can read',
    { owned: { 'public/requests': 'O:BAG:SYD:PAI(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x120195;;;BU)' } },
    /requests can be read by all users .*report in confidence/,
  ],
  [
    'a mailbox nobody can append to',
    { owned: { 'public/requests': 'O:BAG:SYD:PAI(A;;FA;;;SY)(A;;FA;;;BA)' } },
    /requests: users at this PC can do less/,
  ],
  ['no mailbox', { owned: { 'public/requests': '' } }, /requests is missing/],
  ['a junction', { attributes: { private: 'Directory, ReparsePoint' } }, /private is a link and leads elsewhere/],
  [
    'a list that is not there, which lets everybody in',
    { owned: { private: 'O:BAG:SYD:NO_ACCESS_CONTROL' } },
    /private: its access list cannot be read/,
  ],
  [
    'rights that are not understood',
    { owned: { private: 'O:BAG:SYD:PAI(A;;QQ;;;WD)' } },
    /private: its access list cannot be read/,
  ],
])('%s is named, and nothing else', async (_, spoilt, said) => {
  const found = await findings(spoilt);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^problem /);
  expect(found[0]).toMatch(said);
});

test('a custom folder that logged-on users can write to is named, with each part of it', async () => {
  const found = await findings({ programs: 'O:BAG:SYD:AI(A;ID;FA;;;BA)(A;ID;FA;;;SY)(A;OICIID;0x1301bf;;;AU)' });
  expect(found).toHaveLength(4);
  expect(found[0]).toMatch(
    /KITS Agent can be changed by everybody who has logged on \(S-1-5-11\)\. Somebody could put a program/,
  );
});

test('what the service has not made yet may be missing', async () => {
  expect(await findings({ owned: { 'public/status.json': '', 'public/sent': '' } })).toEqual([
    expect.stringMatching(/^ok /),
  ]);
});

describe('an answer that is none', () => {
  const paths = ['C:\\a', 'C:\\b'];
  const says = (stdout: string) => readRights(paths, async () => ({ kind: 'exited', exitCode: 0, stdout, stderr: '' }));

  test.each([
    ['nothing', ''],
    ['a German refusal', 'Die Benennung "Get-Acl" wurde nicht als Name eines Cmdlet erkannt.\r\n'],
    ['one line too few', '0|Directory|O:SYG:SYD:P\r\n'],
    ['another order', '1|Directory|O:SY\r\n0|Directory|O:SY\r\n'],
  ])('%s leaves the rights unknown', async (_, stdout) => {
    expect(await says(stdout)).toBeUndefined();
  });

  test('is "unknown" and never "ok"', async () => {
    const run: RunPowerShell = async () => ({ kind: 'timeout' });
    expect(await windowsRightsFindings({ dataDir, installRoot, run })).toMatchObject([{ result: 'unknown' }]);
  });

  test('a path that could end the text is not asked about', async () => {
    const asked: string[] = [];
    const run: RunPowerShell = async (command) => {
      asked.push(command);
      return { kind: 'timeout' };
    };
    for (const path of ["C:\\a'; rm", 'C:\\a\u2019; rm', 'C:\\$(rm)', '\\\\server\\share', 'C:\\a`b']) {
      expect(await readRights([path], run)).toBeUndefined();
    }
    expect(asked).toEqual([]);
    await readRights(['C:\\Programme\\Bürgerbüro (alt)'], run);
    expect(asked).toHaveLength(1);
  });
});

describe('the rights the installer sets', () => {
  test('are those doctor reads back', () => {
    for (const { path, access } of ownedPaths) {
      const found = parseSddl(good[path] ?? '')?.rules.map(({ sid, mask }) => [sid, mask]);
      expect(found, path).toEqual(access.map(([sid, rights]) => [sid, maskOfIcacls(rights)]));
    }
  });

  test('name accounts by SID, lock the way in first and leave nothing that was there before', () => {
    const lists = accessLists(dataDir);
    expect(lists[0]?.slice(0, 3)).toEqual([dataDir, '/inheritance:r', '/grant:r']);
    expect(lists[1]).toEqual([`${dataDir}\\*`, '/setowner', '*S-1-5-32-544', '/T', '/C', '/L', '/Q']);
    expect(lists[2]).toEqual([`${dataDir}\\*`, '/reset', '/T', '/C', '/L', '/Q']);
    expect(lists.slice(3).map(([path]) => path)).toEqual(
      ['private', 'public', 'public\\requests'].map((name) => `${dataDir}\\${name}`),
    );
    for (const list of lists.slice(3))
      expect(list).toEqual(expect.arrayContaining(['/inheritance:r', '/grant:r', '/L']));
    const grants = lists.flat().filter((word) => /:\(?[A-Z(]/.test(word) && word.startsWith('*'));
    expect(grants.every((word) => /^\*S-1-5-[\d-]+:/.test(word))).toBe(true);
  });
});

test('a mask is read the same in letters and in numbers', () => {
  const one = (rights: string) => parseSddl(`O:SYG:SYD:P(A;;${rights};;;WD)`)?.rules[0]?.mask;
  expect(one('FA')).toBe(0x1f01ff);
  expect(one('GR')).toBe(one('FR'));
  expect(one('0x80000000')).toBe(one('FR'));
  expect(one('CCDCLCSWRPWPDTLOCRSDRCWDWO')).toBe(0xf01ff);
  expect(parseSddl('D:P(A;;FA;;;SY)')).toBeUndefined();
  expect(parseSddl('')).toBeUndefined();
});

describe('the folders above', () => {
  const [kits = '', programData = '', drive = ''] = windowsHolders;
  const objection = (...holders: string[]) => unsafeHolder('D:\\KITS\\Agent', answering({ holders }));

  test('of Windows are safe although users may make files there', async () => {
    expect(await unsafeHolder(dataDir, answering())).toBeUndefined();
  });

  test.each<[string, readonly string[], RegExp]>([
    [
      'a folder a user made',
      [kits.replace('O:BA', 'O:S-1-5-21-1-2-3-1001'), drive],
      /KITS can be changed by S-1-5-21-1-2-3-1001, who could put another/,
    ],
    [
      'a folder users may change',
      [`O:BAG:SYD:AI${admins}(A;OICIID;0x1301bf;;;AU)`, drive],
      /everybody who has logged on/,
    ],
    [
      'a drive everybody may do everything on',
      [kits, 'O:BAG:SYD:(A;OICI;FA;;;WD)'],
      /D:\\ can be changed by everybody/,
    ],
    ['a drive without access lists', [kits, 'O:WDG:WDD:NO_ACCESS_CONTROL'], /cannot be read/],
  ])('%s is refused', async (_, holders, said) => {
    expect(await objection(...holders)).toMatch(said);
    expect(await objection(...holders)).toMatch(/Choose the usual folder/);
  });

  test('are named by doctor as well', async () => {
    const found = await findings({ holders: [kits.replace('O:BA', 'O:S-1-5-21-1-2-3-1001'), programData, drive] });
    expect(found).toEqual([
      expect.stringMatching(/^problem C:\\ProgramData\\KITS can be changed by S-1-5-21-1-2-3-1001/),
    ]);
  });

  test('whose rights nobody tells are refused', async () => {
    expect(await unsafeHolder('D:\\KITS\\Agent', async () => ({ kind: 'not-found' }))).toMatch(
      /cannot be read who may change/,
    );
  });

  test('are closed by the installer where they are its own, whatever a user granted there before', () => {
    expect(holderRights('C:\\ProgramData\\KITS').map(([program, args]) => [program, ...args].join(' '))).toEqual([
      'takeown /F C:\\ProgramData\\KITS /A',
      'icacls C:\\ProgramData\\KITS /reset /L /Q',
      'icacls C:\\ProgramData\\KITS /inheritance:r /grant:r *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F /L /Q',
    ]);
  });
});
