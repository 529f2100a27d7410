/** `kits-agent prepare-directories`: what an installer calls so that the directories have the rights of the table. */
import process from 'node:process';
import { prepareLinuxDirectories } from '../setup/linux-directories.ts';
import { type CommandInput, type ExitCode, exitCodes, UsageError } from './command.ts';
import { dataDirOf } from './command-settings.ts';

/** Creates and repairs; run again it changes nothing. Throws `UnsafeDirectory` for a place others can write to. */
export async function prepareDirectoriesCommand(input: CommandInput): Promise<ExitCode> {
  if (process.platform === 'win32') {
    throw new UsageError('On Windows "kits-agent set-up" makes the directories.');
  }
  const dataDir = dataDirOf(input);
  if (process.geteuid?.() !== 0) throw new UsageError(`Only root can give ${dataDir} its rights. Run this as root.`);
  const done = prepareLinuxDirectories(dataDir);
  if (input.options['json'] === true) input.out(JSON.stringify({ dataDir, repaired: done }));
  else for (const line of done.length > 0 ? done : [`${dataDir} has the rights it should have.`]) input.out(line);
  return exitCodes.done;
}
