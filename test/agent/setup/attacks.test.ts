/**
 * What a person at the PC, with an ordinary account, tries against the folders of the agent: really another account, really the
 * folders `prepare-directories` makes, and the answers of the kernel. The table of design.md §4.2.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { rightsFindings } from '../../../agent/commands/rights-checks.ts';
import { writeAtomically } from '../../../agent/platform/write-file.ts';
import { prepareLinuxDirectories, UnsafeDirectory } from '../../../agent/setup/linux-directories.ts';
import { mailboxStart, readMailboxFile } from '../../../agent/status/mailbox-file.ts';
import { publishStatus } from '../../../agent/status/publish-status.ts';
import { createLinuxVersions } from '../../../agent/upgrade/linux-versions.ts';
import { attempt, keepAttempting, stranger } from './unprivileged.ts';

const denied = ['errno 1', 'errno 13'];
const at = '2026-11-24T09:00:00.000Z';

/** Below a folder that belongs to root alone, as `/var/lib` is. */
function place(): string {
  const dir = mkdtempSync('/var/lib/kits-attacked-');
  chmodSync(dir, 0o755);
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Installed and running, all of it made under the umask that is the worst for readers and the best for nobody. */
function installed(): string {
  const dataDir = join(place(), 'agent');
  const before = process.umask(0o077);
  try {
    prepareLinuxDirectories(dataDir);
    publish(dataDir);
    writeAtomically(join(dataDir, 'public/trust.json'), '{}', 0o644);
    writeAtomically(join(dataDir, 'public/sent/1.json'), '{}', 0o644);
    writeFileSync(join(dataDir, 'private/agent.db'), 'secret');
    writeFileSync(join(dataDir, 'private/updates/kits-agent'), 'program');
  } finally {
    process.umask(before);
  }
  return dataDir;
}

function publish(dataDir: string): void {
  publishStatus(join(dataDir, 'public'), {
    contractVersion: 1,
    writtenAt: at,
    validUntil: at,
    agentVersion: '0.1.0',
    device: { hostname: 'rathaus-07', state: 'not-enrolled' },
    overall: 'unknown',
    verdicts: [],
    reporting: { waiting: 0 },
    notices: [],
    handledRequests: [],
  });
}

/** Everything there is, with owner, rights, names and content. */
function everything(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(folder, name);
      const { ino, mode, uid, gid, nlink } = lstatSync(path);
      const content = lstatSync(path).isFile() && !name.endsWith('requests') ? readFileSync(path, 'utf8') : '';
      return [name, ino, mode.toString(8), uid, gid, nlink, content].join(' ');
    });
}

const findings = (dataDir: string) =>
  rightsFindings({ dataDir, user: 0 }).map(({ result, detail }) => `${result} ${detail}`);

type Attack = readonly [what: string, expression: (dir: string) => string];

/** Refused by the kernel, and nothing is different afterwards. */
const refused: readonly Attack[] = [
  ...['.', 'private', 'private/updates', 'public', 'public/sent'].flatMap((folder): Attack[] => [
    [`make a file in ${folder}`, (dir) => `put("${dir}/${folder}/new", O_WRONLY | O_CREAT, "x")`],
    [`make a folder in ${folder}`, (dir) => `mkdir "${dir}/${folder}/new"`],
    [`make a link in ${folder}`, (dir) => `symlink "/etc/passwd", "${dir}/${folder}/new"`],
    [`make a pipe in ${folder}`, (dir) => `POSIX::mkfifo("${dir}/${folder}/new", 0666)`],
    [`rename ${folder}`, (dir) => `rename "${dir}/${folder === '.' ? '' : folder}", "${dir}.other"`],
    [`open up ${folder}`, (dir) => `chmod 0777, "${dir}/${folder}"`],
    [`own ${folder}`, (dir) => `chown $>, $), "${dir}/${folder}"`],
    [`set the times of ${folder}`, (dir) => `utime 1, 1, "${dir}/${folder}"`],
  ]),
  ...[
    'public/status.json',
    'public/trust.json',
    'public/sent/1.json',
    'private/agent.db',
    'private/updates/kits-agent',
  ].flatMap((file): Attack[] => [
    [`write ${file}`, (dir) => `put("${dir}/${file}", O_WRONLY, "x")`],
    [`append to ${file}`, (dir) => `put("${dir}/${file}", O_WRONLY | O_APPEND, "x")`],
    [`truncate ${file}`, (dir) => `truncate "${dir}/${file}", 0`],
    [`remove ${file}`, (dir) => `unlink "${dir}/${file}"`],
    [`rename ${file}`, (dir) => `rename "${dir}/${file}", "${dir}/${file}.old"`],
    [`carry ${file} off`, (dir) => `rename "${dir}/${file}", "${dir}/../theirs/carried-off"`],
    [
      `put another in the place of ${file}`,
      (dir) =>
        `put("${dir}/../theirs/mine", O_WRONLY | O_CREAT, "x") && rename "${dir}/../theirs/mine", "${dir}/${file}"`,
    ],
    [`open up ${file}`, (dir) => `chmod 0666, "${dir}/${file}"`],
    [`own ${file}`, (dir) => `chown $>, $), "${dir}/${file}"`],
  ]),
  ['list what is private', (dir) => `names("${dir}/private")`],
  ['read the queue', (dir) => `get("${dir}/private/agent.db")`],
  ['read an update before it runs', (dir) => `get("${dir}/private/updates/kits-agent")`],
  ['go into what is private', (dir) => `chdir "${dir}/private"`],
  ['give the queue a second name', (dir) => `link "${dir}/private/agent.db", "${dir}/../theirs/second"`],
  ['read what others ask for', (dir) => `get("${dir}/public/requests")`],
  ['remove the mailbox', (dir) => `unlink "${dir}/public/requests"`],
  ['rename the mailbox', (dir) => `rename "${dir}/public/requests", "${dir}/public/other"`],
  [
    'put a link in the place of the mailbox',
    (dir) =>
      `symlink("/etc/passwd", "${dir}/../theirs/link") && rename "${dir}/../theirs/link", "${dir}/public/requests"`,
  ],
  [
    'put a pipe in the place of the mailbox',
    (dir) => `POSIX::mkfifo("${dir}/../theirs/pipe", 0666) && rename "${dir}/../theirs/pipe", "${dir}/public/requests"`,
  ],
  ['change the rights of the mailbox', (dir) => `chmod 0666, "${dir}/public/requests"`],
  ['own the mailbox', (dir) => `chown $>, $), "${dir}/public/requests"`],
  ['give the mailbox a second name beside it', (dir) => `link "${dir}/public/requests", "${dir}/public/second"`],
  [
    'make the mailbox anew under an own umask',
    (dir) =>
      `unlink "${dir}/public/requests"; umask 0; $! = 0; unlink("${dir}/public/requests") && put("${dir}/public/requests", O_WRONLY | O_CREAT | O_EXCL, "x")`,
  ],
];

/** What design.md §4.2 lets people do. */
const granted: readonly Attack[] = [
  ['read the status', (dir) => `get("${dir}/public/status.json")`],
  ['read whom to trust', (dir) => `get("${dir}/public/trust.json")`],
  ['list what was sent', (dir) => `names("${dir}/public/sent")`],
  ['read what was sent', (dir) => `get("${dir}/public/sent/1.json")`],
  ['append a request', (dir) => `put("${dir}/public/requests", O_WRONLY | O_APPEND, "{}\\n")`],
];

describe.runIf(process.getuid?.() === 0)('an ordinary account (needs root, to become somebody else)', () => {
  test(`is refused all ${refused.length} attempts, and is granted what it needs`, () => {
    const dataDir = installed();
    const theirs = join(dataDir, '..', 'theirs');
    mkdirSync(theirs);
    chownSync(theirs, stranger, stranger);
    const before = everything(dataDir);
    const outcomes = attempt(refused.map(([, expression]) => expression(dataDir)));
    const got = refused.flatMap(([what], index) =>
      denied.includes(outcomes[index] ?? '') ? [] : [`${what}: ${outcomes[index]}`],
    );
    expect(got).toEqual([]);
    expect(attempt(granted.map(([, expression]) => expression(dataDir)))).toEqual(granted.map(() => 'done'));
    expect(everything(dataDir)).toEqual(before);
    expect(findings(dataDir)).toEqual([`ok ${dataDir} as the installer made it`]);
  });

  test('overwrites, shortens and fills the mailbox, which is survived', () => {
    const dataDir = installed();
    const mailbox = join(dataDir, 'public/requests');
    const inode = statSync(mailbox).ino;
    const outcomes = attempt([
      `put("${mailbox}", O_WRONLY, "not json\\n" x 1000)`,
      `truncate "${mailbox}", 0`,
      // No block is taken for what was never written.
      `truncate "${mailbox}", 1024 * 1024 * 1024 * 1024`,
    ]);
    expect(outcomes).toEqual(['done', 'done', 'done']);
    const read = readMailboxFile(mailbox, mailboxStart);
    expect(read).toMatchObject({ lines: [], place: mailboxStart });
    expect(read.trouble).toBeUndefined();
    expect(statSync(mailbox)).toMatchObject({ size: 0, ino: inode });

    expect(attempt([`put("${mailbox}", O_WRONLY | O_APPEND, join("", ("y" x 4095 . "\\n") x 2048))`])).toEqual([
      'done',
    ]);
    expect(statSync(mailbox).size).toBe(8 * 1024 * 1024);
    readMailboxFile(mailbox, mailboxStart);
    expect(statSync(mailbox)).toMatchObject({ size: 0, ino: inode });
    expect(attempt([`put("${mailbox}", O_WRONLY | O_APPEND, "{\\"a\\":1}\\n")`])).toEqual(['done']);
    expect(readMailboxFile(mailbox, mailboxStart).lines).toEqual(['{"a":1}']);
  });

  test('keeps the mailbox growing without end while it is read: memory and disk stay bounded', async () => {
    const dataDir = installed();
    const mailbox = join(dataDir, 'public/requests');
    const writer = await keepAttempting(`put("${mailbox}", O_WRONLY | O_APPEND, join("", ("z" x 8191 . "\\n") x 16))`);
    let read = { lines: [] as readonly string[], place: mailboxStart };
    for (let look = 0; look < 200; look += 1) {
      read = readMailboxFile(mailbox, read.place);
      expect(read.lines.length).toBeLessThanOrEqual(8);
    }
    await writer.stop();
    readMailboxFile(mailbox, read.place);
    readMailboxFile(mailbox, mailboxStart);
    expect(statSync(mailbox).size).toBeLessThanOrEqual(1024 * 1024);
  });

  test('swaps the mailbox for links, pipes and folders as fast as it can, should it ever own the folder: nothing else is read or shortened', async () => {
    const dir = place();
    const own = join(dir, 'own');
    mkdirSync(own);
    chownSync(own, stranger, stranger);
    const target = join(dir, 'target');
    const secret = `${'secret '.repeat(20)}\n`.repeat(1000);
    writeFileSync(target, secret, { mode: 0o600 });
    const mailbox = join(own, 'requests');
    const swapper = await keepAttempting(
      `unlink "${mailbox}"; rmdir "${mailbox}"; symlink "${target}", "${mailbox}"; unlink "${mailbox}"; POSIX::mkfifo("${mailbox}", 0666); unlink "${mailbox}"; mkdir "${mailbox}"; rmdir "${mailbox}"; put("${mailbox}", O_WRONLY | O_CREAT, "mine\\n"); rename "${mailbox}", "${own}/x"; symlink "${target}", "${own}/l"; rename "${own}/l", "${mailbox}"`,
    );
    const troubles = new Set<string | undefined>();
    // However busy this machine is: until the swaps have been met in several states.
    for (let look = 0; look < 3000 || (troubles.size < 3 && look < 300_000); look += 1) {
      const { lines, trouble } = readMailboxFile(mailbox, mailboxStart);
      troubles.add(trouble);
      expect(lines).toEqual([]);
    }
    await swapper.stop();
    expect(readFileSync(target, 'utf8')).toBe(secret);
    expect(troubles.has(undefined)).toBe(false);
    expect(troubles.size).toBeGreaterThan(1);
  });

  test('has made the folders before the installation: nothing of it is used, nothing it links to is touched', () => {
    const dir = place();
    const dataDir = join(dir, 'agent');
    const target = join(dir, 'target');
    const folder = join(dir, 'folder');
    writeFileSync(target, 'root says so', { mode: 0o600 });
    mkdirSync(folder, { mode: 0o700 });
    const untouched = () => [
      lstatSync(target).mode,
      lstatSync(folder).mode,
      lstatSync(folder).uid,
      readFileSync(target, 'utf8'),
    ];
    const before = untouched();
    mkdirSync(dataDir);
    for (const name of ['private', 'public']) mkdirSync(join(dataDir, name));
    writeFileSync(join(dataDir, 'private/agent.db'), 'enrolled with the attacker');
    writeFileSync(join(dataDir, 'public/status.json'), 'forged');
    writeFileSync(join(dataDir, 'public/run.sh'), 'forged');
    symlinkSync(target, join(dataDir, 'public/requests'));
    linkSync(target, join(dataDir, 'public/trust.json'));
    symlinkSync(folder, join(dataDir, 'public/sent'));
    for (const path of ['.', 'private', 'public', 'private/agent.db', 'public/status.json', 'public/run.sh']) {
      chownSync(join(dataDir, path), stranger, stranger);
    }
    const done = prepareLinuxDirectories(dataDir);
    expect(findings(dataDir)).toEqual([`ok ${dataDir} as the installer made it`]);
    expect(untouched()).toEqual(before);
    expect(readdirSync(join(dataDir, 'private')).sort()).toEqual(['set-aside', 'updates']);
    expect(readdirSync(join(dataDir, 'public')).sort()).toEqual(['requests', 'sent']);
    expect(done.join('\n')).toMatch(/private could be changed by others.*enrol this PC anew/);
    for (const name of ['requests', 'status.json', 'trust.json', 'sent', 'run.sh']) {
      expect(done.join('\n')).toContain(`public/${name} was not as KITS Agent makes it`);
    }
    // What was set aside is out of reach of who made it.
    const [aside = ''] = readdirSync(dataDir).filter((name) => name.startsWith('private.set-aside-'));
    expect(attempt([`get("${dataDir}/${aside}/agent.db")`])).toEqual(['errno 13']);
    expect(prepareLinuxDirectories(dataDir)).toEqual([]);
  });

  test.each<[string, (dataDir: string) => string]>([
    [
      'the mailbox',
      (dir) =>
        `unlink "${dir}/public/requests"; symlink "${dir}.target", "${dir}/public/requests"; unlink "${dir}/public/requests"; POSIX::mkfifo("${dir}/public/requests", 0666)`,
    ],
    [
      'the public folder',
      (dir) =>
        `rename "${dir}/public", "${dir}/p"; symlink "${dir}.folder", "${dir}/public"; unlink "${dir}/public"; rename "${dir}/p", "${dir}/public"`,
    ],
    [
      'the private folder',
      (dir) =>
        `rename "${dir}/private", "${dir}/q"; symlink "${dir}.folder", "${dir}/private"; unlink "${dir}/private"; rename "${dir}/q", "${dir}/private"`,
    ],
  ])('exchanges %s while the installer repairs', async (_, swap) => {
    const dir = place();
    for (let round = 0; round < 5; round += 1) {
      const dataDir = join(dir, `agent${round}`);
      for (const name of ['private', 'public']) mkdirSync(join(dataDir, name), { recursive: true });
      writeFileSync(`${dataDir}.target`, 'root says so', { mode: 0o600 });
      mkdirSync(`${dataDir}.folder`, { mode: 0o700 });
      for (const path of ['.', 'private', 'public']) chownSync(join(dataDir, path), stranger, stranger);
      const swapper = await keepAttempting(swap(dataDir));
      try {
        prepareLinuxDirectories(dataDir);
      } catch (error) {
        // Something vanished between two looks; the installer says so and is started again.
        expect(error).toMatchObject({ code: expect.stringMatching(/^(ENOENT|ELOOP|ENOTDIR|EEXIST)$/) });
        prepareLinuxDirectories(dataDir);
      } finally {
        await swapper.stop();
      }
      expect(findings(dataDir)).toEqual([`ok ${dataDir} as the installer made it`]);
      expect(readFileSync(`${dataDir}.target`, 'utf8')).toBe('root says so');
      expect(lstatSync(`${dataDir}.target`).mode & 0o7777).toBe(0o600);
      expect(lstatSync(`${dataDir}.folder`)).toMatchObject({ uid: 0 });
      expect(lstatSync(`${dataDir}.folder`).mode & 0o7777).toBe(0o700);
      expect(readdirSync(`${dataDir}.folder`)).toEqual([]);
    }
  });
});

describe.runIf(process.getuid?.() === 0)('a folder in a place others can write to is refused (needs root)', () => {
  test.each<[string, (dir: string) => string, RegExp]>([
    [
      'below /tmp',
      () => join(tmpdir(), 'kits-never-made', 'agent'),
      /can be changed by every user, who could put another folder in the place of/,
    ],
    [
      'below a folder of a user',
      (dir) => {
        chownSync(dir, stranger, 0);
        return join(dir, 'agent');
      },
      new RegExp(`belongs to user ${stranger}`),
    ],
    [
      'below a folder of a group',
      (dir) => {
        chmodSync(dir, 0o775);
        return join(dir, 'agent');
      },
      /can be changed by the group 0/,
    ],
    [
      'behind a link to such a place',
      (dir) => {
        mkdirSync(join(dir, 'open'));
        chmodSync(join(dir, 'open'), 0o777);
        symlinkSync('open', join(dir, 'link'));
        return join(dir, 'link', 'agent');
      },
      /open can be changed by every user/,
    ],
    [
      'itself a link',
      (dir) => {
        mkdirSync(join(dir, 'elsewhere'));
        symlinkSync('elsewhere', join(dir, 'agent'));
        return join(dir, 'agent');
      },
      /is a link; name the folder it leads to/,
    ],
  ])('%s', async (_, make, why) => {
    const dir = place();
    const dataDir = make(dir);
    const before = everything(dir);
    expect(() => prepareLinuxDirectories(dataDir)).toThrow(UnsafeDirectory);
    expect(() => prepareLinuxDirectories(dataDir)).toThrow(why);
    expect(() => prepareLinuxDirectories(dataDir)).toThrow(/Nothing was changed\.$/);
    const { main } = await import('../../../agent/cli.ts');
    const said: string[] = [];
    const streams = { out: () => undefined, err: (line: string) => said.push(line), signal: AbortSignal.abort() };
    expect(await main(['prepare-directories', '--data-dir', dataDir], streams)).toBe(2);
    expect(said.join('\n')).toMatch(why);
    expect(everything(dir)).toEqual(before);
  });
});

describe('a place for the programs', () => {
  const objection = (root: string): Promise<string | undefined> => createLinuxVersions({ root }).objection();

  test('below folders of root alone is taken', async () => {
    const root = join(place(), 'kits-agent');
    expect(await objection(root)).toContain('is not there');
    mkdirSync(root, { mode: 0o755 });
    expect(await objection(root)).toBeUndefined();
  });

  test.each([
    ['others may write into', (_dir: string, root: string) => chmodSync(root, 0o777), 'can be changed by every user'],
    ['a group may write into', (_dir: string, root: string) => chmodSync(root, 0o775), 'can be changed by the group'],
    ['belongs to somebody', (_dir: string, root: string) => chownSync(root, stranger, 0), 'belongs to user'],
    ['stands in an open folder', (dir: string) => chmodSync(dir, 0o777), 'in the place of'],
    ['stands in a folder such as /tmp', (dir: string) => chmodSync(dir, 0o1777), 'in the place of'],
    ['stands in a folder of somebody', (dir: string) => chownSync(dir, stranger, 0), 'in the place of'],
  ])('that %s is refused', async (_name, spoil, words) => {
    const dir = place();
    const root = join(dir, 'kits-agent');
    mkdirSync(root, { mode: 0o755 });
    spoil(dir, root);
    expect(await objection(root)).toContain(words);
    expect(await objection(root)).toMatch(/Nothing was installed\.$/);
  });

  test('behind a link is refused', async () => {
    const dir = place();
    mkdirSync(join(dir, 'elsewhere'));
    symlinkSync(join(dir, 'elsewhere'), join(dir, 'kits-agent'));
    expect(await objection(join(dir, 'kits-agent'))).toContain('is no folder');
  });
});

test('the command line in a folder of somebody else reads, runs and leaves nothing there', () => {
  const theirs = mkdtempSync(join(tmpdir(), 'kits-theirs-'));
  onTestFinished(() => rmSync(theirs, { recursive: true, force: true }));
  const trap = `require('node:fs').writeFileSync(${JSON.stringify(join(theirs, 'sprung'))}, '')`;
  for (const name of ['zod', 'axios', 'systeminformation']) {
    mkdirSync(join(theirs, 'node_modules', name), { recursive: true });
    writeFileSync(join(theirs, 'node_modules', name, 'index.js'), trap);
  }
  for (const [name, text] of [
    ['package.json', '{"type":"commonjs","imports":{"#x":"./trap.js"}}'],
    ['agent.json', '{"serverUrl":"https://evil.example"}'],
    ['policy.json', '{"withoutSections":["os"]}'],
    ['.env', 'KITS_SETUP_COMMAND_LINE=/SERVER=https://evil.example'],
    ['systemctl', `#!/bin/sh\ntouch ${theirs}/sprung\n`],
    ['nft', `#!/bin/sh\ntouch ${theirs}/sprung\n`],
  ] as const) {
    writeFileSync(join(theirs, name), text, { mode: 0o755 });
  }
  const before = everything(theirs);
  const cli = join(import.meta.dirname, '../../../agent/cli.ts');
  const environment = { PATH: theirs, HOME: theirs, TMPDIR: theirs, XDG_CONFIG_HOME: theirs, XDG_DATA_HOME: theirs };
  for (const args of [
    ['version'],
    ['collect', '--section', 'os', '--section', 'security'],
    ['explain-settings', '--json', '--data-dir', join(theirs, 'none')],
  ]) {
    const { stdout, stderr, status } = spawnSync(process.execPath, [cli, ...args], {
      cwd: theirs,
      env: environment,
      encoding: 'utf8',
    });
    expect([0, 6], stderr).toContain(status);
    expect(stdout).not.toContain('evil.example');
    if (args[0] === 'collect') expect(stdout).toContain('"id": "os"');
  }
  expect(everything(theirs)).toEqual(before);
});
