/** A real director, storage and file daemon on this machine: what a good, a partial, a broken and a cancelled job leave behind. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseBaculaState } from '../../../../agent/backup/products/bacula-state.ts';
import { fileDaemonFinding } from '../../../../agent/backup/products/bareos.ts';
import { reservedPort } from '../../../fixtures/reserved-port.ts';

const catalogue = '/usr/share/dbconfig-common/data/bacula-director-sqlite3/install/sqlite3';
const folder = mkdtempSync(join(tmpdir(), 'kits-bacula-'));
const daemons = new Map<string, ChildProcess>();
const inFolder = (...parts: string[]): string => join(folder, ...parts);

beforeAll(async () => {
  const [director, storage, file] = await Promise.all([reservedPort(), reservedPort(), reservedPort()]);
  for (const name of ['dir', 'sd', 'fd', 'volumes', 'data']) mkdirSync(inFolder(name));
  writeFileSync(inFolder('data/akte.txt'), 'x'.repeat(100_000));
  execFileSync('mkfifo', [inFolder('pipe')]);
  const database = new DatabaseSync(inFolder('dir/bacula.db'));
  database.exec(readFileSync(catalogue, 'utf8'));
  database.close();
  const place = (name: string): string => `WorkingDirectory = "${inFolder(name)}"; PidDirectory = "${inFolder(name)}"`;
  const fileSet = (name: string, files: string): string =>
    `FileSet { Name = ${name}; Include { Options { signature = MD5; readfifo = yes }\n${files} } }`;
  writeFileSync(
    inFolder('dir.conf'),
    `Director { Name = d; DIRport = ${director}; QueryFile = "/dev/null"; ${place('dir')}; Password = "p"; Messages = m
  DirAddress = 127.0.0.1; Maximum Concurrent Jobs = 4 }
Catalog { Name = c; dbname = "bacula"; dbuser = ""; dbpassword = "" }
Messages { Name = m; append = "${inFolder('log')}" = all }
Client { Name = f; Address = 127.0.0.1; FDPort = ${file}; Catalog = c; Password = "p" }
Storage { Name = s; Address = 127.0.0.1; SDPort = ${storage}; Password = "p"; Device = dev; Media Type = File }
Pool { Name = pool; Pool Type = Backup; Label Format = "v" }
${fileSet('whole', `File = "${inFolder('data')}"`)}
${fileSet('part', `File = "${inFolder('data')}"\nFile = "${inFolder('gone')}"`)}
${fileSet('slow', `File = "${inFolder('pipe')}"`)}
JobDefs { Name = jd; Type = Backup; Level = Full; Client = f; Storage = s; Pool = pool; Messages = m; FileSet = whole }
Job { Name = nightly; JobDefs = jd }
Job { Name = partly; JobDefs = jd; FileSet = part }
Job { Name = slow; JobDefs = jd; FileSet = slow }
Job { Name = refused; JobDefs = jd
  RunScript { RunsWhen = Before; RunsOnClient = yes; FailJobOnError = yes; Command = "/bin/false" } }
`,
  );
  writeFileSync(
    inFolder('sd.conf'),
    `Storage { Name = s; SDPort = ${storage}; ${place('sd')}; SDAddress = 127.0.0.1 }
Director { Name = d; Password = "p" }
Device { Name = dev; Media Type = File; Archive Device = "${inFolder('volumes')}"; LabelMedia = yes; Random Access = yes
  AutomaticMount = yes; RemovableMedia = no; AlwaysOpen = no }
Messages { Name = m; director = d = all }
`,
  );
  writeFileSync(
    inFolder('fd.conf'),
    `FileDaemon { Name = f; FDport = ${file}; ${place('fd')}; FDAddress = 127.0.0.1 }
Director { Name = d; Password = "p" }
Messages { Name = m; director = d = all }
`,
  );
  writeFileSync(
    inFolder('console.conf'),
    `Director { Name = d; DIRport = ${director}; Address = 127.0.0.1; Password = "p" }\n`,
  );
  start('sd');
  start('fd');
  start('dir');
  await until(() => said('version\n').includes('Version'));
});

afterAll(async () => {
  for (const daemon of daemons.values()) await ended(daemon, 'SIGKILL');
  rmSync(folder, { recursive: true });
});

test('good, partial, refused, broken off and cancelled jobs', async () => {
  said('run job=nightly yes\nwait\nrun job=partly yes\nwait\nrun job=refused yes\nwait\n');

  said('run job=slow yes\n');
  await until(() => transfers('slow'));
  said('cancel job=slow yes\nwait\n');

  // The storage goes away while the file daemon waits for data: the job fails in the middle.
  said('run job=slow yes\n');
  await until(() => transfers('slow'));
  await ended(daemons.get('sd'), 'SIGKILL');
  const feeding = feedPipe();
  await until(() => !transfers('slow'));
  await ended(feeding, 'SIGKILL');

  // The daemon writes its state when it ends, as it does at every shutdown of the PC.
  await ended(daemons.get('fd'), 'SIGTERM');
  const [name] = readdirSync(inFolder('fd')).filter((entry) => entry.endsWith('.state'));
  expect(name).toMatch(/^bacula-fd\.\d+\.state$/);
  const records = parseBaculaState(readFileSync(inFolder('fd', name ?? '')));
  const { jobs } = fileDaemonFinding({ name: 'Bacula' }, { records: records ?? [] }, []);
  expect(jobs.map(({ id, runs }) => [id, runs.map(({ result, code }) => `${result} ${code}`)])).toEqual([
    ['nightly', ['success T']],
    ['partly', ['warning T']],
    ['slow', ['cancelled A', expect.stringMatching(/^failed [Eef]$/)]],
  ]);
  const [nightly] = jobs;
  expect(nightly?.runs[0]?.bytes).toBe(100_000);
  const age = Date.now() - (nightly?.runs[0]?.endedAt?.getTime() ?? 0);
  expect(age).toBeGreaterThanOrEqual(0);
  expect(age).toBeLessThan(10 * 60_000);
});

/**
 * Lets the waiting job go on. It may have noticed before that its storage is gone: whoever opens the pipe then waits for a
 * reader for ever, so that is left to a program that can be ended.
 */
function feedPipe(): ChildProcess {
  const feeding = spawn('/bin/sh', ['-c', `exec head -c 1000000 /dev/zero >'${inFolder('pipe')}'`], {
    stdio: 'ignore',
  });
  daemons.set('pipe', feeding);
  return feeding;
}

function start(name: 'dir' | 'sd' | 'fd'): void {
  const daemon = spawn(`/usr/sbin/bacula-${name}`, ['-f', '-c', inFolder(`${name}.conf`)], { stdio: 'ignore' });
  daemons.set(name, daemon);
}

function said(commands: string): string {
  try {
    return execFileSync('/usr/sbin/bconsole', ['-n', '-c', inFolder('console.conf')], {
      input: `${commands}quit\n`,
      encoding: 'utf8',
      timeout: 60_000,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
  } catch (error) {
    // Until the director listens there is no answer; a test that needs one says so by what it expects.
    return String((error as { stdout?: unknown }).stdout ?? '');
  }
}

function transfers(job: string): boolean {
  const [now = ''] = said('status client=f\n').split('Terminated Jobs');
  return now.includes(`Job ${job}.`) && now.includes('Processing file');
}

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (condition()) return;
    await setTimeout(100);
  }
  throw new Error('the daemons did not get that far');
}

async function ended(daemon: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return;
  const end = new Promise((resolve) => daemon.once('exit', resolve));
  daemon.kill(signal);
  await end;
}
