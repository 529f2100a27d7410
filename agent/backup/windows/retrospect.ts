/** Retrospect: one number for everything in the event log, so the English words decide and the level only for the worse. */
import type { RunResult } from '../../contract/facts/backup.ts';
import type { BackupProduct } from '../product.ts';
import { productByEvents } from './by-events.ts';
import { resultOfLevel, worse } from './event-runs.ts';
import type { EventEntry } from './records.ts';

/** Undefined: the event is not about the end of a script, or is in a language in which nobody knows what it says. */
export function retrospectResult({ level, fields }: Pick<EventEntry, 'level' | 'fields'>): RunResult | undefined {
  const text = fields.join(' ');
  const byLevel = resultOfLevel(level);
  const words = /completed successfully/i.test(text)
    ? 'success'
    : /completed with .*(errors?|warnings?)/i.test(text)
      ? 'warning'
      : undefined;
  if (words !== undefined) return worse(words, byLevel);
  return byLevel === 'failed' ? 'failed' : undefined;
}

export const retrospect: BackupProduct = productByEvents({
  id: 'retrospect',
  name: 'Retrospect',
  log: 'retrospect',
  traces: { service: /^Retro(spect|Run)/i, image: /\\Retrospect[^\\]*\\/i, program: /^Retrospect\b/i },
  resultOf: retrospectResult,
});
