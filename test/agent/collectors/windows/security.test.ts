import { describe, expect, test } from 'vitest';
import { stateOf } from '../../../../agent/collectors/windows/defender.ts';
import { ReadError } from '../../../../agent/platform/machine.ts';
import { recordedWindows } from '../../../fakes/recorded-windows.ts';
import {
  absent,
  accessDenied,
  changed,
  cimTimeout,
  comRefused,
  type Document,
  denied,
  englishNotebook,
  failure,
  germanDesktop,
  having,
  invalidClass,
  invalidNamespace,
  key,
  section,
  sids,
  volume,
} from '../../../fixtures/windows/documents.ts';
import { sectionOf } from '../context.ts';

const security = (document: unknown) => sectionOf('security', recordedWindows({ document }));
const facts = async (document: Document) => (await security(document)).data;
const codes = async (document: Document) => (await security(document)).problems.map(({ code }) => code);
const desktop = germanDesktop();

test('a German PC as it should be', async () => {
  expect(await security(desktop)).toMatchObject({
    state: 'complete',
    problems: [],
    data: {
      antivirus: [
        {
          name: 'Microsoft Defender Antivirus',
          state: 'on',
          realTime: true,
          tamperProtection: true,
          signaturesCurrent: true,
          signaturesOf: '2026-11-24',
          scannedOn: '2026-11-23',
          restartRequired: false,
        },
      ],
      firewall: { product: 'Windows Defender Firewall', active: true },
      boot: { secureBoot: 'on', certificates2023: 'updated', tpm: { present: true, version: '2.0', ready: true } },
      remoteAccess: { rdp: { enabled: false, networkLevelAuthentication: true }, smb1: false },
      accounts: {
        automaticLogon: false,
        plainLogonPassword: false,
        guestEnabled: false,
        passwordRotation: 'active-directory',
        screenLockSeconds: 600,
      },
      hardening: {
        uac: 'on',
        credentialGuard: true,
        memoryIntegrity: true,
        lsaProtection: true,
        powershell2: false,
        constrainedLanguage: false,
        smartScreen: 'off',
      },
    },
  });
});

test('an English notebook read without rights: what is open shows, what is denied is absent and said', async () => {
  const section = await security(englishNotebook());
  expect(section.state).toBe('partial');
  expect(section.problems.map(({ code, detail }) => `${code} ${detail.split(':')[0]}`).sort()).toEqual([
    'denied bitlocker',
    'denied features',
    'denied tpm',
  ]);
  expect(section.data).not.toHaveProperty('encryption');
  expect(section.data?.boot).not.toHaveProperty('tpm');
  expect(section.data).toMatchObject({
    antivirus: [
      { name: 'ESET Security', state: 'on', signaturesCurrent: true },
      { name: 'Microsoft Defender Antivirus', state: 'off', signaturesCurrent: true },
    ],
    remoteAccess: { rdp: { enabled: true }, smb1: true },
    accounts: {
      automaticLogon: true,
      plainLogonPassword: true,
      guestEnabled: true,
      passwordRotation: 'off',
      screenLockSeconds: 900,
    },
    hardening: { uac: 'silent', lsaProtection: false, smartScreen: 'on' },
  });
});

describe('virus protection', () => {
  const defender = (changes: Record<string, unknown>, base = desktop) => changed(base, 'defender', changes);
  const own = async (changes: Record<string, unknown>) => (await facts(defender(changes)))?.antivirus?.[0];

  test.each([
    [{ mode: 'Passive Mode' }, 'passive'],
    [{ mode: 'Passive' }, 'passive'],
    [{ mode: 'SxS Passive Mode' }, 'passive'],
    [{ mode: 'EDR Block Mode' }, 'passive'],
    [{ mode: 'Not running' }, 'off'],
    [{ service: false }, 'off'],
    [{ enabled: false }, 'off'],
    [{ mode: '' }, 'unknown'],
    [{ mode: 'Normalerweise' }, 'unknown'],
    [{ enabled: 'Wahr' }, 'unknown'],
    [{ enabled: null }, 'unknown'],
  ])('%j is %s', async (changes, state) => {
    expect((await own(changes))?.state).toBe(state);
  });

  test.each([
    [{ signatureAge: 4_294_967_295 }, false],
    [{ signatureAge: 65_535 }, false],
    [{ outOfDate: true }, false],
    [{ outOfDate: null }, undefined],
    [{ outOfDate: 'False' }, undefined],
    [{ signatureAge: 1 }, true],
  ])('signatures of %j', async (changes, current) => {
    expect((await own(changes))?.signaturesCurrent).toBe(current);
  });

  test('1601 and the future are no days of signatures or scans', async () => {
    const zero = '1601-01-01T00:00:00.0000000Z';
    const never = await own({ signaturesAt: zero, quickScanAt: zero, fullScanAt: '/Date(-11644473600000)/' });
    expect(never).not.toHaveProperty('signaturesOf');
    expect(never).not.toHaveProperty('scannedOn');
    const future = await own({ signaturesAt: '2027-01-01T00:00:00Z', quickScanAt: '/Date(1795500000000)/' });
    expect(future).not.toHaveProperty('signaturesOf');
    expect(future?.scannedOn).toBe('2026-11-24');
  });

  test.each([
    [397568, 'on', true],
    [397584, 'on', false],
    [393472, 'off', true],
    [266240, 'on', true],
    [266256, 'on', false],
    [262144, 'off', true],
    [270336, 'snoozed', true],
    [274432, 'expired', true],
    [undefined, 'unknown', undefined],
    [-1, 'unknown', undefined],
    [0x1000000, 'unknown', undefined],
    [0x04f000, 'unknown', true],
    [0x041020, 'on', undefined],
  ])('product state %j is %s', (productState, state, current) => {
    expect(stateOf(productState)).toMatchObject({ state });
    expect(stateOf(productState).current).toBe(current);
  });

  test('a product that was removed and stands beside its successor does not hide it', async () => {
    const document = changed(having(desktop, { defender: invalidClass }), 'securityCenter', {
      antivirus: [
        { name: 'Kaspersky Endpoint Security für Windows', productState: 262144 },
        { name: 'Kaspersky Endpoint Security für Windows', productState: 266240 },
      ],
    });
    expect((await facts(document))?.antivirus).toEqual([
      { name: 'Kaspersky Endpoint Security für Windows', state: 'on', signaturesCurrent: true },
    ]);
  });

  test('none is said only by the security centre, and only in full', async () => {
    const none = (antivirus: unknown) =>
      changed(having(desktop, { defender: invalidNamespace }), 'securityCenter', { antivirus, firewall: [] });
    expect((await facts(none([])))?.antivirus).toEqual([]);
    expect(await facts(none([{ productState: 397568 }]))).not.toHaveProperty('antivirus');
    const server = having(desktop, { defender: invalidNamespace, securityCenter: invalidNamespace });
    expect(await facts(server)).not.toHaveProperty('antivirus');
  });

  test('one product without its list, as PowerShell likes to write it', async () => {
    const document = changed(desktop, 'securityCenter', { antivirus: { name: 'ESET Security', productState: 266240 } });
    expect((await facts(document))?.antivirus?.map(({ name }) => name)).toEqual([
      'ESET Security',
      'Microsoft Defender Antivirus',
    ]);
  });

  test('Defender that does not answer in time is told apart from Defender that is not there', async () => {
    expect(await codes(having(desktop, { defender: cimTimeout }))).toEqual(['timeout']);
    expect(await codes(having(desktop, { defender: invalidClass }))).toEqual([]);
  });
});

describe('firewall', () => {
  const wall = async (changes: Record<string, unknown>) =>
    (await facts(changed(desktop, 'firewall', changes)))?.firewall;
  const profiles = (...enabled: unknown[]) =>
    ['Domain', 'Private', 'Public']
      .slice(0, enabled.length)
      .map((name, index) => ({ name, enabled: enabled[index], inbound: 4 }));

  test.each([
    ['all on', { profiles: profiles(1, 1, 1) }, true],
    ['one off: it filters, and the profile says where it does not', { profiles: profiles(1, 1, 0) }, true],
    ['all off', { profiles: profiles(0, 0, 0) }, false],
    ['service stopped', { service: 'Stopped' }, false],
    ['service not named', { service: '' }, undefined],
    ['a profile is missing', { profiles: profiles(1, 1) }, undefined],
    ['a profile is not configured', { profiles: profiles(1, 1, 2) }, undefined],
    ['a profile says words', { profiles: profiles(1, 'Ein', 1) }, undefined],
    ['no profile', { profiles: [] }, undefined],
  ])('%s', async (_name, changes, active) => {
    expect((await wall(changes))?.active).toBe(active);
  });

  test('inbound traffic by number, and not configured is not blocked', async () => {
    const found = await wall({
      profiles: [
        { name: 'Public', enabled: 1, inbound: 2 },
        { name: 'Domain', enabled: 1, inbound: 0 },
        { name: 'Öffentlich', enabled: 1, inbound: 4 },
      ],
    });
    expect(found?.profiles).toEqual([
      { name: 'domain', enabled: true },
      { name: 'public', enabled: true, inboundDefault: 'allow' },
    ]);
  });

  test('another product filters in its place only while it is on', async () => {
    const other = (productState: number) =>
      changed(changed(desktop, 'firewall', { service: 'Stopped' }), 'securityCenter', {
        firewall: [{ name: 'ESET Firewall', productState }],
      });
    expect((await facts(other(266240)))?.firewall).toMatchObject({ product: 'ESET Firewall', active: true });
    expect((await facts(other(262144)))?.firewall).toMatchObject({
      product: 'Windows Defender Firewall',
      active: false,
    });
  });
});

describe('encryption', () => {
  const first = async (changes: Record<string, unknown>) =>
    (await facts(changed(desktop, 'bitlocker', { volumes: [volume(changes)] })))?.encryption?.[0];

  test.each([
    ['encrypted and protected', {}, 'encrypted', 'on'],
    ['suspended: the key lies open', { protection: 0 }, 'encrypted', 'suspended'],
    ['not encrypted though the property says protected', { conversion: 0, protection: 1 }, 'not-encrypted', 'off'],
    ['prepared with a chip, not encrypted', { conversion: 0, protection: 0, protectors: [1] }, 'not-encrypted', 'off'],
    ['under way', { conversion: 2, protection: 0 }, 'partly', 'suspended'],
    ['decrypting', { conversion: 3, protection: 1 }, 'partly', 'on'],
    ['paused', { conversion: 4 }, 'partly', 'on'],
    ['locked', { lock: 1, protection: 2 }, 'unknown', 'unknown'],
    ['protection not known', { protection: 2 }, 'encrypted', 'unknown'],
    ['method for the protection failed', { protectionResult: 2147942405 }, 'encrypted', 'unknown'],
    ['method for the conversion failed', { conversionResult: 2147942405 }, 'unknown', 'unknown'],
    ['a number nobody knows', { conversion: 9 }, 'unknown', 'unknown'],
    ['no number', { conversion: null }, 'unknown', 'unknown'],
    ['words', { conversion: 'vollständig', protection: 'Ein' }, 'unknown', 'unknown'],
  ])('%s', async (_name, changes, state, protection) => {
    expect(await first(changes)).toMatchObject({ state, protection });
  });

  test('methods and protectors by their numbers; what is not known has no name', async () => {
    expect(await first({})).toMatchObject({
      method: 'XTS-AES-256',
      protectors: ['recovery-password', 'tpm'],
      removable: false,
    });
    expect(await first({ method: -1, protectors: 4, type: 2 })).toMatchObject({
      protectors: ['tpm-and-pin'],
      removable: true,
    });
    expect(await first({ method: 4_294_967_295 })).not.toHaveProperty('method');
    expect(await first({ protectorResult: 5 })).not.toHaveProperty('protectors');
    expect(await first({ conversion: 0, method: 0, protectors: [] })).toMatchObject({ protectors: [] });
  });

  test('a list without the system volume, or empty, is said', async () => {
    const volumes = (list: unknown) => changed(desktop, 'bitlocker', { volumes: list });
    expect(await codes(volumes([volume({ letter: 'E:', system: false, type: 2 })]))).toEqual(['unreadable']);
    expect(await codes(volumes([]))).toEqual(['unreadable']);
    expect(await facts(volumes([volume({ letter: '' })]))).not.toHaveProperty('encryption');
    expect(await facts(volumes(null))).not.toHaveProperty('encryption');
  });

  test('Windows without BitLocker says nothing about encryption and is no fault', async () => {
    const document = having(desktop, { bitlocker: invalidNamespace });
    expect(await facts(document)).not.toHaveProperty('encryption');
    expect(await codes(document)).toEqual([]);
  });
});

describe('start of the system', () => {
  const boot = async (sections: Record<string, unknown>) => (await facts(having(desktop, sections)))?.boot;
  const secure = (state: unknown, servicing: unknown = absent) => section({ state, servicing });

  test.each([
    ['off', secure(key({ UEFISecureBootEnabled: 0 })), { secureBoot: 'off' }],
    ['old firmware', secure(absent), { secureBoot: 'unsupported' }],
    [
      'not started',
      secure(key({ UEFISecureBootEnabled: 1 }), key({ UEFICA2023Status: 'NotStarted' })),
      { secureBoot: 'on', certificates2023: 'not-started' },
    ],
    [
      'in progress',
      secure(key({ UEFISecureBootEnabled: 1 }), key({ UEFICA2023Status: 'InProgress' })),
      { certificates2023: 'in-progress' },
    ],
    [
      'a word nobody knows',
      secure(key({ UEFISecureBootEnabled: 1 }), key({ UEFICA2023Status: 'Fertig' })),
      { certificates2023: 'unknown' },
    ],
    ['no word about certificates', secure(key({ UEFISecureBootEnabled: 1 })), { certificates2023: 'unknown' }],
  ])('%s', async (_name, secureBoot, expected) => {
    expect(await boot({ secureBoot })).toMatchObject(expected);
  });

  test('a refused key is not old firmware', async () => {
    const document = having(desktop, { secureBoot: secure(denied), tpm: accessDenied });
    expect(await facts(document)).not.toHaveProperty('boot');
    expect((await codes(document)).sort()).toEqual(['denied', 'denied']);
    expect(await boot({ secureBoot: secure(key({ UEFISecureBootEnabled: 'ja' })) })).not.toHaveProperty('secureBoot');
  });

  test.each([
    ['no chip', [], { present: false }],
    [
      'old chip',
      [{ version: '1.2, 2, 3', enabled: true, activated: false }],
      { present: true, version: '1.2', ready: false },
    ],
    [
      'a chip without its list',
      { version: '2.0', enabled: 1, activated: 1 },
      { present: true, version: '2.0', ready: true },
    ],
    ['a chip that says nothing', [{}], { present: true }],
  ])('%s', async (_name, chips, tpm) => {
    expect((await boot({ tpm: section({ chips }) }))?.tpm).toEqual(tpm);
  });

  test('garbage in the list of chips is not "no chip"', async () => {
    expect(await boot({ tpm: section({ chips: ['x'] }) })).not.toHaveProperty('tpm');
    expect(await boot({ tpm: section({ chips: null }) })).not.toHaveProperty('tpm');
  });
});

describe('ways in', () => {
  const hard = (changes: Record<string, unknown>) => changed(desktop, 'hardening', changes);
  const remote = async (document: Document) => (await facts(document))?.remoteAccess;

  test.each([
    ['on', { rdp: key({ fDenyTSConnections: 0 }) }, { enabled: true, networkLevelAuthentication: true }],
    [
      'on without the stronger sign-in',
      { rdp: key({ fDenyTSConnections: 0 }), rdpListener: key({ UserAuthentication: 0 }) },
      { enabled: true, networkLevelAuthentication: false },
    ],
    [
      'policy opens it',
      { rdpPolicy: key({ fDenyTSConnections: 0 }) },
      { enabled: true, networkLevelAuthentication: true },
    ],
    [
      'policy closes it',
      { rdp: key({ fDenyTSConnections: 0 }), rdpPolicy: key({ fDenyTSConnections: 1, UserAuthentication: 0 }) },
      { enabled: false, networkLevelAuthentication: false },
    ],
    ['not said', { rdp: key() }, undefined],
    ['policy refused', { rdpPolicy: denied }, undefined],
    ['policy value unreadable', { rdpPolicy: key({}, ['fDenyTSConnections']) }, undefined],
    ['words', { rdp: key({ fDenyTSConnections: 'nein' }) }, undefined],
  ])('remote desktop: %s', async (_name, changes, rdp) => {
    expect((await remote(hard(changes)))?.rdp).toEqual(rdp);
  });

  const feature = (state: unknown) => section({ features: [{ name: 'SMB1Protocol', state }] });
  test.each([
    ['not there', feature(3), {}, false],
    ['on', feature(1), {}, true],
    [
      'on, server and client switched off',
      feature(1),
      { smbServer: key({ SMB1: 0 }), smbClientDriver: key({ Start: 4 }) },
      false,
    ],
    ['off, but the driver starts', feature(2), { smbClientDriver: key({ Start: 2 }) }, true],
    ['not known', accessDenied, {}, undefined],
    ['not known, server told to speak it', accessDenied, { smbServer: key({ SMB1: 1 }) }, true],
    ['not known, driver disabled', accessDenied, { smbClientDriver: key({ Start: 4 }) }, undefined],
    ['a number nobody knows', feature(7), {}, undefined],
    ['no feature at all', section({ features: [] }), {}, undefined],
  ])('SMB 1: %s', async (_name, features, changes, smb1) => {
    expect((await remote(having(hard(changes), { features })))?.smb1).toBe(smb1);
  });
});

describe('accounts', () => {
  const people = (changes: Record<string, unknown>) => changed(desktop, 'administrators', changes);
  const accounts = async (document: Document) => (await facts(document))?.accounts;

  test('administrators by SID: local and domain, groups and people', async () => {
    const members = [
      { sid: `${sids.domain}-512`, class: null },
      { sid: `${sids.domain}-500`, class: null },
      { sid: `${sids.domain}-4711`, class: null },
      { sid: `${sids.domain}-4712`, class: 'Group' },
      { sid: `${sids.machine}-1001`, class: null },
      { sid: `${sids.machine}-1001`, class: null },
    ];
    const found = await accounts(people({ members }));
    expect(found?.administrators).toEqual([
      { id: `${sids.machine}-1001`, kind: 'user', local: true, builtIn: false, enabled: true },
      { id: `${sids.domain}-4711`, kind: 'unknown', local: false, builtIn: false },
      { id: `${sids.domain}-4712`, kind: 'group', local: false, builtIn: false },
      { id: `${sids.domain}-500`, kind: 'user', local: false, builtIn: false },
      { id: `${sids.domain}-512`, kind: 'group', local: false, builtIn: false },
    ]);
  });

  test.each([
    ['a member that cannot be read', [{ sid: `${sids.machine}-500` }, { sid: 'RATHAUS\\Müller' }]],
    ['nobody', []],
    ['nothing', null],
    ['garbage', 'x'],
  ])('%s: no list is better than a short one', async (_name, members) => {
    const document = people({ members });
    expect(await accounts(document)).not.toHaveProperty('administrators');
    expect(await codes(document)).toHaveLength(1);
  });

  test('the way around the cmdlet is closed in Constrained Language Mode', async () => {
    const refused = failure(-2146233087, 'InvalidType', 'CannotConvertArgumentNoMessage');
    const document = { ...having(desktop, { administrators: refused }), language: 'ConstrainedLanguage' };
    expect(await codes(document)).toEqual(['unsupported']);
    expect((await facts(document))?.hardening?.constrainedLanguage).toBe(true);
  });

  const hard = (changes: Record<string, unknown>) => changed(desktop, 'hardening', changes);
  test.each([
    [{ logon: key({ AutoAdminLogon: '1' }) }, true],
    [{ logon: key({ AutoAdminLogon: 1 }) }, true],
    [{ logon: key({}) }, false],
    [{ logon: key({ AutoAdminLogon: 'ja' }) }, undefined],
    [{ logon: key({}, 'AutoAdminLogon') }, undefined],
    [{ logon: denied }, undefined],
  ])('logon by itself: %j', async (changes, expected) => {
    expect((await accounts(hard(changes)))?.automaticLogon).toBe(expected);
  });

  test('whether a password stands there is not known where the key is refused', async () => {
    expect(await accounts(hard({ logon: denied, passwordThere: false }))).not.toHaveProperty('plainLogonPassword');
    expect(await accounts(hard({ passwordThere: true }))).toMatchObject({ plainLogonPassword: true });
  });

  test.each([
    ['Entra', { lapsDevice: key({ BackupDirectory: 1 }) }, 'entra'],
    [
      'the first policy counts',
      { lapsDevice: key({ BackupDirectory: 0 }), lapsPolicy: key({ BackupDirectory: 2 }) },
      'off',
    ],
    ['policy without a place', { lapsPolicy: key() }, 'off'],
    ['the old product', { lapsPolicy: absent, lapsLegacy: key({ AdmPwdEnabled: 1 }) }, 'legacy'],
    ['none', { lapsPolicy: absent }, 'off'],
    ['refused', { lapsPolicy: denied }, undefined],
    ['a number nobody knows', { lapsPolicy: key({ BackupDirectory: 9 }) }, undefined],
  ])('passwords of administrators: %s', async (_name, changes, expected) => {
    expect((await accounts(hard(changes)))?.passwordRotation).toBe(expected);
  });

  const uac = (seconds?: unknown) =>
    key({ EnableLUA: 1, ...(seconds === undefined ? {} : { InactivityTimeoutSecs: seconds }) });
  const saver = (active: unknown, secure: unknown, seconds: unknown) =>
    key({ ScreenSaveActive: active, ScreenSaverIsSecure: secure, ScreenSaveTimeOut: seconds });
  const own = (setting: unknown, policy: unknown = absent) => ({ policy, setting });
  test.each([
    ['the machine decides', uac(300), [own(saver('0', '0', '0'))], 300],
    ['a profile locks', uac(), [own(saver('1', '1', '600'))], 600],
    ['the longest of two', uac(0), [own(saver('1', '1', '600')), own(saver('1', '1', '900'))], 900],
    ['one of two never', uac(), [own(saver('1', '1', '600')), own(saver('1', '0', '60'))], 0],
    ['policy over a lax setting', uac(), [own(saver('0', '0', '0'), saver('1', '1', '720'))], 720],
    ['nothing set', uac(), [own(key())], 0],
    ['nobody is logged on', uac(), [], undefined],
    ['a profile is refused', uac(), [own(denied)], undefined],
    ['words', uac('bald'), [own(saver('ja', 'ja', 'bald'))], undefined],
  ])('screen lock: %s', async (_name, policy, profiles, expected) => {
    const document = having(hard({ uac: policy }), { screenLock: section({ profiles }) });
    expect((await accounts(document))?.screenLockSeconds).toBe(expected);
  });
});

describe('protections', () => {
  const hard = async (changes: Record<string, unknown>) =>
    (await facts(changed(desktop, 'hardening', changes)))?.hardening;

  test.each([
    [{ EnableLUA: 0, ConsentPromptBehaviorAdmin: 5 }, 'off'],
    [{ EnableLUA: 1, ConsentPromptBehaviorAdmin: 0 }, 'silent'],
    [{ EnableLUA: 1 }, 'on'],
    [{ EnableLUA: 1, ConsentPromptBehaviorAdmin: 9 }, undefined],
    [{ ConsentPromptBehaviorAdmin: 5 }, undefined],
    [{ EnableLUA: 'ja' }, undefined],
  ])('consent %j', async (entries, expected) => {
    expect((await hard({ uac: key(entries) }))?.uac).toBe(expected);
  });

  test.each([
    [key({ RunAsPPL: 1 }), true],
    [key({ RunAsPPL: 0 }), false],
    [key({ RunAsPPL: 7 }), undefined],
    // Newer versions may protect it without a value.
    [key(), undefined],
    [denied, undefined],
  ])('LSA %j', async (lsa, expected) => {
    expect((await hard({ lsa }))?.lsaProtection).toBe(expected);
  });

  test.each([
    [{ status: 2, running: [2] }, false, true],
    [{ status: 2, running: 1 }, true, false],
    [{ status: 1, running: [1, 2] }, false, false],
    [{ status: 0, running: [0] }, false, false],
    [{ status: null, running: [1, 2] }, undefined, undefined],
    [{ status: 2, running: null }, undefined, undefined],
  ])('virtualization-based security %j', async (guard, credentialGuard, memoryIntegrity) => {
    const found = (await facts(having(desktop, { deviceGuard: section(guard) })))?.hardening;
    expect([found?.credentialGuard, found?.memoryIntegrity]).toEqual([credentialGuard, memoryIntegrity]);
  });

  test.each([
    [key({ EnableSmartScreen: 1 }), absent, 'on'],
    [absent, key({ SmartScreenEnabled: 'Off' }), 'off'],
    [absent, key({ SmartScreenEnabled: 'RequireAdmin' }), 'on'],
    [absent, key({ SmartScreenEnabled: 'Aus' }), 'unknown'],
    [absent, absent, 'unknown'],
    [denied, key({ SmartScreenEnabled: 'Off' }), 'unknown'],
  ])('SmartScreen %j %j', async (screenPolicy, screenSetting, expected) => {
    expect((await hard({ screenPolicy, screenSetting }))?.smartScreen).toBe(expected);
  });
});

describe('a document that is none', () => {
  test.each([
    ['nothing', null],
    ['words', 'Zugriff verweigert'],
    ['a list', []],
    ['another version', { ...desktop, version: 2 }],
    ['no sections', { version: 1, language: 'FullLanguage' }],
    ['sections as a list', { version: 1, language: 'FullLanguage', sections: [] }],
  ])('%s', async (_name, document) => {
    expect(await security(document)).toMatchObject({ state: 'missing', problems: [{ code: 'invalid' }] });
  });

  test.each([
    ['ENOENT', 'not-found'],
    ['ETIMEDOUT', 'timeout'],
    ['EFBIG', 'truncated'],
    ['EIO', 'unreadable'],
  ])('PowerShell ends with %s', async (code, expected) => {
    const document = new ReadError('collect.ps1', code);
    expect(await security(document)).toMatchObject({ state: 'missing', problems: [{ code: expected }] });
  });

  test.each([
    ['no section', {}],
    ['every section refused', Object.fromEntries(Object.keys(desktop.sections).map((name) => [name, accessDenied]))],
    [
      'every section refused as COM is',
      Object.fromEntries(Object.keys(desktop.sections).map((name) => [name, comRefused])),
    ],
    ['every section cut off', Object.fromEntries(Object.keys(desktop.sections).map((name) => [name, section(null)]))],
    ['every section without an outcome', Object.fromEntries(Object.keys(desktop.sections).map((name) => [name, 'ok']))],
  ])('%s: nothing can be said', async (_name, sections) => {
    const found = await security({ ...desktop, sections });
    expect(found.state).toBe('missing');
    expect(found.problems.map(({ code }) => code)).not.toContain('bug');
  });
});
