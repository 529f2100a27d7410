/** Health of Windows' shadow copy writers: explains why a backup failed, and proves nothing by itself. */
import type { BackupFacts } from '../../contract/facts/backup.ts';
import type { BackupContext } from '../product.ts';

/** Undefined when the writers could not be asked. */
export async function readFailedWriters(_context: BackupContext): Promise<BackupFacts['failedWriters']> {
  return undefined;
}
