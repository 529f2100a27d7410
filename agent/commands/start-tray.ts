/** `kits-agent start-tray`: the last step of an installer on Windows. */
import { join } from 'node:path';
import process from 'node:process';
import { startTray } from '../setup/tray-task.ts';
import { type CommandInput, type ExitCode, exitCodes, stringOption, UsageError } from './command.ts';
import { dataDirOf } from './command-settings.ts';

export async function startTrayCommand(input: CommandInput): Promise<ExitCode> {
  const program = stringOption(input, 'program');
  if (process.platform !== 'win32') throw new UsageError('start-tray is for Windows');
  if (program === undefined) throw new UsageError('start-tray needs --program FILE');
  const trouble = await startTray(program, join(dataDirOf(input), 'private'));
  input.out(trouble ?? 'The tray starts for whoever is logged on.');
  return trouble === undefined ? exitCodes.done : exitCodes.unexpected;
}
