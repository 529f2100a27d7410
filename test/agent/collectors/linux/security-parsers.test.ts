/** What the kernel, sshd, sudo, nft, AppArmor and dconf say about the security of a machine. */
import { expect, test } from 'vitest';
import {
  administratorsOf,
  logsInByItself,
  parseGroup,
  parsePasswd,
} from '../../../../agent/collectors/linux/accounts.ts';
import { parseSignatureTime } from '../../../../agent/collectors/linux/antivirus.ts';
import { parseAppArmorProfiles } from '../../../../agent/collectors/linux/boot-state.ts';
import type { ConfigReader } from '../../../../agent/collectors/linux/config-reader.ts';
import { parseDconf, screenLock } from '../../../../agent/collectors/linux/dconf.ts';
import { parseNftRuleset } from '../../../../agent/collectors/linux/nft-ruleset.ts';
import { newestKernel, parseServiceUnit, usesDeletedLibrary } from '../../../../agent/collectors/linux/restart.ts';
import { isListenedOn } from '../../../../agent/collectors/linux/security.ts';
import { readSshdConfig, sshFacts } from '../../../../agent/collectors/linux/sshd-config.ts';
import { fullRights, parseSudoers, readSudoRights } from '../../../../agent/collectors/linux/sudoers.ts';
import {
  appArmor,
  cgroups,
  dconf,
  logons,
  maps,
  nftRulesets,
  signatureHeads,
  sshd,
  sudoers,
} from '../../../fixtures/linux-security.ts';

/** Files by path; everything else is not there. */
function files(tree: Readonly<Record<string, string>>): ConfigReader {
  return {
    text: async (path) => {
      const text = tree[path];
      if (text === undefined) throw new Error(`${path}: ENOENT`);
      return text;
    },
    list: async (path) => {
      const names = Object.keys(tree).filter((file) => file.slice(0, file.lastIndexOf('/')) === path);
      if (names.length === 0) throw new Error(`${path}: ENOENT`);
      return names.map((file) => file.slice(path.length + 1)).sort();
    },
  };
}

const main = '/etc/ssh/sshd_config';
const ssh = async (tree: Readonly<Record<string, string>>, failed: string[] = []) =>
  sshFacts(await readSshdConfig(main, files(tree), (path) => failed.push(path)));

test.each([
  [
    'empty',
    {
      rootLogin: 'prohibit-password',
      passwordAuthentication: true,
      emptyPasswords: false,
      x11Forwarding: false,
      port: 22,
    },
  ],
  [
    'debian',
    {
      rootLogin: 'prohibit-password',
      passwordAuthentication: true,
      emptyPasswords: false,
      x11Forwarding: true,
      port: 22,
    },
  ],
  [
    'hardened',
    { rootLogin: 'no', passwordAuthentication: false, emptyPasswords: false, x11Forwarding: false, port: 2222 },
  ],
  [
    'firstWins',
    {
      rootLogin: 'prohibit-password',
      passwordAuthentication: false,
      emptyPasswords: false,
      x11Forwarding: false,
      port: 22,
    },
  ],
  ['match', { rootLogin: 'yes', passwordAuthentication: true, emptyPasswords: false, x11Forwarding: false, port: 22 }],
  [
    'keyboard',
    {
      rootLogin: 'prohibit-password',
      passwordAuthentication: true,
      emptyPasswords: false,
      x11Forwarding: false,
      port: 22,
    },
  ],
  [
    'quoted',
    {
      rootLogin: 'prohibit-password',
      passwordAuthentication: true,
      emptyPasswords: true,
      x11Forwarding: false,
      port: 22,
    },
  ],
] as const)('sshd_config %s', async (name, expected) => {
  expect(await ssh({ [main]: sshd[name] })).toEqual(expected);
});

test('sshd: included files come first where they stand, in order; their Match ends with them', async () => {
  const failed: string[] = [];
  const facts = await ssh(
    {
      [main]: `Include sshd_config.d/*.conf /etc/ssh/none/*\n${sshd.debian}PasswordAuthentication yes\n`,
      '/etc/ssh/sshd_config.d/10-a.conf': 'PasswordAuthentication no\nMatch User x\nPermitRootLogin no\n',
      '/etc/ssh/sshd_config.d/20-b.conf': 'PasswordAuthentication yes\nPermitRootLogin no\n',
      '/etc/ssh/sshd_config.d/30-c.txt': 'PermitEmptyPasswords yes\n',
    },
    failed,
  );
  expect(facts).toMatchObject({ passwordAuthentication: false, rootLogin: 'no', emptyPasswords: false });
  expect(failed).toEqual(['/etc/ssh/none/*']);
});

test('sshd: a file that includes itself ends, and a word sshd does not know is the laxest', async () => {
  expect(await ssh({ [main]: `Include ${main}\nPermitRootLogin no\n` })).toMatchObject({ rootLogin: 'no' });
  expect(await ssh({ [main]: 'PermitRootLogin maybe\nPort 99999\n' })).not.toHaveProperty('port');
  expect(await ssh({ [main]: 'PermitRootLogin maybe\n' })).toMatchObject({ rootLogin: 'yes' });
});

test.each([
  [
    'debian',
    [
      ['sudo', 'group', false],
      ['root', 'user', false],
    ],
  ],
  ['cloud', [['debian', 'user', true]]],
  ['limited', []],
  [
    'aliases',
    [
      ['#1007', 'user', true],
      ['wheel', 'group', true],
      ['anna', 'user', true],
    ],
  ],
  [
    'unasked',
    [
      ['domain admins', 'group', false],
      ['kim', 'user', true],
    ],
  ],
  ['circle', [['mia', 'user', false]]],
  ['everybody', [['ALL', 'unknown', true]]],
] as const)('sudoers %s', (name, expected) => {
  expect(
    fullRights([parseSudoers(sudoers[name])]).map(({ id, kind, withoutPassword }) => [id, kind, withoutPassword]),
  ).toEqual(expected);
});

test('sudoers: directories are read as sudo reads them, a missing main file is an error, a missing part a note', async () => {
  const failed: string[] = [];
  const rights = await readSudoRights(
    '/etc/sudoers',
    files({
      '/etc/sudoers': `${sudoers.debian}@include sudoers.local\n#includedir /etc/none\n`,
      '/etc/sudoers.d/kits': sudoers.cloud,
      '/etc/sudoers.d/kits.dpkg-old': sudoers.everybody,
      '/etc/sudoers.d/old~': sudoers.everybody,
    }),
    (path) => failed.push(path),
  );
  expect(rights.map(({ id }) => id)).toEqual(['sudo', 'debian', 'root']);
  expect(failed).toHaveLength(2);
  await expect(readSudoRights('/etc/sudoers', files({}), () => undefined)).rejects.toThrow('ENOENT');
});

test('administrators: number 0 under any name, members of groups by list and by primary group, users of a directory', () => {
  const users = parsePasswd(
    'root:x:0:0::/root:/bin/bash\ntoor:x:0:0::/:/bin/sh\nanna:x:1000:27::/home/anna:/bin/bash\nben:x:1001:1001::/:/bin/sh\nbroken\n',
  );
  const groups = parseGroup('root:x:0:\nsudo:x:27:ben,gone\nbroken\n');
  expect(
    administratorsOf(users, groups, [
      { id: 'sudo', kind: 'group', withoutPassword: false },
      { id: 'domain admins', kind: 'group', withoutPassword: false },
      { id: '#1001', kind: 'user', withoutPassword: true },
      { id: 'root', kind: 'user', withoutPassword: true },
    ]),
  ).toEqual([
    { id: 'domain admins', kind: 'group', local: false, withoutPassword: false },
    { id: 'sudo', kind: 'group', local: true, withoutPassword: false },
    { id: 'anna', kind: 'user', local: true, withoutPassword: false },
    { id: 'ben', kind: 'user', local: true, withoutPassword: true },
    { id: 'gone', kind: 'user', local: false, withoutPassword: false },
    { id: 'root', kind: 'user', local: true, builtIn: true },
    { id: 'toor', kind: 'user', local: true },
  ]);
});

test.each([
  ['dropPolicy', true, 'block', 'nftables'],
  ['empty', false, 'allow', 'nftables'],
  ['emptyChain', false, 'allow', 'nftables'],
  ['forwardOnly', false, 'allow', 'nftables'],
  ['acceptOnly', false, 'allow', 'nftables'],
  ['onlyIpv4', true, 'allow', 'nftables'],
  ['firewalld', true, 'block', 'firewalld'],
  ['ufw', true, 'block', 'ufw'],
  ['dropOneAddress', true, 'allow', 'nftables'],
  ['endsInChain', true, 'block', 'nftables'],
  ['limitedDrop', true, 'allow', 'nftables'],
  ['acceptsAtEnd', true, 'allow', 'nftables'],
  ['jumpInCircle', false, 'allow', 'nftables'],
] as const)('rules %s: active %s, inbound %s, by %s', (name, active, inboundDefault, product) => {
  expect(parseNftRuleset(nftRulesets[name])).toEqual({ active, inboundDefault, product });
});

test.each(['otherShape', 'cut', 'table'] as const)('rules %s are no answer', (name) =>
  expect(parseNftRuleset(nftRulesets[name])).toBeUndefined(),
);

test.each([
  ['current', false],
  ['deletedLibrary', true],
  ['deletedProgram', true],
  ['deletedData', false],
  ['memory', false],
] as const)('maps %s: replaced code %s', (name, expected) => expect(usesDeletedLibrary(maps[name])).toBe(expected));

test.each([
  ['service', 'ssh.service'],
  ['template', 'getty@tty1.service'],
  ['second', 'cron.service'],
  ['systemd', 'init.scope'],
  ['user', undefined],
  ['container', undefined],
  ['none', undefined],
] as const)('control group %s belongs to %s', (name, unit) => expect(parseServiceUnit(cgroups[name])).toBe(unit));

const image = (name: string, version: string) => ({
  name: `linux-image-${name}`,
  version,
  architecture: 'amd64',
  source: 'linux',
  held: false,
});
const debianKernel = (release: string, build: string) => ({
  release,
  version: `#1 SMP PREEMPT_DYNAMIC Debian ${build} (2026-11-01)`,
});

test.each([
  [
    'a newer one on the disk',
    [image('6.1.0-41-amd64', '6.1.158-1'), image('6.1.0-42-amd64', '6.1.159-1')],
    debianKernel('6.1.0-41-amd64', '6.1.158-1'),
    { newest: '6.1.0-42-amd64', pending: true, comparable: true },
  ],
  [
    'the newest one running',
    [image('6.1.0-9-amd64', '6.1.27-1'), image('6.1.0-42-amd64', '6.1.159-1')],
    debianKernel('6.1.0-42-amd64', '6.1.159-1'),
    { newest: '6.1.0-42-amd64', pending: false, comparable: true },
  ],
  [
    'the same name built anew',
    [image('6.1.0-42-amd64', '6.1.159-2')],
    debianKernel('6.1.0-42-amd64', '6.1.159-1'),
    { newest: '6.1.0-42-amd64', pending: true, comparable: true },
  ],
  [
    'another flavour',
    [image('6.1.0-42-cloud-amd64', '6.1.159-1')],
    debianKernel('6.1.0-41-amd64', '6.1.158-1'),
    { newest: undefined, pending: false, comparable: false },
  ],
  [
    'the names of Debian 13',
    [image('6.12.43+deb13-amd64', '6.12.43-1'), image('6.12.48+deb13-amd64', '6.12.48-1')],
    debianKernel('6.12.43+deb13-amd64', '6.12.43-1'),
    { newest: '6.12.48+deb13-amd64', pending: true, comparable: true },
  ],
  [
    'Ubuntu',
    [image('6.8.0-50-generic', '6.8.0-50.51'), image('6.8.0-9-generic', '6.8.0-9.9')],
    { release: '6.8.0-50-generic', version: '#51-Ubuntu SMP' },
    { newest: '6.8.0-50-generic', pending: false, comparable: true },
  ],
  [
    'no kernel, as in a container',
    [image('amd64', '6.1.159-1')],
    { release: '6.18.44', version: '#1' },
    { newest: undefined, pending: false, comparable: true },
  ],
  [
    'debug symbols only',
    [image('6.1.0-42-amd64-dbg', '6.1.159-1')],
    debianKernel('6.1.0-41-amd64', '1'),
    { newest: undefined, pending: false, comparable: true },
  ],
] as const)('kernel: %s', (_name, installed, running, expected) => {
  const { newest, pending, comparable } = newestKernel(installed, running);
  expect({ newest, pending: pending !== undefined, comparable }).toEqual(expected);
});

test('AppArmor: profiles by mode, killed ones enforce, unconfined ones do neither', () => {
  expect(parseAppArmorProfiles(appArmor.mixed)).toEqual({ enforcedProfiles: 3, complainingProfiles: 1 });
  expect(parseAppArmorProfiles(appArmor.empty)).toEqual({ enforcedProfiles: 0, complainingProfiles: 0 });
});

const keys = [
  '/org/gnome/desktop/session/idle-delay',
  '/org/gnome/desktop/screensaver/lock-enabled',
  '/org/gnome/desktop/screensaver/lock-delay',
];

test.each([
  ['locked', keys, 330],
  ['locked', keys.slice(0, 2), undefined],
  ['locked', [], undefined],
  ['never', keys, 0],
  ['off', keys, 0],
] as const)('screen lock %s with locks %j: %s', (name, locks, expected) =>
  expect(screenLock(parseDconf(dconf[name]), new Set(locks))).toBe(expected),
);

test('a screen lock without a number is none', () => {
  expect(
    screenLock(
      new Map([
        [keys[0]!, 'soon'],
        [keys[1]!, 'true'],
      ]),
      new Set(keys),
    ),
  ).toBeUndefined();
});

test.each([
  ['gdm', true],
  ['gdmOff', false],
  ['lightdm', true],
  ['sddm', true],
  ['getty', true],
  ['gettyUsual', false],
] as const)('automatic logon %s: %s', (name, expected) => expect(logsInByItself(logons[name])).toBe(expected));

test('the age of ClamAV signatures', () => {
  expect(parseSignatureTime(signatureHeads.usual)).toBe(Date.UTC(2026, 10, 23, 9, 14));
  expect([parseSignatureTime(signatureHeads.never), parseSignatureTime(signatureHeads.other)]).toEqual([
    undefined,
    undefined,
  ]);
});

test('a port is listened on only by a listening socket', () => {
  const table =
    '  sl  local_address rem_address   st\n   0: 00000000:0016 00000000:0000 0A 0\n   1: 0100007F:1F90 0100007F:0016 01 0\n';
  expect([isListenedOn(table, 22), isListenedOn(table, 8080), isListenedOn('', 22)]).toEqual([true, false, false]);
});
