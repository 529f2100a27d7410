/** What of the open questions about backup products a PC can answer by itself: names nobody has published, and words beside levels. */
import { z } from 'zod';
import { type EventLog, type LogName, logNames, readRecords } from '../backup/windows/records.ts';
import { parseFailedWriters } from '../backup/windows/writers.ts';
import { clean } from '../collectors/text.ts';
import type { WindowsDocument } from '../collectors/windows/document.ts';
import { listOf } from '../collectors/windows/values.ts';
import type { Machine } from '../platform/machine.ts';
import type { Finding } from './inspect.ts';

const sourcesSchema = z.object({ sources: listOf(z.string().max(120), 200) });
const writersLimitMs = 120_000;

/** One line per question; nothing is changed, and asking the shadow copy writers may take a minute or two. */
export async function windowsBackupFindings(machine: Machine, document: WindowsDocument): Promise<Finding[]> {
  const records = readRecords(document, { problem: () => undefined });
  const events = document.read('backupEvents', sourcesSchema, { quiet: true });
  const logs = (Object.keys(logNames) as LogName[]).map((name) => ({ name, log: records.log(name) }));
  return [
    listed(
      'backup services',
      records.services?.map(({ name, state }) => `${name} (${state})`),
    ),
    listed('backup event sources', events.kind === 'read' ? events.data.sources.items : undefined),
    listed(
      'backup tasks',
      records.tasks?.map(
        ({ name, result }) => `${name} (${result === undefined ? 'no result' : `0x${result.toString(16)}`})`,
      ),
    ),
    {
      check: 'backup logs',
      result: logs.some(({ log }) => log.state === 'denied' || log.state === 'unreadable') ? 'problem' : 'ok',
      detail: logs.map(({ name, log }) => `${name}: ${reachOf(log)}`).join(', '),
    },
    veeamFinding(records.log('veeam')),
    await writersFinding(machine),
  ];
}

function listed(check: string, names: readonly string[] | undefined): Finding {
  if (names === undefined) return { check, result: 'problem', detail: 'cannot be read' };
  return { check, result: 'ok', detail: clean(names.join(', '), 1000) ?? 'none' };
}

function reachOf({ state, whole, events }: EventLog): string {
  return state === 'read'
    ? `${events.length} events, ${whole ? 'from the first record on' : 'older ones may be gone'}`
    : state;
}

/** Open question: does the level of event 190 follow the word in its text? */
function veeamFinding({ events }: EventLog): Finding {
  const pairs = new Map<string, number>();
  for (const { id, level, fields } of events) {
    const word = id === 190 ? / finished with (\w{1,20})/.exec(fields.join(' '))?.[1] : undefined;
    if (word === undefined) continue;
    const pair = `${word} at level ${level ?? '?'}`;
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  const detail = [...pairs].map(([pair, count]) => `${pair} (${count})`).join(', ');
  return {
    check: 'veeam results',
    result: detail === '' ? 'unknown' : 'ok',
    detail: detail === '' ? 'no event 190' : detail,
  };
}

async function writersFinding(machine: Machine): Promise<Finding> {
  const check = 'shadow copy writers';
  const outcome = await machine.run('vssadmin', ['list', 'writers'], {
    timeoutMs: writersLimitMs,
    signal: new AbortController().signal,
  });
  if (outcome.kind !== 'exited') return { check, result: 'problem', detail: `vssadmin: ${outcome.kind}` };
  const failed = outcome.exitCode === 0 ? parseFailedWriters(outcome.stdout) : undefined;
  if (failed === undefined)
    return { check, result: 'problem', detail: `vssadmin ended with ${outcome.exitCode}, no list of writers` };
  const detail =
    failed.length === 0 ? 'none failed' : failed.map(({ id, state }) => `${id} in state ${state}`).join(', ');
  return { check, result: 'ok', detail };
}
