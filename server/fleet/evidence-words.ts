/**
 * Reads what a backup server sends: a JSON list, or lines of text that a shell script can write. Pure. Each word is read
 * by itself; one that cannot be read is answered and costs the others nothing.
 */
import { z } from 'zod';
import { type EvidenceRefusal, evidenceItem, evidenceRequest, maxEvidence } from '../api/contract.ts';
import { placeOf } from './plausible-time.ts';
import { Refusal } from './refusal.ts';

export interface EvidenceWord {
  /** Line of the text or place in the list, from 1. */
  readonly line: number;
  readonly device: string;
  readonly newestAt: string;
  readonly count: number | undefined;
  readonly bytes: number | undefined;
  readonly source: string;
}

export interface UnreadWord {
  readonly line: number;
  /** As far as it could be read. */
  readonly device: string | null;
  readonly code: EvidenceRefusal;
}

export type Read = EvidenceWord | UnreadWord;

/** `{"items":[…]}` or the list alone. Throws `Refusal` invalid. */
export function readJsonWords(body: unknown, now: Date): Read[] {
  const request = evidenceRequest.safeParse(body);
  if (!request.success) {
    throw new Refusal('invalid', {
      de: 'Erwartet wird eine JSON-Liste: [{"device":"pc-01","newest":"2026-11-24T03:00:00Z"}].',
      en: 'Expected a JSON list: [{"device":"pc-01","newest":"2026-11-24T03:00:00Z"}].',
    });
  }
  const items = Array.isArray(request.data) ? request.data : request.data.items;
  refuseTooMany(items.length);
  return items.map((item, index) => readItem(index + 1, item, now));
}

/**
 * `DEVICE<TAB>TIME`, then optionally number of restore points, bytes, and repository or job. Blank lines and those that
 * begin with "#" are passed over. Throws `Refusal` invalid.
 */
export function readTextWords(text: string, now: Date): Read[] {
  const lines = text
    .split('\n')
    .map((line, index) => ({ number: index + 1, cells: line.split('\t').map((cell) => cell.trim()) }))
    .filter(({ cells }) => cells.some((cell) => cell !== '') && cells[0]?.startsWith('#') !== true);
  refuseTooMany(lines.length);
  return lines.map(({ number, cells }) => {
    const [device, newest, count = '', bytes = '', source = '', ...more] = cells;
    if (more.length > 0) return { line: number, device: device ?? null, code: 'malformed' };
    const item = {
      device,
      newest,
      ...(count === '' ? {} : { count: wholeNumber(count) }),
      ...(bytes === '' ? {} : { bytes: wholeNumber(bytes) }),
      ...(source === '' ? {} : { source }),
    };
    return readItem(number, item, now);
  });
}

function wholeNumber(cell: string): number {
  return /^\d{1,16}$/.test(cell) ? Number(cell) : Number.NaN;
}

function refuseTooMany(words: number): void {
  if (words <= maxEvidence) return;
  throw new Refusal('invalid', {
    de: `Mehr als ${maxEvidence} Angaben auf einmal. Nichts wurde übernommen; senden Sie sie in mehreren Anfragen.`,
    en: `More than ${maxEvidence} words at once. Nothing was taken; send them in several requests.`,
  });
}

const named = z.object({ device: z.string() });

function readItem(line: number, item: unknown, now: Date): Read {
  const name = named.safeParse(item);
  const device = name.success && name.data.device !== '' ? name.data.device.slice(0, 253) : null;
  const read = evidenceItem.safeParse(item);
  if (!read.success) return { line, device, code: 'malformed' };
  const { newest, count, bytes, source = '' } = read.data;
  const time = readTime(newest, now);
  if ('code' in time) return { line, device, code: time.code };
  return { line, device: read.data.device, newestAt: time.at.toISOString(), count, bytes, source };
}

const isoTime = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?$/;

/** A time without its zone would have to be guessed, which moves a backup by hours. */
function readTime(value: string | number, now: Date): { at: Date } | { code: EvidenceRefusal } {
  const at = typeof value === 'number' || /^\d{9,11}$/.test(value) ? new Date(Number(value) * 1000) : readIso(value);
  if (at === 'no-zone') return { code: 'time-without-zone' };
  const place = placeOf(at, now);
  if (place === 'past') return { at };
  return { code: place === 'future' ? 'time-in-future' : 'time-unreadable' };
}

function readIso(value: string): Date | 'no-zone' {
  const [, day, time, fraction = '', zone] = isoTime.exec(value.trim()) ?? [];
  if (day === undefined || !isDay(day)) return new Date(Number.NaN);
  if (zone === undefined) return 'no-zone';
  const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  return new Date(`${day}T${time}.${fraction.padEnd(3, '0').slice(0, 3)}${offset}`);
}

/** A 31 February would be read as a day of March. */
function isDay(day: string): boolean {
  const at = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day);
}
