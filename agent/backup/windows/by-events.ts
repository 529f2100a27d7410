/** Products whose whole answer is one event for each run, told apart by number. */
import type { RunResult } from '../../contract/facts/backup.ts';
import type { BackupProduct, JobRecord } from '../product.ts';
import { endedRun, reachOf } from './event-runs.ts';
import { isDown, presenceOf, type Traces } from './presence.ts';
import type { EventEntry, EventLog, LogName } from './records.ts';

export interface EventProduct {
  readonly id: string;
  readonly name: string;
  readonly log: LogName;
  readonly traces: Traces;
  /** Undefined: the event says nothing about the end of a run. */
  readonly resultOf: (event: EventEntry) => RunResult | undefined;
}

export function productByEvents({ id, name, log, traces, resultOf }: EventProduct): BackupProduct {
  return {
    id,
    name,
    kind: 'backup',
    platforms: ['win32'],
    read: async (context) => {
      const records = await context.windows();
      const { installed, version, service } = presenceOf(records, traces);
      const events = records.log(log);
      if (!installed && events.events.length === 0) return undefined;
      return {
        ...(version === undefined ? {} : { version }),
        installed,
        ...(service === undefined ? {} : { service }),
        answers: 'here',
        jobs: [eventJob(id, name, log, events, resultOf)],
        reasons: isDown(service) ? ['service-stopped'] : [],
      };
    },
  };
}

/** All runs as one job: the events do not name another. */
export function eventJob(
  id: string,
  name: string,
  log: LogName,
  events: EventLog,
  resultOf: EventProduct['resultOf'],
): JobRecord {
  const { history, reasons } = reachOf(events);
  return {
    id,
    name,
    writableBy: 'administrator',
    targets: [],
    runs: events.events.flatMap((event) => {
      const result = resultOf(event);
      return result === undefined ? [] : [endedRun(log, event, result)];
    }),
    history,
    reasons,
  };
}

const shadowProtectResults: Readonly<Record<number, RunResult>> = { 1120: 'success', 1121: 'failed', 1122: 'failed' };
const redstorResults: Readonly<Record<number, RunResult>> = {
  4098: 'success',
  4099: 'warning',
  4100: 'warning',
  4101: 'warning',
  4102: 'cancelled',
  4103: 'failed',
  // Skipped: nothing was put into safety.
  4105: 'unknown',
};

export const shadowProtect = productByEvents({
  id: 'shadowprotect',
  name: 'ShadowProtect',
  log: 'shadowProtect',
  traces: { service: /^ShadowProtectSvc$/i, serviceName: 'ShadowProtectSvc', program: /ShadowProtect/i },
  // One source says 1121 is the abort and 1122 the failure, another the other way round: both are no success.
  resultOf: ({ id }) => shadowProtectResults[id],
});

export const redstor = productByEvents({
  id: 'redstor',
  name: 'Redstor (Attix5 ESE)',
  log: 'redstor',
  traces: { image: /\\(Redstor|Attix5)[^\\]*\\/i, program: /Redstor|Attix5|\bESE Agent\b/i },
  resultOf: ({ id }) => redstorResults[id],
});

export const arxOne = productByEvents({
  id: 'arx-one',
  name: 'Arx One Backup',
  log: 'arxOne',
  traces: { image: /\\Arx ?One[^\\]*\\/i, program: /^Arx ?One/i },
  resultOf: ({ level, fields }) => {
    if (level === 1 || level === 2) return 'failed';
    if (level === 3) return 'warning';
    // Everything at this level has the same number; the code of a finished backup stands in the text.
    return fields.some((field) => /(^|\D)2\.1\.1\.10\.1\.0(\D|$)/.test(field)) ? 'success' : undefined;
  },
});
