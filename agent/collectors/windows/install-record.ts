/** What was installed lately: the record of servicing, the events of the update agent, and its history for what those lack. */
import { z } from 'zod';
import type { PatchesFacts } from '../../contract/facts/patches.ts';
import type { CollectContext } from '../collector.ts';
import type { WindowsDocument } from './document.ts';
import { routineArticles } from './updates.ts';
import { hex, instantOf, listOf, time, whole, words } from './values.ts';

type Installed = NonNullable<PatchesFacts['installed']>[number];

const maxEvents = 120;
const maxEntries = 60;
const servicing = { reached: 2, failed: 3, restartNeeded: 4 } as const;
const updateAgent = { installed: 19, failed: 20 } as const;

const event = z.object({
  id: whole.refine((id) => id !== undefined),
  at: time.refine((at) => at !== undefined),
  fields: listOf(z.string().max(4000), 8),
});
const events = z.object({ events: listOf(event, maxEvents) });

const historyEntry = z.object({ title: words, operation: whole, resultCode: whole, hresult: whole });
const history = z.object({ entries: listOf(historyEntry, 100) });
const installation = 1;

/** "KB5066791" in any of the fields; numbers of articles are the same in every language. */
export function articleIn(texts: readonly (string | undefined)[]): string | undefined {
  for (const text of texts) {
    const article = /\bKB(\d{6,8})\b/.exec(text ?? '')?.[1];
    if (article !== undefined) return `KB${article}`;
  }
  return undefined;
}

/**
 * Youngest first, one entry per update: the newest word about it counts. Undefined when no record could be read.
 * `restartSince` is when servicing first asked for a restart that has not come yet.
 */
export function readInstalled(
  document: WindowsDocument,
  search: WindowsDocument | undefined,
  lastBootAt: number | undefined,
  { problem, now }: Pick<CollectContext, 'problem' | 'now'>,
): { installed?: Installed[]; restartSince?: number } {
  const setup = document.read('setupEvents', events);
  const agent = document.read('updateEvents', events);
  const entries: (Installed & { time: number })[] = [];
  let restartSince: number | undefined;
  for (const { id, at, fields } of eventsOf(setup, problem)) {
    const article = articleIn(fields.items);
    if (article === undefined || !fields.items.includes('Installed')) continue;
    const code = fields.items.map((text) => /^0x([0-9a-f]{1,8})$/i.exec(text)?.[1]).find((text) => text !== undefined);
    const failed = id === servicing.failed || (code !== undefined && Number.parseInt(code, 16) !== 0);
    const pending = id === servicing.restartNeeded && lastBootAt !== undefined && at > lastBootAt;
    if (pending) restartSince = Math.min(restartSince ?? at, at);
    const known = id === servicing.reached || id === servicing.failed || id === servicing.restartNeeded;
    // A restart came after servicing asked for it; whether it ended well says another event.
    const result = failed ? 'failed' : pending ? 'restart-pending' : id === servicing.reached ? 'succeeded' : 'unknown';
    if (known) entries.push(entryOf(article, at, result, failed ? hexOf(code) : undefined, now));
  }
  for (const { id, at, fields } of eventsOf(agent, problem)) {
    const article = articleIn(fields.items);
    if (article === undefined) continue;
    if (id === updateAgent.installed) entries.push(entryOf(article, at, 'succeeded', undefined, now));
    if (id === updateAgent.failed) {
      const code = fields.items.map((text) => /^(?:0x[0-9a-f]{8}|-?\d{6,11})$/i.exec(text)?.[0]).find(Boolean);
      entries.push(entryOf(article, at, 'failed', code === undefined ? undefined : hex(Number(code)), now));
    }
  }
  entries.sort((a, b) => b.time - a.time);
  const newest = new Map<string, Installed>();
  for (const { time: _time, ...entry } of entries) {
    const known = newest.get(entry.id);
    // The update agent says "installed" while servicing still waits for the restart.
    if (known === undefined) newest.set(entry.id, entry);
    else if (known.result === 'succeeded' && entry.result === 'restart-pending')
      newest.set(entry.id, { ...known, result: entry.result });
  }
  const fromHistory = addHistory(search, newest);
  if (setup.kind !== 'read' && agent.kind !== 'read' && !fromHistory) return {};
  const installed = [...newest.values()].filter(({ id }) => !routineArticles.has(id)).slice(0, maxEntries);
  return { installed, ...(restartSince === undefined ? {} : { restartSince }) };
}

function eventsOf(
  read: ReturnType<WindowsDocument['read']>,
  problem: CollectContext['problem'],
): { id: number; at: number; fields: { items: string[] } }[] {
  if (read.kind !== 'read') return [];
  const { items, broken } = (read.data as z.output<typeof events>).events;
  if (broken > 0) problem('invalid', `${broken} events of updates cannot be read`);
  return items.map(({ id, at, fields }) => ({ id: id ?? 0, at: at ?? 0, fields }));
}

function entryOf(
  id: string,
  at: number,
  result: Installed['result'],
  errorCode: string | undefined,
  now: Date,
): Installed & { time: number } {
  const instant = instantOf(at, now);
  return {
    id,
    result,
    time: at,
    ...(instant === undefined ? {} : { at: instant }),
    ...(errorCode === undefined ? {} : { errorCode }),
  };
}

function hexOf(digits: string | undefined): string | undefined {
  return digits === undefined ? undefined : hex(Number.parseInt(digits, 16));
}

/** The history names what the logs have forgotten; without a time, because it does not say which zone its times are in. */
function addHistory(search: WindowsDocument | undefined, known: Map<string, Installed>): boolean {
  const read = search?.read('history', history, { quiet: true });
  if (read?.kind !== 'read') return false;
  for (const { title, operation, resultCode, hresult } of read.data.entries.items) {
    const id = articleIn([title]);
    if (id === undefined || operation !== installation || known.has(id)) continue;
    // 2 succeeded, 3 with errors, 4 failed, 5 ended early; 0 and 1 have not ended.
    const result = resultCode === 2 ? 'succeeded' : resultCode === 4 || resultCode === 5 ? 'failed' : 'unknown';
    const errorCode = result === 'failed' && hresult !== undefined && hresult !== 0 ? hex(hresult) : undefined;
    known.set(id, { id, result, ...(errorCode === undefined ? {} : { errorCode }) });
  }
  return true;
}
