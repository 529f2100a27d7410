/** Commands of the installers and of the guard: activate, guard, self-test. */
import { rmSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import process from 'node:process';
import { isSea } from 'node:sea';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { createEventLog } from '../event-log.ts';
import type { Log } from '../log.ts';
import { runCommand } from '../platform/run-command.ts';
import { tryStore } from '../store/agent-store.ts';
import { readDeviceKey } from '../store/device-key.ts';
import { storeVersion } from '../store/set-back.ts';
import { AgentRunning, keepPrivate } from '../store/sqlite.ts';
import { installUpdate } from '../update/install.ts';
import { activate } from '../upgrade/activate.ts';
import { endHungService } from '../upgrade/hung-service.ts';
import { reconcile, type Upgrade } from '../upgrade/reconcile.ts';
import { installedVersions } from '../upgrade/these-versions.ts';
import { holdUpgrade, holdUpgradeWhenFree } from '../upgrade/trial-file.ts';
import { agentVersion } from '../version.ts';
import { type CommandInput, type ExitCode, exitCodes, stringOption, UsageError } from './command.ts';
import { dataDirOf, logOf, settingsOf } from './command-settings.ts';

const defaultWaitSeconds = 120;
/** The guard looks every few minutes, and may be about to restart the service. */
const guardsTurnMs = 180_000;
const selfTestTimeoutMs = 120_000;
/** Within the hour that the task of the guard may take. */
const installTimeoutMs = 14 * 60_000;

function upgradeOf(input: CommandInput, beside = (log: Log): Log => log): Upgrade {
  const root = stringOption(input, 'install-root');
  if (root !== undefined && !isAbsolute(root))
    throw new UsageError(`--install-root ${root}: expected an absolute path`);
  const dataDir = dataDirOf(input);
  return {
    dataDir,
    versions: installedVersions({ dataDir, ...(root === undefined ? {} : { root }) }),
    log: beside(logOf(input, 'info')),
    now: () => new Date(),
    reached: () => undefined,
  };
}

/** On Windows what matters of the log stands in the event log as well. */
async function besideEventLog(input: CommandInput, work: (upgrade: Upgrade) => Promise<ExitCode>): Promise<ExitCode> {
  if (process.platform !== 'win32') return work(upgradeOf(input));
  const events = createEventLog({ dataDir: dataDirOf(input), writer: 'guard' });
  try {
    return await work(upgradeOf(input, events.beside));
  } finally {
    await events.written();
  }
}

export function activateCommand(input: CommandInput): Promise<ExitCode> {
  return besideEventLog(input, (upgrade) => activateOnce(input, upgrade));
}

async function activateOnce(input: CommandInput, upgrade: Upgrade): Promise<ExitCode> {
  const file = stringOption(input, 'from') ?? (isSea() ? process.execPath : undefined);
  if (file === undefined) throw new UsageError('activate run from source needs --from FILE: the executable to install');
  const wait = Number(stringOption(input, 'wait') ?? defaultWaitSeconds);
  if (!(wait >= 1 && wait <= 900)) throw new UsageError('--wait: expected 1 to 900 seconds');
  const hold = await holdUpgradeWhenFree(upgrade.dataDir, { waitMs: guardsTurnMs, signal: input.signal });
  try {
    const activated = await activate({
      ...upgrade,
      version: agentVersion,
      file,
      selfTest: (executable) => selfTestOf(executable, input),
      waitMs: wait * 1000,
      signal: input.signal,
    });
    const words = {
      active: `KITS Agent ${activated.version} runs.`,
      'at-boot': `KITS Agent ${activated.version} is installed and starts with the system.`,
      unproven: `KITS Agent ${activated.version} is installed. It has not proven itself yet; it is started until it does.`,
      'rolled-back': '',
    }[activated.result];
    if (input.options['json'] === true) input.out(JSON.stringify(activated));
    else if (activated.result !== 'rolled-back') input.out(words);
    if (activated.result !== 'rolled-back') return exitCodes.done;
    input.err(
      `kits-agent: ${activated.version} was not kept: ${activated.reason}. ` +
        (activated.stays === undefined ? 'No other version is here.' : `${activated.stays} runs.`),
    );
    return exitCodes.unexpected;
  } finally {
    hold.release();
  }
}

export function guardCommand(input: CommandInput): Promise<ExitCode> {
  return besideEventLog(input, (upgrade) => guardOnce(input, upgrade));
}

async function guardOnce(input: CommandInput, upgrade: Upgrade): Promise<ExitCode> {
  let isOnTrial = false;
  let hold: { release(): void };
  try {
    hold = holdUpgrade(upgrade.dataDir);
  } catch (error) {
    // An installer is at work; it sees to the rest.
    if (error instanceof AgentRunning) return exitCodes.done;
    throw error;
  }
  try {
    const { steps, current, trial } = await reconcile(upgrade);
    if (input.options['json'] === true) input.out(JSON.stringify({ steps, current, trial: trial?.state }));
    if (current === undefined) return exitCodes.unexpected;
    // What has a way back is judged by its trial.
    if (trial?.state === 'trial' && trial.from !== undefined) return exitCodes.done;
    isOnTrial = trial?.state === 'trial';
  } finally {
    hold.release();
  }
  if (process.platform === 'win32') {
    const state = await endHungService({ ...upgrade, signal: input.signal });
    if (state !== 'turns') return state === 'restarted' ? exitCodes.done : exitCodes.unexpected;
  }
  return isOnTrial ? exitCodes.done : installOffered(input, upgrade);
}

/** What the service has fetched and verified, when the settings still want it. */
async function installOffered(input: CommandInput, { dataDir, log, now }: Upgrade): Promise<ExitCode> {
  const { selfUpdate, releaseKey } = settingsOf(input).settings;
  if (!selfUpdate || releaseKey === undefined) return exitCodes.done;
  const result = await installUpdate({
    dataDir,
    version: agentVersion,
    platform: process.platform === 'win32' ? 'win32' : 'linux',
    pin: releaseKey,
    now,
    log,
    // A fixed word and a verified file: nothing of it is the server's.
    run: (file) => runCommand([file], ['/S'], { timeoutMs: installTimeoutMs, signal: input.signal }),
  });
  return result === 'failed' ? exitCodes.unexpected : exitCodes.done;
}

const selfTestAnswer = z.object({ version: z.string() });

/** Runs an executable's own self-test; a sentence when it fails. */
async function selfTestOf(executable: string, input: CommandInput): Promise<string | undefined> {
  const config = stringOption(input, 'config');
  const args = ['self-test', '--json', '--data-dir', dataDirOf(input)];
  const outcome = await runCommand([executable], config === undefined ? args : [...args, '--config', config], {
    timeoutMs: selfTestTimeoutMs,
    signal: input.signal,
  });
  if (outcome.kind !== 'exited') return `${executable} cannot be run (${outcome.kind}).`;
  const said = outcome.stderr.trim().split('\n')[0]?.slice(0, 300) ?? '';
  if (outcome.exitCode !== 0) return `${executable} does not work here: ${said || `exit code ${outcome.exitCode}`}`;
  const { data } = selfTestAnswer.safeParse(parse(outcome.stdout));
  if (data?.version === agentVersion) return undefined;
  return `${executable} is not KITS Agent ${agentVersion}${data === undefined ? '' : ` but ${data.version}`}.`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Settings, device key and a copy of the store as the service would read them. */
export async function selfTestCommand(input: CommandInput): Promise<ExitCode> {
  settingsOf(input);
  const privateDir = join(dataDirOf(input), 'private');
  await readDeviceKey(join(privateDir, 'device-key.pem'));
  const file = join(privateDir, 'agent.db');
  const hasStore = storeVersion(file) !== undefined;
  if (hasStore) {
    const copy = join(privateDir, `self-test-${process.pid}.db`);
    try {
      const db = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
      try {
        keepPrivate(copy);
        db.prepare('VACUUM INTO ?').run(copy);
      } finally {
        db.close();
      }
      tryStore(copy);
    } finally {
      for (const end of ['', '-wal', '-shm', '-journal']) rmSync(copy + end, { force: true });
    }
  }
  input.out(
    input.options['json'] === true
      ? JSON.stringify({ version: agentVersion, store: hasStore ? 'readable' : 'none' })
      : `KITS Agent ${agentVersion} can work here${hasStore ? '' : '; there is no store yet'}.`,
  );
  return exitCodes.done;
}
