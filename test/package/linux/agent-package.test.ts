/** The Debian package of the service, installed for real: against a real server, under a real systemd, to the last file. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { licenceText } from '../../../build/licences.ts';
import { buildAgentPackage } from '../../../build/linux/agent-package.ts';
import { runTool } from '../../../build/run-tool.ts';
import { buildSingleExecutable } from '../../../build/single-executable.ts';
import { sourceDate } from '../../../build/source-date.ts';
import { type BootedSystem, bootSystem } from './booted-system.ts';
import { type Killed, killDuring, look, type Seen, type Victims } from './kill-upgrade.ts';

const root = join(import.meta.dirname, '../../..');
const [older, middle, interrupted, again, newer] = ['0.0.8', '0.0.9', '0.1.0', '0.1.1', '0.1.2'] as const;
const port = 7480;
const serverUrl = `http://127.0.0.1:${port}`;
/** Only a failure takes as long; a machine with much to do elsewhere needs a good deal of it. */
const longMs = 180_000;
/** What `systemd-analyze security` says at most; 0 is best, 10 is worst. */
const worstExposure = 3.5;

let system: BootedSystem;
let folder: string;
let apiToken: string;
const packages: Record<string, string> = {};

const device = z.object({ id: z.string(), state: z.string(), lastHeardAt: z.string().nullable() });
const section = z.object({
  id: z.string(),
  state: z.string(),
  problems: z.array(z.object({ code: z.string() })),
  data: z
    .object({ volumes: z.array(z.object({ mountPoint: z.string(), readOnly: z.boolean() })).optional() })
    .optional(),
});

async function build(version: string): Promise<string> {
  const executable = join(folder, version, 'kits-agent');
  const licences = licenceText(await buildSingleExecutable({ platform: 'linux', version, outFile: executable }));
  const outFile = join(folder, `kits-agent_${version}_amd64.deb`);
  const made = { version, executable, licences, outFile, sourceDate: sourceDate() };
  return buildAgentPackage({ ...made, compression: 'fast' });
}

function server(...args: string[]): string {
  const dataDir = ['--data-dir', '/var/lib/kits-server-test'];
  return system.must(process.execPath, join(root, 'server/cli.ts'), ...args, ...dataDir);
}

function devices(): z.infer<typeof device>[] {
  const answer = system.must('curl', '-sS', '-H', `Authorization: Bearer ${apiToken}`, `${serverUrl}/api/v1/devices`);
  return z.object({ items: z.array(device) }).parse(JSON.parse(answer)).items;
}

function unit(property: string): string {
  return system.must('systemctl', 'show', 'kits-agent.service', '--value', '-p', property);
}

const running = (): boolean => unit('ActiveState') === 'active' && unit('SubState') === 'running';
const executableOfService = (): string => system.run('readlink', [`/proc/${unit('MainPID')}/exe`]).stdout.trim();

beforeAll(async () => {
  folder = mkdtempSync('/var/tmp/kits-debs-');
  for (const version of [older, middle, interrupted, again, newer]) packages[version] = await build(version);
  system = await bootSystem();
  const started = system.start(process.execPath, [
    join(root, 'server/cli.ts'),
    ...['start', '--data-dir', '/var/lib/kits-server-test', '--port', String(port)],
  ]);
  started.stderr?.resume();
  const gone = once(started, 'exit').then(([code]) =>
    Promise.reject(new Error(`the server ended at once with ${code}`)),
  );
  await Promise.race([once(started.stdout as NodeJS.ReadableStream, 'data'), gone]);
  // It is ended with the whole namespace later on, which is no failure.
  gone.catch(() => undefined);
  server('create-municipality', 'Teststadt');
  apiToken = server('create-api-token', '--role', 'admin');
});

afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

test('lintian has nothing to say', () => {
  const said = runTool('lintian', ['--allow-root', '--info', '--fail-on', 'none', packages[newer] as string]);
  expect(said).toBe('');
});

test('an unattended installation enrols with what stands in setup.json, and reports', async () => {
  const token = server('create-token', '--municipality', 'Teststadt');
  system.must('mkdir', '-p', '/etc/kits-agent');
  const input = JSON.stringify({ server: serverUrl, token, settings: { logLevel: 'debug' } });
  expect(system.run('tee', ['/etc/kits-agent/setup.json'], { input }).exitCode).toBe(0);
  system.must('dpkg', '--install', packages[older] as string);

  expect(system.must('systemctl', 'is-enabled', 'kits-agent.service', 'kits-agent-guard.timer')).toBe(
    'enabled\nenabled',
  );
  expect(running()).toBe(true);
  expect(system.must('systemctl', 'is-active', 'kits-agent-guard.timer')).toBe('active');
  // Also on a machine that has been up for long: its first turn was before there was anything to guard.
  const next = ['show', 'kits-agent-guard.timer', '--value', '-p', 'NextElapseUSecMonotonic'];
  expect(system.must('systemctl', ...next)).toMatch(/^\d/);
  const heard = await system.until(
    'the first report',
    () => devices().find(({ lastHeardAt }) => lastHeardAt !== null),
    longMs,
  );
  expect(heard.state).toBe('active');
  expect(system.must('kits-agent', 'version')).toBe(older);

  // The token is nowhere any more, neither in a file nor in the journal.
  expect(system.run('test', ['-e', '/etc/kits-agent/setup.json']).exitCode).toBe(1);
  expect(system.run('grep', ['-rl', token, '/etc/kits-agent', '/var/lib/kits-agent']).stdout).toBe('');
  expect(system.must('journalctl', '--no-pager')).not.toContain(token);
  expect(system.must('cat', '/etc/kits-agent/agent.json')).toContain('"logLevel": "debug"');
});

test('systemd finds nothing wrong with the units, and little that could still be taken away', () => {
  const units = ['kits-agent.service', 'kits-agent-guard.service', 'kits-agent-guard.timer'];
  const verified = system.run('systemd-analyze', ['verify', ...units.map((name) => `/usr/lib/systemd/system/${name}`)]);
  expect(verified).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  for (const name of ['kits-agent.service', 'kits-agent-guard.service']) {
    const said = system.must('systemd-analyze', 'security', '--no-pager', name);
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(said)?.[1]);
    process.stdout.write(`${name}: systemd-analyze security ${exposure}\n`);
    expect(exposure).toBeLessThanOrEqual(worstExposure);
  }
});

test('the sandbox takes nothing away from what is collected', () => {
  // The same unit, but for the command and what belongs to a service that goes on.
  const text = system
    .must('cat', '/usr/lib/systemd/system/kits-agent.service')
    .replace('kits-agent run', 'kits-agent collect')
    .replace(
      'Type=exec',
      'Type=oneshot\nStandardOutput=truncate:/var/lib/kits-agent/collected.json\nSuccessExitStatus=6',
    )
    .replace(/^(Restart|WatchdogSec|NotifyAccess|OnFailure).*$/gm, '');
  const name = '/run/systemd/system/kits-collect.service';
  expect(system.run('tee', [name], { input: text }).exitCode).toBe(0);
  system.must('systemctl', 'daemon-reload');
  system.must('systemctl', 'start', 'kits-collect.service');
  const states = (json: string): string[] =>
    z
      .object({ sections: z.array(section) })
      .parse(JSON.parse(json))
      .sections.map(({ id, state, problems, data }) =>
        [
          id,
          state,
          problems.map(({ code }) => code),
          data?.volumes?.map(({ mountPoint, readOnly }) => `${mountPoint} ${readOnly}`),
        ].join(' '),
      );
  const outside = system.run('kits-agent', ['collect'], { timeoutMs: 120_000 }).stdout;
  expect(states(system.must('cat', '/var/lib/kits-agent/collected.json'))).toEqual(states(outside));
  system.must('rm', '/var/lib/kits-agent/collected.json', name);
  system.must('systemctl', 'daemon-reload');
});

test('nobody but root can change anything that was installed, or look into what is private', () => {
  const places = ['/usr/lib/kits-agent', '/etc/kits-agent', '/etc/default/kits-agent', '/var/lib/kits-agent'];
  const units = ['kits-agent.service', 'kits-agent-guard.service', 'kits-agent-guard.timer'];
  const asNobody = (...question: string[]): string[] =>
    system
      .run('setpriv', [
        ...['--reuid=nobody', '--regid=nogroup', '--clear-groups', 'find'],
        ...[...places, ...units.map((name) => `/usr/lib/systemd/system/${name}`), '/usr/bin/kits-agent', ...question],
      ])
      .stdout.split('\n')
      .filter((line) => line !== '');
  expect(asNobody('-writable')).toEqual(['/var/lib/kits-agent/public/requests']);
  const seen = asNobody('-readable');
  expect(seen).toContain('/var/lib/kits-agent/public/status.json');
  expect(seen.filter((path) => /\/private|\/requests/.test(path))).toEqual([]);
  const asUser = system.run('setpriv', ['--reuid=nobody', '--regid=nogroup', '--clear-groups', 'kits-agent', 'status']);
  expect(asUser).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Teststadt') });
});

test('the service tells the watchdog that it turns', async () => {
  expect(unit('WatchdogUSec')).toBe('30min');
  const sinceStart = (): number =>
    Number(unit('WatchdogTimestampMonotonic')) - Number(unit('ExecMainStartTimestampMonotonic'));
  // Set once by the start itself, and again by what the service says after its first look.
  await system.until('a word to the watchdog', () => (sinceStart() > 500_000 ? true : undefined), longMs);
});

test('what the service holds in memory, for the note', () => {
  const status = system.must('cat', `/proc/${unit('MainPID')}/status`);
  const kibibytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const [resident, anonymous] = [kibibytes('VmRSS'), kibibytes('RssAnon')];
  process.stdout.write(`service after a round: ${resident} KiB resident, ${anonymous} KiB anonymous\n`);
  expect(resident).toBeGreaterThan(anonymous);
});

test('the service may ask for the guard', async () => {
  const guard = (property: string): string =>
    system.must('systemctl', 'show', 'kits-agent-guard.service', '--value', '-p', property);
  const turnBefore = guard('ExecMainExitTimestampMonotonic');
  const asked = system
    .must('cat', '/usr/lib/systemd/system/kits-agent.service')
    .replace(/^ExecStart=.*$/m, 'ExecStart=/usr/bin/systemctl start --no-block kits-agent-guard.service');
  const name = '/run/systemd/system/kits-ask.service';
  const text = asked
    .replace('Type=exec', 'Type=oneshot')
    .replace(/^(Restart|WatchdogSec|NotifyAccess|OnFailure).*$/gm, '');
  expect(system.run('tee', [name], { input: text }).exitCode).toBe(0);
  system.must('systemctl', 'daemon-reload');
  system.must('systemctl', 'start', 'kits-ask.service');
  const turned = (): boolean =>
    guard('ActiveState') === 'inactive' && guard('ExecMainExitTimestampMonotonic') !== turnBefore;
  await system.until('the turn of the guard', () => (turned() ? true : undefined), longMs);
  expect(guard('Result')).toBe('success');
  system.must('rm', name);
  system.must('systemctl', 'daemon-reload');
});

test('killed, it is started again and knows what it knew', async () => {
  const [before] = devices();
  const pid = unit('MainPID');
  // A guard that comes by in the seconds before systemd's own start would start it first, which systemd does not count.
  system.must('systemctl', 'stop', 'kits-agent-guard.timer');
  system.must('kill', '-KILL', pid);
  await system.until('the restart', () => (running() && unit('MainPID') !== pid ? true : undefined), longMs);
  expect(unit('NRestarts')).toBe('1');
  system.must('systemctl', 'start', 'kits-agent-guard.timer');
  expect(system.must('kits-agent', 'status', '--json')).toContain('Teststadt');
  expect(devices()[0]?.id).toBe(before?.id);
});

/** What an administrator would put beside a unit; an empty text takes it away again. */
function dropIn(name: string, text: string): void {
  const folder = `/run/systemd/system/${name}.d`;
  if (text === '') system.must('rm', '-r', folder);
  else {
    system.must('mkdir', '-p', folder);
    expect(system.run('tee', [`${folder}/test.conf`], { input: text }).exitCode).toBe(0);
  }
  system.must('systemctl', 'daemon-reload');
}

test('one that hangs is ended and started anew by the watchdog; one that turns is left alone', async () => {
  system.must('systemctl', 'stop', 'kits-agent-guard.timer');
  dropIn('kits-agent.service', '[Service]\nWatchdogSec=10s\n');
  system.must('systemctl', 'restart', 'kits-agent.service');
  const pid = unit('MainPID');
  const startedAt = Number(unit('ExecMainStartTimestampMonotonic'));
  // It looks each minute, or when somebody at the PC asks for something: here, so that it says that it turns within those seconds.
  let asked = 0;
  const ask = (): void => {
    asked += 1;
    if (asked % 5 === 1) system.must('sh', '-c', 'echo {} >>/var/lib/kits-agent/public/requests');
  };
  await system.until(
    'words to the watchdog for longer than it waits',
    () => {
      ask();
      expect(unit('MainPID')).toBe(pid);
      return Number(unit('WatchdogTimestampMonotonic')) - startedAt > 12_000_000 ? true : undefined;
    },
    longMs,
  );
  system.must('kill', '-STOP', pid);
  await system.until(
    'the restart',
    () => {
      ask();
      return running() && unit('MainPID') !== pid ? true : undefined;
    },
    longMs,
  );
  expect(system.must('journalctl', '--no-pager', '--unit', 'kits-agent.service')).toMatch(/Watchdog timeout/);
  dropIn('kits-agent.service', '');
});

test('a service that systemd has given up is brought back by the timer of the guard', async () => {
  dropIn('kits-agent.service', '[Unit]\nOnFailure=\n[Service]\nRestart=no\n');
  system.must('kill', '-KILL', unit('MainPID'));
  await system.until('the end', () => (unit('ActiveState') === 'failed' ? true : undefined), longMs);
  // The same words as in the package, with seconds for minutes.
  dropIn('kits-agent-guard.timer', '[Timer]\nOnBootSec=\nOnUnitInactiveSec=1s\nAccuracySec=100ms\n');
  system.must('systemctl', 'start', 'kits-agent-guard.timer');
  await system.until('the service', () => (running() ? true : undefined), longMs);
  system.must('systemctl', 'stop', 'kits-agent-guard.timer');
  dropIn('kits-agent-guard.timer', '');
  dropIn('kits-agent.service', '');
  system.must('systemctl', 'start', 'kits-agent-guard.timer');
});

test('an upgrade takes over when it has proven itself, and keeps settings and identity', () => {
  const before = devices();
  system.must('dpkg', '--install', packages[middle] as string);
  expect(running()).toBe(true);
  expect(executableOfService()).toBe(`/usr/lib/kits-agent/versions/${middle}/kits-agent`);
  expect(system.must('kits-agent', 'version')).toBe(middle);
  expect(system.must('readlink', '/usr/lib/kits-agent/proven')).toBe(`versions/${middle}`);
  expect(devices().map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  expect(system.must('cat', '/etc/kits-agent/agent.json')).toContain('"logLevel": "debug"');
  expect(system.must('find', '/var/lib/kits-agent/private', '-type', 'f', '-perm', '/077')).toBe('');
});

/** Killed where, what stood there then, and what ran at once, after turns of the guard, and after the way administrators go on. */
const table: string[][] = [];
afterAll(() => {
  const rows = [
    ['killed', 'found', 'runs at once', 'after the guard', 'afterwards'],
    ['---', '---', '---', '---', '---'],
    ...table,
  ];
  process.stdout.write(`\n${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`);
});

const words = ({ current, proven, trial, attempts }: Seen): string =>
  `current ${current || 'none'}, proven ${proven || 'none'}, record ${trial || 'none'}, ${attempts} starts`;
const runningVersion = (): string =>
  running() ? (/versions\/([^/]+)\//.exec(executableOfService())?.[1] ?? 'nothing') : 'nothing';

/** What the timer does every five minutes, until nothing is on trial any more. */
async function guardTurns(version: string): Promise<void> {
  system.must('systemctl', 'start', 'kits-agent-guard.service');
  await system.until(
    'the end of the trial',
    () => (look(system, version).trial.includes(' trial') ? undefined : true),
    longMs,
  );
  system.must('systemctl', 'start', 'kits-agent-guard.service');
}

async function interrupt(
  name: string,
  version: string,
  when: (seen: Seen) => boolean,
  victims: Victims,
  hold: (seen: Seen) => boolean = () => false,
): Promise<Killed> {
  const before = runningVersion();
  const killed = await killDuring(system, { deb: packages[version] as string, version, when, victims, hold });
  expect(killed.exitCode).not.toBe(0);
  const atOnce = runningVersion();
  await guardTurns(version);
  const after = runningVersion();
  table.push([`${[...new Set(killed.killed)].join(', ')} ${name}`, words(killed.seen), atOnce, after]);
  expect([before, version]).toContain(after);
  const { current, proven, trial } = look(system, version);
  expect({ current, proven }).toEqual({ current: after, proven: after });
  expect(trial).not.toContain(' trial');
  return killed;
}

/** dpkg goes on where it was. */
function goOn(version: string, ...command: string[]): void {
  system.must('dpkg', ...command);
  table.at(-1)?.push(runningVersion());
  expect(runningVersion()).toBe(version);
  expect(look(system, version)).toMatchObject({ current: version, proven: version });
  expect(system.must('dpkg', '--list', 'kits-agent')).toMatch(new RegExp(`\\nii +kits-agent +${version} `));
  expect(devices().map(({ state }) => state)).toEqual(['active']);
}

test('killed while it unpacks, nothing has changed for the service', async () => {
  const pid = unit('MainPID');
  await interrupt('while unpacking', interrupted, ({ unpacking }) => unpacking, 'everything');
  expect(unit('MainPID')).toBe(pid);
  table.at(-1)?.push('see next line');
});

test('killed while the new executable is tried, the one before goes on', async () => {
  const { seen } = await interrupt('while the draft is tried', interrupted, ({ draft }) => draft, 'activate');
  expect(seen).toMatchObject({ current: middle, proven: middle });
  table.at(-1)?.push('see next line');
});

test('killed when the trial is recorded, a version runs, and dpkg goes on', async () => {
  await interrupt(
    'when the trial is recorded',
    interrupted,
    ({ trial }) => trial.startsWith(`${interrupted} trial`),
    'everything',
  );
  goOn(interrupted, '--configure', '--pending');
});

test('killed while the new version is on trial, it proves itself without the installer', async () => {
  const { seen } = await interrupt(
    'when the new version was started',
    again,
    ({ attempts }) => attempts > 0,
    'everything',
  );
  expect(seen).toMatchObject({ current: again, proven: interrupted });
  expect(runningVersion()).toBe(again);
  goOn(again, '--configure', '--pending');
});

test('killed when it has proven itself, the guard settles it', async () => {
  const isStarted = ({ attempts }: Seen): boolean => attempts > 0;
  const isProven = ({ trial }: Seen): boolean => trial.startsWith(`${newer} proven`);
  await interrupt('when it is proven', newer, isProven, 'activate', isStarted);
  expect(runningVersion()).toBe(newer);
  goOn(newer, '--configure', '--pending');
});

test('an older package is refused before anything of it is unpacked', () => {
  const { exitCode, stderr } = system.run('dpkg', ['--install', packages[middle] as string], { timeoutMs: 240_000 });
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain(`${newer} is installed and ${middle} is older. Nothing was changed.`);
  expect(running()).toBe(true);
  expect(system.must('kits-agent', 'version')).toBe(newer);
  expect(system.must('dpkg', '--list', 'kits-agent').split('\n').at(-1)).toMatch(
    new RegExp(`^ii +kits-agent +${newer} `),
  );
});

test('removed, it keeps its data; purged, it leaves nothing', () => {
  system.must('dpkg', '--remove', 'kits-agent');
  expect(system.run('systemctl', ['is-active', 'kits-agent.service']).stdout.trim()).toBe('inactive');
  expect(system.run('test', ['-e', '/usr/lib/kits-agent']).exitCode).toBe(1);
  // The store stays under a name that nothing takes up again; who this PC was does not stay, and the server has been told.
  const kept = system.must('ls', '/var/lib/kits-agent/private').split('\n');
  expect(kept).toContainEqual(expect.stringMatching(/^retired-\S+\.db$/));
  expect(kept).not.toContain('device-key.pem');
  expect(devices().map(({ state }) => state)).not.toContain('active');
  system.must('dpkg', '--purge', 'kits-agent');
  expect(system.leftOf('kits-agent')).toBe('');
  expect(system.run('pgrep', ['-f', '/usr/lib/kits-agent']).stdout).toBe('');
});

test('a first installation that is killed before its service was started is finished by the guard', async () => {
  const { seen } = await killDuring(system, {
    deb: packages[older] as string,
    version: older,
    when: ({ proven }) => proven === older,
    victims: 'everything',
  });
  table.push(['dpkg, postinst, activate in a first installation', words(seen), runningVersion()]);
  expect(system.must('systemctl', 'is-active', 'kits-agent-guard.timer')).toBe('active');
  await guardTurns(older);
  table.at(-1)?.push(runningVersion());
  expect(runningVersion()).toBe(older);
  system.must('dpkg', '--configure', '--pending');
  table.at(-1)?.push(runningVersion());
  expect(runningVersion()).toBe(older);
  system.must('dpkg', '--purge', 'kits-agent');
  expect(system.leftOf('kits-agent')).toBe('');
});
