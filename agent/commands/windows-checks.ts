/** What of the checklist in docs/decisions/0004-windows-through-one-powershell.md a PC can answer by itself. */
import { z } from 'zod';
import { CollectError } from '../collectors/collector.ts';
import { openDocument, type WindowsDocument } from '../collectors/windows/document.ts';
import { articleIn } from '../collectors/windows/install-record.ts';
import { readSearch } from '../collectors/windows/updates.ts';
import { listOf, time, whole, words } from '../collectors/windows/values.ts';
import type { Machine } from '../platform/machine.ts';
import type { Finding } from './inspect.ts';
import { windowsBackupFindings } from './windows-backup-checks.ts';

const anything = z.record(z.string(), z.unknown());
const minuteMs = 60_000;

/** One line per check; nothing is changed and nothing is sent. Takes up to seven minutes. */
export async function windowsFindings(machine: Machine, now: Date): Promise<Finding[]> {
  const { windows } = machine;
  if (windows === undefined) return [];
  const findings: Finding[] = [
    machine.privileged
      ? { check: 'privileges', result: 'ok', detail: 'may read what only SYSTEM and administrators may' }
      : {
          check: 'privileges',
          result: 'problem',
          detail: 'ordinary rights: BitLocker and TPM stay unknown. Run as administrator.',
        },
  ];
  const started = performance.now();
  let document: WindowsDocument;
  try {
    document = openDocument(await windows.readDocument(), { problem: () => undefined });
  } catch (error) {
    const detail = error instanceof CollectError || error instanceof Error ? error.message : String(error);
    return [...findings, { check: 'powershell', result: 'problem', detail }];
  }
  findings.push({
    check: 'powershell',
    result: document.constrained === false ? 'ok' : 'problem',
    detail: `${document.names.length} sections after ${Math.round(performance.now() - started)} ms${
      document.constrained === false ? '' : '; Constrained Language Mode: Windows Update cannot be asked'
    }`,
  });
  findings.push(...document.names.map((name) => sectionFinding(document, name)));
  findings.push(...(await windowsBackupFindings(machine, document)));

  const { offline } = await windows.searchUpdates();
  if (offline === undefined)
    return [...findings, { check: 'search', result: 'unknown', detail: 'another search runs' }];
  const problems: string[] = [];
  const search = readSearch(offline, 'offline-search', {
    now,
    problem: (code, detail) => void problems.push(`${code} ${detail}`),
  });
  findings.push({
    check: 'search',
    result: search.updates === undefined || problems.length > 0 ? 'problem' : 'ok',
    detail: problems.join('; ') || `${search.updates?.length ?? 0} updates in the local store`,
  });
  findings.push(historyFinding(document, search.document));
  return findings;
}

function sectionFinding(document: WindowsDocument, name: string): Finding {
  const check = `section ${name}`;
  const read = document.read(name, anything, { quiet: true });
  switch (read.kind) {
    case 'read':
      return { check, result: 'ok', detail: 'read' };
    case 'absent':
      return { check, result: 'ok', detail: 'this Windows has no such thing' };
    case 'failed':
      return { check, result: 'problem', detail: `${read.code} ${read.hresult ?? ''}`.trim() };
  }
}

const eventSchema = z.object({ events: listOf(z.object({ id: whole, at: time, fields: listOf(z.string(), 8) }), 200) });
const historySchema = z.object({ entries: listOf(z.object({ title: words, date: time }), 100) });

/** Open question 1: is the time in the update history UTC or local? Answered where both records name the same update. */
function historyFinding(document: WindowsDocument, search: WindowsDocument | undefined): Finding {
  const check = 'history time';
  const events = document.read('updateEvents', eventSchema, { quiet: true });
  const history = search?.read('history', historySchema, { quiet: true });
  if (events.kind !== 'read' || history?.kind !== 'read')
    return { check, result: 'unknown', detail: 'a record is missing' };
  const offsets = events.data.events.items.flatMap(({ at, fields }) => {
    const article = articleIn(fields.items);
    const entries = history.data.entries.items.filter(
      ({ title }) => article !== undefined && articleIn([title]) === article,
    );
    const nearest = entries
      .map(({ date }) => (date === undefined || at === undefined ? Number.NaN : Math.round((date - at) / minuteMs)))
      .filter((minutes) => Math.abs(minutes) <= 24 * 60);
    return nearest.slice(0, 1);
  });
  const [first] = offsets;
  if (first === undefined) return { check, result: 'unknown', detail: 'no update stands in both records' };
  return {
    check,
    result: 'ok',
    detail: `the update history is ${first} minutes ahead of UTC (${offsets.length} compared)`,
  };
}
