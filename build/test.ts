/**
 * `npm test`: type check, lint, import rules, unit, integration and browser tests.
 *
 * `npm test -- FILTER…` hands the filters to the test runner and leaves the checks before it as they are.
 * `npm run test:package` builds the Debian packages and installs them in a system of their own; it needs root.
 * `npm run test:soak` is the long variant, with inputs of its own: 800 kills, 100,000 damaged inputs for each parser of what comes
 * from afar, each other property 25 times as often; FILTER… as above. Some hours.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

const root = join(import.meta.dirname, '..');
const bin = (name: string): string => join(root, 'node_modules/.bin', name);
const summaryFile = join(root, 'test-results/vitest.json');

/** Debian package and the file that shows it is there. Tests use these as they are, never a download of their own. */
const tools = [
  // Chromium without its window: the same pages for a third of the work.
  { package: 'chromium-headless-shell', file: '/usr/bin/chromium-headless-shell' },
  { package: 'fonts-liberation', file: '/usr/share/fonts/truetype/liberation' },
  { package: 'curl', file: '/usr/bin/curl' },
  { package: 'jq', file: '/usr/bin/jq' },
  { package: 'nginx-light', file: '/usr/sbin/nginx' },
  { package: 'openssl', file: '/usr/bin/openssl' },
  { package: 'restic', file: '/usr/bin/restic' },
  { package: 'borgbackup', file: '/usr/bin/borg' },
  { package: 'borgmatic', file: '/usr/bin/borgmatic' },
  { package: 'faketime', file: '/usr/bin/faketime' },
  { package: 'apt-utils', file: '/usr/bin/apt-ftparchive' },
  { package: 'gpg', file: '/usr/bin/gpg' },
  { package: 'gpg-agent', file: '/usr/bin/gpg-agent' },
  { package: 'dconf-cli', file: '/usr/bin/dconf' },
  { package: 'rsnapshot', file: '/usr/bin/rsnapshot' },
  { package: 'duplicity', file: '/usr/bin/duplicity' },
  { package: 'bacula-fd', file: '/usr/sbin/bacula-fd' },
  { package: 'bacula-sd', file: '/usr/sbin/bacula-sd' },
  { package: 'bacula-console', file: '/usr/sbin/bconsole' },
  // The director proper comes with its database alone.
  { package: 'bacula-director', file: '/usr/sbin/bacula-dir' },
  { package: 'bacula-director-sqlite3', file: '/usr/share/dbconfig-common/data/bacula-director-sqlite3' },
];

/** For building packages and for the system they are installed in. */
const packageTools = [
  { package: 'adduser', file: '/usr/sbin/adduser' },
  { package: 'apparmor', file: '/usr/sbin/apparmor_parser' },
  { package: 'binutils', file: '/usr/bin/strip' },
  { package: 'curl', file: '/usr/bin/curl' },
  { package: 'dbus', file: '/usr/bin/dbus-daemon' },
  { package: 'init-system-helpers', file: '/usr/bin/deb-systemd-helper' },
  { package: 'iproute2', file: '/sbin/ip' },
  { package: 'lintian', file: '/usr/bin/lintian' },
  { package: 'nftables', file: '/usr/sbin/nft' },
  { package: 'osslsigncode', file: '/usr/bin/osslsigncode' },
  { package: 'systemd', file: '/lib/systemd/systemd' },
  { package: 'util-linux', file: '/usr/bin/unshare' },
  { package: 'xz-utils', file: '/usr/bin/xz' },
];

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Ends the whole run at the first step that fails, with its exit code. */
function step(name: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): void {
  const startedAt = performance.now();
  say(`\n— ${name}`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env });
  if (error !== undefined || status !== 0) {
    say(`— ${name} failed${error === undefined ? '' : `: ${error.message}`}`);
    process.exit(status ?? 1);
  }
  say(`— ${name}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}

function provideTools(wanted: readonly { package: string; file: string }[]): void {
  const missing = wanted.filter(({ file }) => !existsSync(file)).map((tool) => tool.package);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    say(
      `The tests need these Debian packages: ${missing.join(', ')}. Install them as root: apt-get install ${missing.join(' ')}`,
    );
    process.exit(1);
  }
  // An index of an architecture nobody uses may fail; what counts is whether the install succeeds.
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit' });
  step(`install ${missing.join(', ')}`, 'apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], {
    ...process.env,
    // Nobody is there to answer a package's questions.
    DEBIAN_FRONTEND: 'noninteractive',
  });
}

/** Test files that try inputs drawn at random. */
function withDrawnInputs(): string[] {
  return globSync('test/**/*.test.ts', { cwd: root }).filter((path) =>
    /\/(properties|mutations)\.ts'/.test(readFileSync(join(root, path), 'utf8')),
  );
}

/** The runner's own count, as one plain line that scripts can read. */
function summary(): string {
  const counts = z
    .object({
      numPassedTests: z.int(),
      numFailedTests: z.int(),
      numPendingTests: z.int(),
      testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
    })
    .parse(JSON.parse(readFileSync(summaryFile, 'utf8')));
  // A file that cannot be loaded has no tests to count; it must not hide behind "0 failed".
  const unloadable = counts.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  const skipped = counts.numPendingTests === 0 ? '' : `, ${counts.numPendingTests} skipped`;
  return `${counts.numPassedTests} passed, ${counts.numFailedTests + unloadable.length} failed${skipped}`;
}

if (process.argv.includes('--package')) {
  provideTools(packageTools);
  const filters = process.argv.slice(2).filter((word) => word !== '--package');
  step('packages', bin('vitest'), ['run', '--config', 'test/package/vitest.config.ts', ...filters]);
  process.exit(0);
}
provideTools(tools);

/** Neither needs what another makes: they run side by side, and beside the tests, which wait a good deal for what they have started. */
const checks = [
  { name: 'types', command: 'tsc', args: ['-p', 'tsconfig.json'] },
  { name: 'types of the console', command: 'tsc', args: ['-p', 'server/console/tsconfig.json'] },
  { name: 'types of the window', command: 'tsc', args: ['-p', 'renderer/tsconfig.json'] },
  { name: 'lint and format', command: 'biome', args: ['ci', '--error-on-warnings', '.'] },
];

/** Its output comes at its end, in one piece. Answers whether it ended well. */
async function check({ name, command, args }: (typeof checks)[number]): Promise<boolean> {
  const startedAt = performance.now();
  const child = spawn(bin(command), args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended: Promise<unknown> = once(child, 'close').then(
    ([status, signal]) => status ?? signal,
    (error: Error) => error.message,
  );
  const [out, err, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  say(status === 0 ? `— ${name}: ${seconds} s` : `\n${out}${err}\n— ${name} failed: ${status}`);
  return status === 0;
}

const checked = Promise.all(checks.map(async (one) => ((await check(one)) ? [] : [one.name])));

/**
 * A folder in memory for what tests write and throw away: thousands of databases, none of which has to outlive a power failure.
 * Undefined where there is no such place, little room in it, or no program may be started from there; then it is the disk.
 */
function folderInMemory(): string | undefined {
  const memory = '/dev/shm';
  // Of `statfs`, linux/magic.h.
  const tmpfs = 0x0102_1994;
  let folder: string | undefined;
  try {
    const { type, bavail, bsize } = statfsSync(memory);
    if (type !== tmpfs || !(bavail * bsize >= 4 * 1024 ** 3)) return undefined;
    folder = mkdtempSync(join(memory, 'kits-'));
    const program = join(folder, 'program');
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 });
    if (spawnSync(program).status === 0) {
      rmSync(program);
      // Some tests give up root's rights and go on in here.
      chmodSync(folder, 0o1777);
      return folder;
    }
  } catch {
    // A system without it.
  }
  if (folder !== undefined) rmSync(folder, { recursive: true });
  return undefined;
}

mkdirSync(join(root, 'test-results'), { recursive: true });
rmSync(summaryFile, { force: true });
const soak = process.argv.includes('--soak');
const asked = process.argv.slice(2).filter((word) => word !== '--soak');
const filters = soak && asked.length === 0 ? ['test/faults/', ...withDrawnInputs()] : asked;
const inMemory = soak ? undefined : folderInMemory();
process.once('exit', () => {
  if (inMemory !== undefined) rmSync(inMemory, { recursive: true, force: true });
});
const runner = spawn(
  bin('vitest'),
  // In an hour somebody looks whether it goes on: each test by itself.
  [
    'run',
    `--reporter=${soak ? 'verbose' : 'default'}`,
    '--reporter=json',
    `--outputFile.json=${summaryFile}`,
    // A bound against what hangs; its properties are tried for minutes each.
    ...(soak ? ['--testTimeout=7200000'] : []),
    ...filters,
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      // Hundreds of programs of this project are started and killed: each would read its TypeScript anew.
      NODE_COMPILE_CACHE: join(root, 'test-results/compile-cache'),
      ...(inMemory === undefined ? {} : { TMPDIR: inMemory, KITS_ON_DISK: tmpdir() }),
      ...(soak ? { KITS_SOAK: '1', KITS_FUZZ_INPUTS: '100000' } : {}),
    },
  },
);
// Whoever stops it shall not leave behind what lies in memory: the runner ends first, then this.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => runner.kill(signal));
const [status] = await once(runner, 'close');
const failedChecks = (await checked).flat();
for (const name of failedChecks) say(`\n— ${name} failed; what it says stands above`);
say(existsSync(summaryFile) ? `\n${summary()}` : '\nThe test runner ended without a result.');
process.exit(failedChecks.length > 0 ? status || 1 : (status ?? 1));
