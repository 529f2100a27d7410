/** `kits-server backup` and `restore`. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { keyFilesIn } from '../keys.ts';
import { backUp, type DatabaseSummary, restore } from '../store/backup.ts';
import { lockDirectory } from '../store/sqlite.ts';
import { type CommandInput, dataDirOf, NoDatabase, print, subjectOf } from './command.ts';

export async function backupCommand(input: CommandInput): Promise<void> {
  const target = subjectOf(input);
  const dataDir = dataDirOf(input);
  const file = join(dataDir, 'kits.db');
  if (!existsSync(file)) throw new NoDatabase(dataDir);
  const summary = backUp(file, target);
  print(input, target, { file: target, ...summary });
  input.err(`Backed up ${inWords(summary)}.`);
  input.err(
    `The keys are not in it. Keep a copy of ${join(dataDir, 'keys')} in another place: without it no device trusts a restored server.`,
  );
}

export async function restoreCommand(input: CommandInput): Promise<void> {
  const source = subjectOf(input);
  const dataDir = dataDirOf(input);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = lockDirectory(join(dataDir, 'lock.db'));
  try {
    const { backup, replacedTo } = restore(source, dataDir, new Date(), {
      replace: input.options['replace'] === true,
      otherInstallation: input.options['other-installation'] === true,
    });
    print(input, join(dataDir, 'kits.db'), {
      file: join(dataDir, 'kits.db'),
      replacedTo: replacedTo ?? null,
      ...backup,
    });
    input.err(`Restored ${inWords(backup)}.`);
    if (replacedTo !== undefined) input.err(`What was there before lies in ${replacedTo}.`);
    if (!existsSync(keyFilesIn(dataDir).signing)) {
      input.err(
        `There are no keys in ${join(dataDir, 'keys')}. Put the copy of that folder there before the server starts.`,
      );
    }
    input.err('Start the server: agents notice at their next check-in and send again what the backup does not hold.');
  } finally {
    lock.release();
  }
}

function inWords({ devices, reports, newestReportAt, bytes }: DatabaseSummary): string {
  return `${devices} devices and ${reports} reports, the newest of ${newestReportAt ?? 'never'} (${bytes} bytes)`;
}
