/** `doctor` names each deviation from the rights the installer gives; real files. */
import { chmodSync, chownSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { rightsFindings } from '../../../agent/commands/rights-checks.ts';

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

const details = (dir: string) =>
  rightsFindings(dir).map(({ result, detail }) => `${result} ${detail.replaceAll(dir, 'DIR')}`);

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
    /DIR\/private has the rights 0750 instead of 0700; run "chmod 0700/,
  ],
  [
    'a public one that all may change',
    (dir) => chmodSync(join(dir, 'public'), 0o777),
    /DIR\/public has the rights 0777/,
  ],
  [
    'a public one that nobody may read',
    (dir) => chmodSync(join(dir, 'public'), 0o700),
    /DIR\/public has the rights 0700/,
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
  ['no mailbox', (dir) => rmSync(join(dir, 'public/requests')), /requests is missing.*install -m 0622/],
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

test('on Windows the access lists are not read here, and that is said instead of "ok"', () => {
  expect(rightsFindings('C:\\x', { platform: 'win32', user: undefined })).toMatchObject([{ result: 'unknown' }]);
});
