/** The sections `patches` and `security` of recorded PCs, and what is said when parts of them cannot be read. */
import { expect, test } from 'vitest';
import { newestDayOf } from '../../../../agent/collectors/linux/apt-automatic.ts';
import type { CommandOutcome } from '../../../../agent/platform/machine.ts';
import { type RecordedTree, recordedMachine } from '../../../fakes/recorded-machine.ts';
import { aptTree, careful, carefulRules, listOfSecurity, neglected } from '../../../fixtures/linux-machines.ts';
import { preferences, releases } from '../../../fixtures/linux-security.ts';
import { sectionOf } from '../context.ts';

const nft = (outcome: CommandOutcome) => ({ run: async () => outcome });
const loaded = nft({ kind: 'exited', exitCode: 0, stdout: carefulRules, stderr: '' });
const without = (tree: RecordedTree, ...paths: string[]): RecordedTree =>
  Object.fromEntries(
    Object.entries(tree).filter(([path]) => !paths.some((one) => path === one || path.startsWith(`${one}/`))),
  );
const codesOf = (section: { problems: readonly { code: string; detail: string }[] }): string[] =>
  section.problems.map(({ code, detail }) => `${code} ${detail}`);

test('security of a PC set up with care', async () => {
  const { data, state, problems } = await sectionOf('security', recordedMachine(careful, loaded));
  expect({ state, problems }).toEqual({ state: 'complete', problems: [] });
  expect(data).toEqual({
    antivirus: [{ name: 'ClamAV', state: 'on', realTime: false, signaturesOf: '2026-11-23' }],
    firewall: {
      product: 'nftables',
      active: true,
      profiles: [{ name: 'all', enabled: true, inboundDefault: 'block' }],
    },
    encryption: [
      { mountPoint: '/', system: true, state: 'encrypted', protection: 'on', method: 'LUKS2' },
      { mountPoint: '/boot', system: false, state: 'not-encrypted', protection: 'off' },
      { mountPoint: '/data', system: false, state: 'partly', protection: 'on', method: 'LUKS2' },
      { mountPoint: '/media/stick', system: false, removable: true, state: 'not-encrypted', protection: 'off' },
      { mountPoint: 'swap /dev/dm-2', system: false, state: 'encrypted', protection: 'on', method: 'PLAIN' },
    ],
    boot: { secureBoot: 'on', tpm: { present: true, version: '2.0' }, lockdown: 'integrity' },
    remoteAccess: {
      ssh: {
        installed: true,
        running: true,
        rootLogin: 'no',
        passwordAuthentication: false,
        emptyPasswords: false,
        x11Forwarding: false,
        port: 2222,
      },
    },
    accounts: {
      administrators: [
        { id: 'sudo', kind: 'group', local: true, withoutPassword: false },
        { id: 'anna', kind: 'user', local: true, withoutPassword: false },
        { id: 'root', kind: 'user', local: true, builtIn: true },
      ],
      automaticLogon: false,
      screenLockSeconds: 330,
    },
    hardening: { accessControl: 'apparmor', enforcedProfiles: 3, complainingProfiles: 1 },
  });
});

test('security of a PC left alone', async () => {
  const { data } = await sectionOf('security', recordedMachine(neglected));
  expect(data).toMatchObject({
    antivirus: [{ name: 'ClamAV', state: 'off' }],
    firewall: { active: false },
    encryption: [
      { mountPoint: '/', state: 'not-encrypted', protection: 'off' },
      { mountPoint: 'swap /dev/sda3', state: 'not-encrypted' },
    ],
    boot: { secureBoot: 'off', tpm: { present: false } },
    remoteAccess: { ssh: { running: true, rootLogin: 'yes', passwordAuthentication: true } },
    accounts: { automaticLogon: true },
    hardening: { accessControl: 'none' },
  });
  expect(data?.accounts?.administrators?.find(({ id }) => id === 'anna')).toMatchObject({ withoutPassword: true });
  // Set, but free for the user to change: no policy.
  expect(data?.accounts).not.toHaveProperty('screenLockSeconds');
});

test.each([
  ['timeout', { kind: 'timeout' }],
  ['not-found', { kind: 'not-found' }],
  ['truncated', { kind: 'too-much-output' }],
  ['unreadable', { kind: 'exited', exitCode: 1, stdout: '', stderr: 'Operation not permitted' }],
  ['unreadable', { kind: 'exited', exitCode: 1, stdout: carefulRules, stderr: '' }],
  ['unreadable', { kind: 'exited', exitCode: 0, stdout: '{"nftables', stderr: '' }],
] as const)('a firewall whose rules cannot be read (%s) is not known', async (code, outcome) => {
  const { data, problems } = await sectionOf('security', recordedMachine(careful, nft(outcome)));
  expect(data).not.toHaveProperty('firewall');
  expect(problems.map((problem) => problem.code)).toEqual([code]);
});

test('without root the rules are not asked for, and nothing is called off', async () => {
  const { data, problems } = await sectionOf('security', recordedMachine(careful, { ...loaded, privileged: false }));
  expect(data).not.toHaveProperty('firewall');
  expect(problems.map(({ code }) => code)).toEqual(['denied']);
});

test('rules of the old kind are not taken for none', async () => {
  const tree = { ...careful, '/proc/modules': 'iptable_filter 16384 1 - Live 0x0\nip_tables 28672 1 - Live 0x0\n' };
  const { data, problems } = await sectionOf('security', recordedMachine(tree, loaded));
  expect(data).not.toHaveProperty('firewall');
  expect(problems.map(({ code }) => code)).toEqual(['unsupported']);
});

test.each([
  ['/etc/sudoers', 'administrators', (data) => data.accounts?.administrators],
  ['/etc/ssh/sshd_config', '/etc/ssh/sshd_config', (data) => data.remoteAccess?.ssh?.rootLogin],
  ['/sys/kernel/security/apparmor/profiles', 'profiles of AppArmor', (data) => data.hardening?.enforcedProfiles],
  ['/proc/self/mountinfo', 'encryption', (data) => data.encryption],
  ['/var/lib/dpkg/status', 'packages', (data) => data.antivirus ?? data.remoteAccess],
  ['/etc/passwd', 'administrators', (data) => data.accounts?.automaticLogon],
] as const satisfies readonly (readonly [
  string,
  string,
  (data: NonNullable<Awaited<ReturnType<typeof sectionOf<'security'>>>['data']>) => unknown,
])[])('when %s is refused, its part is missing with a code', async (path, detail, part) => {
  const section = await sectionOf('security', recordedMachine({ ...careful, [path]: { denied: true } }, loaded));
  expect(part(section.data!)).toBeUndefined();
  expect(codesOf(section).some((one) => one.startsWith('denied ') && one.includes(detail))).toBe(true);
});

test('Secure Boot: old firmware, setup mode and a tree that says nothing', async () => {
  const efi = '/sys/firmware/efi/efivars';
  const id = '8be4df61-93ca-11d2-aa0d-00e098032b8c';
  const boot = async (tree: RecordedTree) =>
    (await sectionOf('security', recordedMachine(tree, loaded))).data?.boot?.secureBoot;
  expect(await boot({ ...careful, [`${efi}/SetupMode-${id}`]: Uint8Array.from([6, 0, 0, 0, 1]) })).toBe('setup-mode');
  expect(await boot({ ...careful, [`${efi}/SecureBoot-${id}`]: Uint8Array.from([6, 0, 0, 0]) })).toBeUndefined();
  expect(await boot({ ...without(careful, '/sys/firmware'), '/sys/firmware/acpi/x': '' })).toBe('unsupported');
  expect(await boot(without(careful, '/sys/firmware'))).toBeUndefined();
});

test('SELinux that enforces, AppArmor that is off', async () => {
  const hardening = async (tree: RecordedTree) =>
    (await sectionOf('security', recordedMachine(tree, loaded))).data?.hardening;
  expect(await hardening({ ...careful, '/sys/fs/selinux/enforce': '1' })).toEqual({ accessControl: 'selinux' });
  expect(await hardening({ ...careful, '/sys/module/apparmor/parameters/enabled': 'N\n' })).toEqual({
    accessControl: 'none',
  });
  expect(await hardening(without(careful, '/sys/module'))).toBeUndefined();
});

test('patches of a PC set up with care', async () => {
  const { data, problems } = await sectionOf('patches', recordedMachine(careful));
  expect(problems).toEqual([]);
  expect(data?.updates).toEqual([
    {
      id: 'openssl:amd64',
      state: 'missing',
      installedVersion: '3.0.15-1~deb12u1',
      candidateVersion: '3.0.17-1~deb12u3',
      origin: 'Debian:trixie',
      // The fix came through the security archive; the point release above it has it too.
      security: true,
      firstSeenOn: '2026-11-24',
    },
  ]);
  expect(data?.automatic).toMatchObject({ enabled: true, mechanism: 'unattended-upgrades' });
  expect(data?.restart).toEqual({
    required: false,
    reasons: [],
    runningKernel: '6.1.0-test-amd64',
    newestKernel: '6.1.0-test-amd64',
    services: [],
  });
  expect(data?.scan).toMatchObject({ kind: 'index', server: 'deb.debian.org', insecure: false });
});

test('patches of a PC left alone: restart due for three reasons, only services are named', async () => {
  const { data } = await sectionOf('patches', recordedMachine(neglected));
  expect(data?.restart).toMatchObject({
    required: true,
    reasons: [
      { code: 'marker-file', strength: 'strong', detail: 'openssl' },
      { code: 'kernel', strength: 'strong', detail: 'linux-image-6.2.0-test-amd64:amd64' },
      { code: 'deleted-libraries', strength: 'medium' },
    ],
    services: ['ssh.service'],
  });
  expect(data?.updates.map(({ id, state }) => [id, state])).toEqual([
    ['linux-image-6.2.0-test-amd64:amd64', 'waiting-for-restart'],
    ['openssl:amd64', 'missing'],
  ]);
  // Set, but nothing that would do it is installed.
  expect(data?.automatic.enabled).toBe(false);
});

test('a list that a source should have is noted when it is not there; an archive that was never fetched as well', async () => {
  const one = await sectionOf('patches', recordedMachine(without(careful, listOfSecurity)));
  expect(one.state).toBe('partial');
  expect(codesOf(one)[0]).toMatch(/^not-found .*trixie-security.*Packages/);
  const never = await sectionOf(
    'patches',
    recordedMachine({ ...careful, '/etc/apt/sources.list.d/x.list': 'deb https://x.example.org/ a main\n' }),
  );
  expect(codesOf(never)).toEqual(['not-found x.example.org a: never fetched']);
});

test.each([
  ['no lists at all', without(careful, '/var/lib/apt'), 'not-found'],
  ['no sources', without(careful, '/etc/apt/sources.list'), 'not-found'],
  [
    'lists of other sources only',
    { ...careful, '/etc/apt/sources.list': 'deb http://other.example.org/ x main\n' },
    'not-found',
  ],
  ['a refused package database', { ...careful, '/var/lib/dpkg/status': { denied: true } }, 'denied'],
  ['an empty package database', { ...careful, '/var/lib/dpkg/status': '\n' }, 'unreadable'],
] as const)('with %s nothing is said about updates', async (_name, tree, code) => {
  const { data, state, problems } = await sectionOf('patches', recordedMachine(tree as RecordedTree));
  expect({ data, state }).toEqual({ data: undefined, state: 'missing' });
  expect(problems.map((problem) => problem.code)).toContain(code);
});

test('a list the archive says is empty may be absent, one for another architecture is not asked for', async () => {
  const tree = {
    ...careful,
    '/etc/apt/sources.list': 'deb http://deb.debian.org/debian trixie main contrib non-free\n',
  };
  expect((await sectionOf('patches', recordedMachine(tree))).problems).toEqual([]);
});

test('a trusted directory without a description of itself is a source as well', async () => {
  const tree = {
    ...careful,
    '/etc/apt/sources.list.d/local.list': 'deb [trusted=yes] file:/srv/packages ./\n',
    '/var/lib/apt/lists/_srv_packages_._Packages': 'Package: openssl\nVersion: 4\nArchitecture: amd64\n',
  };
  const { data, problems } = await sectionOf('patches', recordedMachine(tree));
  expect(problems).toEqual([]);
  expect(data?.updates[0]).toMatchObject({ candidateVersion: '4', origin: 'local', security: true });
  expect(data?.scan.insecure).toBe(false);
});

test('an archive that may no longer be believed is a failed scan', async () => {
  const path = Object.keys(aptTree).find((one) => one.endsWith('trixie-security_InRelease'))!;
  const tree = { ...careful, [path]: releases.debianSecurity.replace('30 Nov', '20 Nov') };
  expect((await sectionOf('patches', recordedMachine(tree))).data?.scan.failure).toBe('index-expired');
  expect((await sectionOf('patches', recordedMachine(careful))).data?.scan).not.toHaveProperty('failure');
});

test.each([
  ['trusted over http', 'deb [trusted=yes] http://deb.debian.org/debian trixie main\n', '', true],
  [
    'no signature asked for at all',
    'deb http://deb.debian.org/debian trixie main\n',
    'APT::Get::AllowUnauthenticated "true";\n',
    true,
  ],
  ['trusted over https', 'deb [trusted=yes] https://deb.debian.org/debian trixie main\n', '', false],
  ['signed over http', 'deb http://deb.debian.org/debian trixie main\n', '', false],
] as const)('a source is insecure only without signature and TLS: %s', async (_name, list, conf, insecure) => {
  const tree = { ...careful, '/etc/apt/sources.list': list, '/etc/apt/apt.conf.d/99x': conf };
  expect((await sectionOf('patches', recordedMachine(tree))).data?.scan.insecure).toBe(insecure);
});

test.each([
  ['masked', { '/etc/systemd/system/apt-daily-upgrade.timer': { link: '/dev/null' } }, false],
  ['switched off by a setting', { '/etc/apt/apt.conf.d/99off': 'APT::Periodic::Enable "0";\n' }, false],
  ['set to never', { '/etc/apt/apt.conf.d/99off': 'APT::Periodic::Unattended-Upgrade "0";\n' }, false],
  ['overridden in a file apt does not read', { '/etc/apt/apt.conf.d/99off.bak': 'APT::Periodic::Enable "0";\n' }, true],
] as const)('automatic updates %s: %s', async (_name, change, enabled) => {
  expect((await sectionOf('patches', recordedMachine({ ...careful, ...change }))).data?.automatic.enabled).toBe(
    enabled,
  );
});

test('preferences and a default release that are not understood are noted', async () => {
  const tree = {
    ...careful,
    '/etc/apt/preferences.d/x': preferences.expression,
    '/etc/apt/apt.conf': 'APT::Default-Release "/^trixie.*/";\n',
  };
  const section = await sectionOf('patches', recordedMachine(tree));
  expect(section.problems.map(({ code }) => code).sort()).toEqual(['unsupported', 'unsupported']);
});

test('libraries shown to root only leave open whether a restart is due', async () => {
  const { data, problems } = await sectionOf(
    'patches',
    recordedMachine({ ...careful, '/proc/400/maps': { denied: true } }),
  );
  expect(problems.map(({ code }) => code)).toEqual(['denied']);
  expect(data?.restart).not.toHaveProperty('required');
  expect(data?.restart).not.toHaveProperty('services');
});

const mainList = Object.keys(aptTree).find((one) => one.endsWith('debian_dists_trixie_main_binary-amd64_Packages'))!;
const openssl = (more: string): string => `Package: openssl\nArchitecture: amd64\n${more}\n`;

test('an update that is given to a part of the machines so far is not missing; given to all it is', async () => {
  const candidate = async (percent: number): Promise<string | undefined> => {
    const list = openssl(`Version: 9\nPhased-Update-Percentage: ${percent}\n`);
    return (await sectionOf('patches', recordedMachine({ ...careful, [mainList]: list }))).data?.updates[0]
      ?.candidateVersion;
  };
  expect([await candidate(99), await candidate(100)]).toEqual(['3.0.17-1~deb12u2', '9']);
});

test('packages for all architectures belong to the native one; those of a foreign one to themselves', async () => {
  const status = (name: string, architecture: string, want = 'install'): string =>
    `Package: ${name}\nStatus: ${want} ok installed\nArchitecture: ${architecture}\nVersion: 1\n`;
  const tree = {
    ...careful,
    '/var/lib/dpkg/status': [
      status('dpkg', 'amd64'),
      status('words', 'all', 'hold'),
      status('aaa', 'amd64', 'hold'),
    ].join('\n'),
    [mainList]: 'Package: words\nVersion: 2\nArchitecture: amd64\n\nPackage: dpkg\nVersion: 3\nArchitecture: i386\n',
  };
  const { data } = await sectionOf('patches', recordedMachine(tree));
  expect(data?.updates.map(({ id, candidateVersion }) => [id, candidateVersion])).toEqual([['words:all', '2']]);
  expect(data?.held).toEqual(['aaa:amd64', 'words:all']);
});

test.each([
  ['/run', without(careful, '/run')],
  [
    'a kernel of the running kind',
    {
      ...careful,
      '/var/lib/dpkg/status': `${careful['/var/lib/dpkg/status']}`.replace('6.1.0-test-amd64', '6.1.0-other'),
    },
  ],
  ['services of systemd', without(careful, '/proc/1', '/proc/400')],
])('without %s it stays open whether a restart is due', async (_name, tree) => {
  const { data } = await sectionOf('patches', recordedMachine(tree));
  expect(data?.restart.reasons).toEqual([]);
  expect(data?.restart).not.toHaveProperty('required');
});

test('the youngest day is none of the future', () => {
  const now = new Date('2026-11-24T09:00:00Z');
  expect(newestDayOf(now, [Date.UTC(2026, 10, 20), Date.UTC(2027, 0, 1)])).toBe('2026-11-20');
  expect(newestDayOf(now, [now.getTime() + 1000])).toBe('2026-11-24');
  expect(newestDayOf(now, [Number.NaN, 0, Date.UTC(2027, 0, 1)])).toBeUndefined();
});

test('a drive one of whose layers cannot be seen is not known to be encrypted', async () => {
  const { data } = await sectionOf('security', recordedMachine(without(careful, '/sys/class/block/sdb'), loaded));
  expect(data?.encryption?.find(({ mountPoint }) => mountPoint === '/data')).toMatchObject({
    state: 'unknown',
    protection: 'unknown',
  });
});

test('a filter built into the kernel shows no module and is asked for all the same', async () => {
  const { data } = await sectionOf(
    'security',
    recordedMachine({ ...neglected, '/sys/module/nf_tables/x': '' }, loaded),
  );
  expect(data?.firewall?.active).toBe(true);
});

test.each([
  ['not-found', without(careful, '/var/lib/clamav')],
  ['unreadable', { ...careful, '/var/lib/clamav/daily.cvd': 'PK' }],
])('ClamAV whose signatures say nothing (%s) has no day', async (code, tree) => {
  const { data, problems } = await sectionOf('security', recordedMachine(tree, loaded));
  expect(data?.antivirus?.[0]).not.toHaveProperty('signaturesOf');
  expect(problems.map((problem) => problem.code)).toEqual([code]);
});

test('whether SSH runs stays open when neither services nor sockets are shown', async () => {
  const running = async (tree: RecordedTree) =>
    (await sectionOf('security', recordedMachine(tree, loaded))).data?.remoteAccess?.ssh?.running;
  const hidden = without(careful, '/sys/fs/cgroup');
  const silent = { '/proc/net/tcp': 'sl\n', '/proc/net/tcp6': 'sl\n' };
  expect(await running(hidden)).toBeUndefined();
  expect(await running({ ...hidden, ...silent })).toBeUndefined();
  expect(await running({ ...without(careful, '/sys/fs/cgroup/system.slice/ssh.service'), ...silent })).toBe(false);
});
