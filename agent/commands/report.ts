/** Commands that work on the data directory: enrol, report, run, reset-identity. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { type Agent, NotEnrolled, openAgent } from '../agent.ts';
import { createEventLog } from '../event-log.ts';
import type { Log } from '../log.ts';
import { systemClock } from '../platform/clock.ts';
import { thisMachine } from '../platform/this-machine.ts';
import { createWatchdog } from '../platform/watchdog.ts';
import { isLoopback } from '../report/server-client.ts';
import { openWhenPossible, startService } from '../service.ts';
import { defaultConfigFile } from '../settings/settings.ts';
import { enrolWaiting, waitingEnrolmentFile } from '../setup/waiting-enrolment.ts';
import { watchSettings } from '../setup/watch-settings.ts';
import { openStore } from '../store/agent-store.ts';
import { createLifeSign } from '../upgrade/hung-service.ts';
import { installedVersions } from '../upgrade/these-versions.ts';
import { enterTrial, TrialFailed, type TrialRun } from '../upgrade/trial-run.ts';
import { agentVersion } from '../version.ts';
import { isGap } from './collect.ts';
import { type CommandInput, type ExitCode, exitCodes, stringOption, UsageError } from './command.ts';
import { dataDirOf, logOf, settingsOf } from './command-settings.ts';

/** A log, and what of it is told elsewhere as well. */
type Beside = (log: Log) => Log;

async function openAt(input: CommandInput, damaged = false, beside: Beside = (log) => log): Promise<Agent> {
  const settings = settingsOf(input);
  return openAgent({
    dataDir: dataDirOf(input),
    settings,
    machine: await thisMachine({ privateDir: join(dataDirOf(input), 'private') }),
    log: beside(logOf(input, settings.settings.logLevel)),
    damaged,
    wakeGuard: () => installedVersions({ dataDir: dataDirOf(input) }).wakeGuard(),
  });
}

async function withAgent(input: CommandInput, work: (agent: Agent) => Promise<ExitCode>): Promise<ExitCode> {
  const agent = await openAt(input);
  try {
    return await work(agent);
  } finally {
    agent.close();
  }
}

/** "-": from standard input, since everybody at the machine can read what stands on a command line. */
function tokenOf(input: CommandInput): string | undefined {
  const given = stringOption(input, 'token');
  if (given !== '-') return given;
  const read = readFileSync(process.stdin.fd, 'utf8').trim();
  if (!/^[\x21-\x7e]{16,200}$/.test(read)) throw new UsageError('--token -: standard input holds no enrolment token');
  return read;
}

export function enrolCommand(input: CommandInput): Promise<ExitCode> {
  return withAgent(input, async (agent) => {
    const { settings } = settingsOf(input);
    const server = stringOption(input, 'server') ?? settings.serverUrl;
    const token = tokenOf(input);
    const serverKey = stringOption(input, 'server-key') ?? settings.serverKey;
    const recoveryKey = stringOption(input, 'recovery-key') ?? settings.recoveryKey;
    for (const [name, value] of [
      ['server-key', serverKey],
      ['recovery-key', recoveryKey],
    ] as const) {
      if (value !== undefined && !/^[A-Za-z0-9_-]{43}$/.test(value)) {
        throw new UsageError(`--${name} ${value}: expected the thumbprint of the key (43 characters)`);
      }
    }
    if (server === undefined || token === undefined) throw new UsageError('enrol needs --server URL and --token T');
    if (!URL.canParse(server))
      throw new UsageError(`--server ${server}: expected a URL such as "https://kits.example.de"`);
    const { protocol, hostname, username, password } = new URL(server);
    if (username !== '' || password !== '') throw new UsageError('--server: expected a URL without user and password');
    if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(hostname))) {
      throw new UsageError(`--server ${server}: expected https; plain http is accepted for this machine itself only`);
    }
    if (serverKey === undefined && !isLoopback(hostname)) {
      throw new UsageError(
        'enrol needs the thumbprint of the server key (--server-key); without it anybody on the way could pose as the server',
      );
    }
    const before = agent.enrolment();
    if (before !== undefined && before.serverUrl !== server.replace(/\/+$/, '')) {
      throw new UsageError(
        `This machine already belongs to ${before.serverUrl} (${before.municipality}). ` +
          'To move it to another server, run "kits-agent reset-identity" first.',
      );
    }
    const enrolment = await agent.enrol({
      server,
      token,
      ...(serverKey === undefined ? {} : { serverKey }),
      ...(recoveryKey === undefined ? {} : { recoveryKey }),
    });
    agent.publishStatus();
    input.out(
      input.options['json'] === true
        ? JSON.stringify({ deviceId: enrolment.deviceId, municipality: enrolment.municipality, state: enrolment.state })
        : `Enrolled as ${enrolment.deviceId} in ${enrolment.municipality}${
            enrolment.state === 'pending' ? '; KITS still has to approve this device, reports wait until then' : ''
          }.`,
    );
    return exitCodes.done;
  });
}

/** `report` and `run --once`: collect a full round, send everything that waits. */
async function reportOnce(input: CommandInput, agent: Agent): Promise<ExitCode> {
  if (agent.enrolment() === undefined) throw new NotEnrolled();
  const { sections, report } = await agent.round('full');
  agent.publishStatus();
  const result = await agent.exchange().finally(() => agent.publishStatus());
  const waiting = agent.store.queue().waiting;
  const gaps = sections.filter(isGap).map(({ id }) => id);
  input.out(
    input.options['json'] === true
      ? JSON.stringify({ reportId: report?.envelope.reportId, sections: sections.length, gaps, ...result, waiting })
      : [
          `${sections.length} sections collected${gaps.length === 0 ? '' : `, not complete: ${gaps.join(', ')}`}.`,
          `${result.accepted} ${result.accepted === 1 ? 'report' : 'reports'} accepted (${result.bytesSent} bytes), ${waiting} waiting.`,
        ].join('\n'),
  );
  if (result.refused > 0) return exitCodes.refused;
  return gaps.length > 0 ? exitCodes.partial : exitCodes.done;
}

export function reportCommand(input: CommandInput): Promise<ExitCode> {
  return withAgent(input, (agent) => reportOnce(input, agent));
}

/** So soon a changed file takes effect. */
const settingsLookMs = 30_000;

function configFileOf(input: CommandInput): string {
  return stringOption(input, 'config') ?? defaultConfigFile();
}

function settingsAreUsable(input: CommandInput, log: Log): boolean {
  try {
    settingsOf(input);
    return true;
  } catch (error) {
    log.error('settings-unusable', { error: (error as Error).message });
    return false;
  }
}

export async function runCommand(input: CommandInput): Promise<ExitCode> {
  if (input.options['once'] === true) return withAgent(input, (agent) => reportOnce(input, agent));
  if (process.platform !== 'win32') return runService(input);
  const events = createEventLog({ dataDir: dataDirOf(input), writer: 'service' });
  try {
    return await runService(input, events.beside);
  } catch (error) {
    events.tell('service-failed', { error: (error as Error).message });
    throw error;
  } finally {
    await events.written();
  }
}

async function runService(input: CommandInput, beside: Beside = (log) => log): Promise<ExitCode> {
  const { signal } = input;
  const log = beside(logOf(input, settingsOf(input).settings.logLevel));
  const aborted = new Promise<'aborted'>((resolve) => {
    if (signal.aborted) resolve('aborted');
    signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
  const dataDir = dataDirOf(input);
  const turned = turnedHere(dataDir);
  const trial = await enterTrialOrFail(dataDir, log);
  try {
    for (let damaged = false; ; ) {
      const opened = await openWhenPossible(() => openAt(input, damaged, beside), {
        log,
        signal,
        pauseMs: 60_000,
        turned,
      });
      if (opened === undefined) return exitCodes.done;
      const agent = trial?.watch(opened) ?? opened;
      log.info('service-started', { dataDir, enrolled: agent.enrolment() !== undefined });
      const service = startService({ agent, log, turned, ...(trial === undefined ? {} : { wanted: trial.wanted }) });
      const ending = new AbortController();
      const joining = enrolWaiting({ agent, dataDir, log, signal: AbortSignal.any([signal, ending.signal]) });
      const enrolled = joining.then((outcome) =>
        outcome === 'enrolled' ? outcome : new Promise<never>(() => undefined),
      );
      const watch = watchSettings([configFileOf(input), waitingEnrolmentFile(dataDir)], {
        intervalMs: settingsLookMs,
        isUsable: () => settingsAreUsable(input, log),
      });
      const changed = watch.changed.then(() => 'changed' as const);
      const isDamaged = service.damaged.then(() => 'damaged' as const);
      const why = await Promise.race([
        aborted,
        isDamaged,
        enrolled,
        changed,
        ...(trial === undefined ? [] : [trial.failed]),
      ]);
      ending.abort();
      watch.stop();
      await service.stop();
      await joining;
      // What was collected before had nobody to be reported to: the first round for KITS is still to come, and waits for nothing.
      if (why === 'enrolled') agent.store.ran('full-round', new Date(0));
      agent.close();
      log.info('service-stopped');
      if (why === 'aborted') return exitCodes.done;
      if (why instanceof TrialFailed) await giveUp(dataDir, why);
      damaged = why === 'damaged';
    }
  } finally {
    trial?.stop();
  }
}

/** The first sign on Windows is given at once: without it the guard would judge that of the process before. */
function turnedHere(dataDir: string): () => Promise<void> {
  if (process.platform !== 'win32') return createWatchdog({ monotonicMs: systemClock.monotonicMs });
  const turned = createLifeSign(dataDir);
  void turned();
  return turned;
}

async function enterTrialOrFail(dataDir: string, log: Log): Promise<TrialRun | undefined> {
  try {
    return enterTrial({ dataDir, version: agentVersion, log, now: () => new Date() });
  } catch (error) {
    if (error instanceof TrialFailed) return giveUp(dataDir, error);
    throw error;
  }
}

/** The guard has the rights to switch back; the service itself may have too few. */
async function giveUp(dataDir: string, failure: TrialFailed): Promise<never> {
  await installedVersions({ dataDir }).wakeGuard();
  throw failure;
}

/** Makes this installation nobody, so that its disk can be copied: key, enrolment and queue go. */
export async function resetIdentityCommand(input: CommandInput): Promise<ExitCode> {
  const privateDir = join(dataDirOf(input), 'private');
  if (!existsSync(privateDir)) {
    input.out('There is no identity here; nothing to do.');
    return exitCodes.done;
  }
  const store = openStore(privateDir);
  const { waiting } = store.queue();
  const isRefused = waiting > 0 && input.options['discard-waiting'] !== true;
  // Still under the lock: a service that starts now is refused instead of working on a store that goes away.
  store.close(() => {
    if (!isRefused) removeIdentity(dataDirOf(input));
  });
  if (isRefused) {
    throw new UsageError(
      `${waiting} reports have not reached the server yet and would be lost. ` +
        'Run "kits-agent report" first, or add --discard-waiting.',
    );
  }
  input.out('The identity was removed. The next enrolment makes a new one.');
  return exitCodes.done;
}

/** Copies of the store that an upgrade has made are stores as well, what could not be stored belongs to one, and logs name the device. */
const identityNames = /^(identity\.json|device-key\.pem|agent\.db|store\.before-|unstored$|(service|guard)\.log)/;

function removeIdentity(dataDir: string): void {
  const privateDir = join(dataDir, 'private');
  const names = readdirSync(privateDir).filter((name) => identityNames.test(name));
  // First what an interrupted run could bring the identity back from; put-aside stores go as well.
  names.sort((a, b) => Number(b === 'identity.json') - Number(a === 'identity.json'));
  for (const name of names) rmSync(join(privateDir, name), { force: true });
  for (const name of ['status.json', 'trust.json']) rmSync(join(dataDir, 'public', name), { force: true });
  rmSync(join(dataDir, 'public', 'sent'), { recursive: true, force: true });
}
