/**
 * Events of Windows that the local administrator named as a backup's own: asked through `wevtutil` with a filter of numbers
 * and names made of plain characters only. Of an event only its number, level, record and time are used.
 */
import type { BackupReason, RunResult } from '../../contract/facts/backup.ts';
import type { CommandOutcome } from '../../platform/machine.ts';
import type { BackupContext, JobRecord, RunRecord } from '../product.ts';
import type { CustomSource } from '../sources.ts';
import { elementsNamed, parseXml } from '../xml.ts';

export type EventSource = CustomSource & { readonly kind: 'windows-event' };
type Found = Pick<JobRecord, 'writableBy' | 'runs' | 'history' | 'reasons'>;

const limitMs = 30_000;
const maxEvents = 50;
/** Windows refuses filters with more than about twenty conditions. */
const idsPerQuery = 16;

export async function readEventSource(context: BackupContext, source: EventSource): Promise<Found> {
  const { channel, provider } = source;
  const ask = (args: readonly string[]): Promise<CommandOutcome> =>
    context.machine.run('wevtutil', ['qe', channel, ...args, '/f:xml', '/e:Events'], {
      timeoutMs: limitMs,
      signal: context.signal,
    });
  const meanings = meaningsOf(source);
  const runs: RunRecord[] = [];
  let complete = true;
  for (const ids of chunks([...meanings.keys()])) {
    const filter = `*[System[Provider[@Name='${provider}'] and (${ids.map((id) => `EventID=${id}`).join(' or ')})]]`;
    const events = eventsOf(await ask([`/q:${filter}`, `/c:${maxEvents}`, '/rd:true']));
    if (typeof events === 'string')
      return { writableBy: 'administrator', runs: [], history: 'unreadable', reasons: [events] };
    complete &&= events.length < maxEvents;
    for (const event of events) {
      const result = meanings.get(event.id);
      if (result !== undefined) runs.push(runOf(event, result, channel));
    }
  }
  // The very first record is still there: then no event means that there never was one.
  const oldest = eventsOf(await ask(['/c:1', '/rd:false']));
  const whole = complete && typeof oldest !== 'string' && oldest[0]?.record === 1;
  return { writableBy: 'administrator', runs, history: whole ? 'whole' : 'window', reasons: [] };
}

/** A number named twice means the worse. */
function meaningsOf({ success, warning, failure }: EventSource): Map<number, RunResult> {
  const all: [number, RunResult][] = [
    ...success.map((id): [number, RunResult] => [id, 'success']),
    ...warning.map((id): [number, RunResult] => [id, 'warning']),
    ...failure.map((id): [number, RunResult] => [id, 'failed']),
  ];
  return new Map(all);
}

function chunks(ids: readonly number[]): number[][] {
  return Array.from({ length: Math.ceil(ids.length / idsPerQuery) }, (_, index) =>
    ids.slice(index * idsPerQuery, (index + 1) * idsPerQuery),
  );
}

interface FoundEvent {
  readonly id: number;
  readonly record: number | undefined;
  readonly at: Date | undefined;
}

function eventsOf(outcome: CommandOutcome): FoundEvent[] | BackupReason {
  if (outcome.kind === 'too-much-output') return 'source-too-large';
  if (outcome.kind !== 'exited') return 'source-unreadable';
  if (outcome.exitCode !== 0) {
    // ERROR_ACCESS_DENIED and ERROR_EVT_CHANNEL_NOT_FOUND; the words beside them are translated.
    return outcome.exitCode === 5
      ? 'source-denied'
      : outcome.exitCode === 15007
        ? 'source-missing'
        : 'source-unreadable';
  }
  return parseEvents(outcome.stdout);
}

/** What `wevtutil qe /f:xml /e:Events` prints; an event that cannot be understood makes all of it unreadable. Pure. */
export function parseEvents(text: string): FoundEvent[] | BackupReason {
  if (text.trim() === '') return [];
  try {
    return elementsNamed(parseXml(text), 'System').map((system): FoundEvent => {
      const value = (name: string) => system.children.find((child) => child.name === name);
      const id = value('EventID')?.text ?? '';
      if (!/^\d{1,10}$/.test(id)) throw new Error('an event without a number');
      const record = value('EventRecordID')?.text ?? '';
      const at = new Date(value('TimeCreated')?.attributes['SystemTime'] ?? '');
      return {
        // The upper half of the number of classic sources holds severity and facility.
        id: Number(id) & 0xffff,
        record: /^\d{1,15}$/.test(record) ? Number(record) : undefined,
        at: Number.isNaN(at.getTime()) ? undefined : at,
      };
    });
  } catch {
    return 'schema-unknown';
  }
}

function runOf({ id, record, at }: FoundEvent, result: RunResult, channel: string): RunRecord {
  return {
    ...(at === undefined ? {} : { endedAt: at }),
    ...(record === undefined ? {} : { sequence: record }),
    result,
    code: String(id),
    evidence: {
      kind: 1,
      source: `event log "${channel}"`.slice(0, 160),
      reference: `event ${id}${record === undefined ? '' : `, record ${record}`}`,
    },
  };
}
