/** Why a source says nothing, from the error its reading ended with. */
import { codeOf } from '../collectors/text.ts';
import type { BackupReason } from '../contract/facts/backup.ts';

export function reasonOf(error: unknown): BackupReason {
  const { name, code } = error as { name?: unknown; code?: unknown };
  if (name === 'ReadError' && code === 'EBUSY') return 'source-locked';
  switch (codeOf(error)) {
    case 'not-found':
      return 'source-missing';
    case 'denied':
      return 'source-denied';
    case 'truncated':
      return 'source-too-large';
    default:
      return 'source-unreadable';
  }
}
