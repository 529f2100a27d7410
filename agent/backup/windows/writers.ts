/**
 * Health of Windows' shadow copy writers: explains why a backup failed, and proves nothing by itself.
 *
 * No class of CIM and no cmdlet names the writers; `vssadmin` does, in the language of Windows. Only what is the same in
 * every language is read: class ids and the number of the state in brackets. Asking all writers costs them work, so they
 * are asked only where a backup has just failed.
 */
import type { BackupFacts } from '../../contract/facts/backup.ts';
import type { BackupContext } from '../product.ts';

type FailedWriters = NonNullable<BackupFacts['failedWriters']>;

const limitMs = 90_000;
const maxWriters = 64;
/** VSS_WRITER_STATE: 1 is stable, 2 to 5 wait for a backup that runs, from 6 on the writer failed; 0 is an error of its own. */
const isFailed = (state: number): boolean => state === 0 || state >= 6;

/** Undefined when the writers could not be asked. */
export async function readFailedWriters({ machine, signal }: BackupContext): Promise<BackupFacts['failedWriters']> {
  const outcome = await machine.run('vssadmin', ['list', 'writers'], { timeoutMs: limitMs, signal });
  return outcome.kind === 'exited' && outcome.exitCode === 0 ? parseFailedWriters(outcome.stdout) : undefined;
}

/** Undefined when no writer is in the text: an empty list would say that all are well. Pure. */
export function parseFailedWriters(text: string): FailedWriters | undefined {
  const failed: FailedWriters = [];
  let seen = 0;
  let ids: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [, id] = /:\s*\{([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}\s*$/i.exec(line) ?? [];
    if (id !== undefined) ids.push(id.toLowerCase());
    const [, state] = /:\s*\[(\d{1,4})\]/.exec(line) ?? [];
    if (state === undefined) continue;
    // The class of the writer, then its instance; anything else is not the list this version knows.
    const [writer, ...rest] = ids;
    ids = [];
    if (writer === undefined || rest.length !== 1) return undefined;
    seen += 1;
    if (isFailed(Number(state)) && Number(state) <= 1000 && failed.length < maxWriters)
      failed.push({ id: writer, state: Number(state) });
  }
  if (seen === 0) return undefined;
  return failed.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : a.state - b.state));
}
