/** Reads `status.json` of the service. The file is a stranger's until its schema and its age say otherwise. */
import { readFile } from 'node:fs/promises';
import { contractVersion } from '../../agent/contract/report.ts';
import { type Status, status } from '../../agent/contract/status.ts';

/** The service writes a few kilobytes; more is not its file. */
const maxCharacters = 4 * 1024 * 1024;

/** What does not become false with age: the name of the PC, and the contacts, which carry a date of their own. */
export type Lasting = Pick<Status, 'device' | 'contacts'>;

export type ServiceState =
  | { readonly kind: 'running'; readonly status: Status }
  /** The file is older than it may be: what it says no longer counts. */
  | { readonly kind: 'silent'; readonly writtenAt: string; readonly lasting: Lasting }
  /** As silent, but the PC has only just woken up or started: the service is about to write. */
  | { readonly kind: 'waking'; readonly writtenAt?: string; readonly lasting?: Lasting }
  /** Written by a newer service: this program has to be restarted. */
  | { readonly kind: 'newer' }
  | { readonly kind: 'unreadable' };

/** `isWaking`: for a while after sleep or start, silence is no alarm yet. */
export async function readStatus(file: string, now: Date, isWaking = false): Promise<ServiceState> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    // Missing, locked or denied: the person at the PC sees the same thing, a service that cannot be heard.
    return isWaking ? { kind: 'waking' } : { kind: 'unreadable' };
  }
  const judged = judgeStatus(text, now);
  return judged.kind === 'silent' && isWaking ? { ...judged, kind: 'waking' } : judged;
}

export function judgeStatus(text: string, now: Date): ServiceState {
  if (text.length > maxCharacters) return { kind: 'unreadable' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Half-written or damaged: said as such, never guessed.
    return { kind: 'unreadable' };
  }
  const version = (value as { contractVersion?: unknown } | null)?.contractVersion;
  if (typeof version === 'number' && version > contractVersion) return { kind: 'newer' };
  const parsed = status.safeParse(value);
  if (!parsed.success) return { kind: 'unreadable' };
  const written = Date.parse(parsed.data.writtenAt);
  // A file from the future says as little as an old one; five minutes allow for a clock that was just set.
  const current = now.getTime() <= Date.parse(parsed.data.validUntil) && written - now.getTime() <= 5 * 60_000;
  if (current) return { kind: 'running', status: parsed.data };
  const { device, contacts, writtenAt } = parsed.data;
  return { kind: 'silent', writtenAt, lasting: { device, ...(contacts === undefined ? {} : { contacts }) } };
}
