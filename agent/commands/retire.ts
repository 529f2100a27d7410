/** `kits-agent retire`: what the removal of the package calls, after the service has ended. */
import { lstatSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openAgent } from '../agent.ts';
import { thisMachine } from '../platform/this-machine.ts';
import { AgentRunning } from '../store/sqlite.ts';
import { type CommandInput, type ExitCode, exitCodes } from './command.ts';
import { dataDirOf, logOf, settingsOf } from './command-settings.ts';

/** A removal must not wait for a network that is not there. */
const tellLimitMs = 15_000;

/** Kept by `--keep-data`: what was collected and sent. Who this PC was towards the server is not among it. */
const identityNames = /^(identity\.json|device-key\.pem|waiting-enrolment\.json|upgrade.*|store\.before-.*)$/;
const ownNames = /^(private|public)(\.set-aside-.*)?$/;

/**
 * Tells the server, if it can within 15 s, that this installation goes; then removes identity and, without `--keep-data`, all
 * that lies in the data directory. Settings files belong to the package. Exit code 0 also when nobody could be told; throws
 * `AgentRunning` while the service runs, and then nothing has been changed.
 */
export async function retireCommand(input: CommandInput, { limitMs = tellLimitMs } = {}): Promise<ExitCode> {
  const dataDir = dataDirOf(input);
  const isThere = lstatSync(join(dataDir, 'private'), { throwIfNoEntry: false })?.isDirectory() === true;
  input.out(isThere ? await tell(input, limitMs) : 'This machine is not enrolled; there is nobody to tell.');
  const keeps = input.options['keep-data'] === true;
  if (keeps) removeIdentity(dataDir);
  else removeData(dataDir);
  input.out(keeps ? `The identity was removed; the data stays in ${dataDir}.` : 'Identity and data were removed.');
  return exitCodes.done;
}

/** One sentence. Whatever stands in the way of telling does not stand in the way of removing. */
async function tell(input: CommandInput, limitMs: number): Promise<string> {
  const dataDir = dataDirOf(input);
  try {
    const settings = settingsOf(input);
    const log = logOf(input, 'error');
    const machine = await thisMachine({ privateDir: join(dataDir, 'private') });
    const agent = await openAgent({ dataDir, settings, machine, log });
    const over = new AbortController();
    try {
      if (agent.enrolment() === undefined) return 'This machine is not enrolled; there is nobody to tell.';
      const late = setTimeout(limitMs, undefined, { signal: over.signal }).then(() => {
        throw new Error(`no answer within ${limitMs / 1000} seconds`);
      });
      const state = await Promise.race([agent.retire(), late]);
      return state === 'retired'
        ? 'The server was told: this device is retired there, and its history is kept.'
        : `The server was told; the device stays there as "${state}" until staff decide.`;
    } finally {
      over.abort();
      agent.close();
    }
  } catch (error) {
    if (error instanceof AgentRunning) throw error;
    return (
      `The server could not be told (${(error as Error).message}). ` +
      'The device stays in its list until KITS retires it there.'
    );
  }
}

function removeIdentity(dataDir: string): void {
  const privateDir = join(dataDir, 'private');
  const kept = `retired-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  for (const name of namesIn(privateDir)) {
    // The store knows whom it was enrolled with; under another name nothing takes it up again.
    if (/^agent\.db/.test(name)) renameSync(join(privateDir, name), join(privateDir, name.replace('agent', kept)));
    else if (identityNames.test(name)) rmSync(join(privateDir, name), { recursive: true, force: true });
  }
  for (const name of ['status.json', 'trust.json']) rmSync(join(dataDir, 'public', name), { force: true });
}

/** What KITS Agent makes, and the directory itself unless somebody keeps something else there. */
function removeData(dataDir: string): void {
  for (const name of namesIn(dataDir)) {
    if (ownNames.test(name)) rmSync(join(dataDir, name), { recursive: true, force: true });
  }
  if (lstatSync(dataDir, { throwIfNoEntry: false })?.isDirectory() === true && namesIn(dataDir).length === 0) {
    rmdirSync(dataDir);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}
