/** `doctor` names each deviation from the rights the installer gives; real files. */
import { chmodSync, chownSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { expectedOwner, rightsFindings } from '../../../agent/commands/rights-checks.ts';

function installed(): string {
  const dir = mkdtempSync(join(tmpdir(), 'kits-rights-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  for (const [path, mode] of [
    ['.', 0o755],
    ['private', 0o700],
    ['public', 0o755],
    ['public/sent', 0o755],
  ] as const) {
    mkdirSync(join(dir, path), { recursive: true });
    chmodSync(join(dir, path), mode);
  }
  for (const [path, mode] of [
    ['public/requests', 0o622],
    ['public/status.json', 0o644],
    ['public/trust.json', 0o644],
  ] as const) {
    writeFileSync(join(dir, path), '');
    chmodSync(join(dir, path), mode);
  }
  return dir;
}

/** The temporary folder of this test is open to all; that is another test. */
const anywhere = () => undefined;
const inspect = (dir: string, more: { installRoot?: string; configFile?: string } = {}) =>
  rightsFindings({ dataDir: dir, user: expectedOwner(), objection: anywhere, ...more });
const details = (dir: string, more: { installRoot?: string; configFile?: string } = {}) =>
  inspect(dir, more).map(({ result, detail }) => `${result} ${detail.replaceAll(dir, 'DIR')}`);

test('as it was installed nothing is found; what the service makes later may be missing', () => {
  const dir = installed();
  expect(details(dir)).toEqual(['ok DIR as the installer made it']);
  for (const path of ['sent', 'status.json', 'trust.json']) rmSync(join(dir, 'public', path), { recursive: true });
  expect(details(dir)).toEqual(['ok DIR as the installer made it']);
});

test.each<[string, (dir: string) => void, RegExp]>([
  [
    'a private directory that is open',
    (dir) => chmodSync(join(dir, 'private'), 0o750),
    /DIR\/private has the rights 0750 instead of 0700: its group can read it\. Somebody could copy the key.*Run "chmod 0700/,
  ],
  [
    'a public one that all may change',
    (dir) => chmodSync(join(dir, 'public'), 0o777),
    /DIR\/public has the rights 0777 instead of 0755: every user can change it\. Somebody could change what the people/,
  ],
  [
    'a public one that nobody may read',
    (dir) => chmodSync(join(dir, 'public'), 0o700),
    /DIR\/public has the rights 0700 instead of 0755: users at this PC can do less/,
  ],
  ['a data directory that is closed', (dir) => chmodSync(dir, 0o700), /DIR has the rights 0700 instead of 0755/],
  [
    'a status that all may write',
    (dir) => chmodSync(join(dir, 'public/status.json'), 0o666),
    /status\.json has the rights 0666/,
  ],
  [
    'a mailbox that others can read',
    (dir) => chmodSync(join(dir, 'public/requests'), 0o666),
    /requests has the rights 0666 instead of 0622/,
  ],
  [
    'a mailbox nobody can write to',
    (dir) => chmodSync(join(dir, 'public/requests'), 0o600),
    /requests has the rights 0600/,
  ],
  [
    'no mailbox',
    (dir) => rmSync(join(dir, 'public/requests')),
    /requests is missing\. Nobody at this PC.*"kits-agent prepare-directories"/,
  ],
  [
    'a mailbox that is a link',
    (dir) => {
      rmSync(join(dir, 'public/requests'));
      symlinkSync('/etc/passwd', join(dir, 'public/requests'));
    },
    /requests is not a file/,
  ],
  [
    'a mailbox with a second name',
    (dir) => linkSync(join(dir, 'public/requests'), join(dir, 'elsewhere')),
    /requests has 2 names/,
  ],
  [
    'what does not belong there',
    (dir) => writeFileSync(join(dir, 'public/run.sh'), ''),
    /run\.sh was not made by KITS Agent/,
  ],
])('%s is named, and nothing else', (_, spoil, said) => {
  const dir = installed();
  spoil(dir);
  const found = details(dir);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^problem /);
  expect(found[0]).toMatch(said);
});

test('each deviation has a line of its own', () => {
  const dir = installed();
  chmodSync(join(dir, 'private'), 0o755);
  chmodSync(join(dir, 'public/requests'), 0o644);
  expect(details(dir)).toHaveLength(2);
});

test.runIf(process.getuid?.() === 0)('another owner is named (needs root to make one)', () => {
  const dir = installed();
  chownSync(join(dir, 'public/requests'), 65_534, 65_534);
  expect(details(dir)).toEqual([expect.stringMatching(/^problem .*requests belongs to user 65534 instead of 0/)]);
});

test('a place others can write to is named with what it means', () => {
  const dir = installed();
  const found = rightsFindings({ dataDir: dir, user: expectedOwner() }).map(({ detail }) => detail);
  expect(found).toEqual([expect.stringMatching(/can be changed by every user.*could be decided there/)]);
});

test('settings that others can change, or a password they can read, are named', () => {
  const dir = installed();
  const configFile = join(dir, 'private', 'agent.json');
  writeFileSync(configFile, '{}');
  expect(details(dir, { configFile })).toEqual(['ok DIR as the installer made it']);
  chmodSync(configFile, 0o664);
  expect(details(dir, { configFile })).toEqual([
    expect.stringMatching(
      /agent\.json has the rights 0664: others can change it\. Somebody could name another server.*chmod 0644/,
    ),
  ]);
  chmodSync(configFile, 0o644);
  writeFileSync(configFile, '{"proxy":"http://pc:geheim@proxy:3128"}');
  const [found = ''] = details(dir, { configFile });
  expect(found).toMatch(/holds the password of the proxy and every user can read it\. Run "chmod 0600/);
  expect(found).not.toContain('geheim');
  chmodSync(configFile, 0o600);
  expect(details(dir, { configFile })).toEqual(['ok DIR as the installer made it']);
  rmSync(configFile);
  writeFileSync(join(dir, 'private', 'policy.json'), '{}');
  chmodSync(join(dir, 'private', 'policy.json'), 0o666);
  expect(details(dir, { configFile })).toEqual([expect.stringMatching(/policy\.json has the rights 0666/)]);
});

test('a program others can change is named, at whatever depth', () => {
  const dir = installed();
  const installRoot = join(dir, 'private', 'program');
  const file = join(installRoot, 'versions', '0.2.0', 'kits-agent');
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '', { mode: 0o755 });
  symlinkSync('versions/0.2.0', join(installRoot, 'current'));
  expect(details(dir, { installRoot })).toEqual(['ok DIR as the installer made it']);
  chmodSync(file, 0o775);
  expect(details(dir, { installRoot })).toEqual([
    expect.stringMatching(
      /0\.2\.0\/kits-agent has the rights 0775: somebody else could change a program that runs as root/,
    ),
  ]);
  chmodSync(file, 0o755);
  chmodSync(join(installRoot, 'versions'), 0o777);
  expect(details(dir, { installRoot })).toEqual([expect.stringMatching(/versions has the rights 0777/)]);
});
