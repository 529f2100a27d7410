/**
 * Veeam Agent for Microsoft Windows. The verdict is event 190 of its own log: the word in its text first, its level as a
 * second opinion, because some versions write every result as information. While backups go to the cache of the notebook
 * (196), nothing has left the PC until the cache was synchronised (195).
 */
import type { RunResult } from '../../contract/facts/backup.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding, RunRecord } from '../product.ts';
import { begunRun, endedRun, oldestFirst, reachOf, resultOfLevel, worse } from './event-runs.ts';
import { isDown, presenceOf } from './presence.ts';
import type { EventEntry, EventLog, WindowsRecords } from './records.ts';
import { parseVeeamExport, type VeeamExport } from './veeam-export.ts';

const traces = {
  service: /^VeeamEndpointBackupSvc$/i,
  serviceName: 'VeeamEndpointBackupSvc',
  program: /^Veeam (Agent for Microsoft Windows|Endpoint Backup)/i,
};
const guid = /^\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i;
const words: Readonly<Record<string, RunResult>> = {
  success: 'success',
  warning: 'warning',
  error: 'failed',
  failed: 'failed',
};

export const veeamAgentWindows: BackupProduct = {
  id: 'veeam-agent-windows',
  name: 'Veeam Agent for Microsoft Windows',
  kind: 'backup',
  platforms: ['win32'],
  read: async (context) => {
    const records = await context.windows();
    const { installed, version, service } = presenceOf(records, traces);
    const log = records.log('veeam');
    if (!installed && log.events.length === 0) return undefined;
    const settings = installed ? await readSettings(context) : undefined;
    const known =
      records.key('veeam')?.text('Version') ?? records.key('veeamEndpoint')?.text('DisplayVersion') ?? version;
    return describe(
      {
        log,
        installed,
        settings,
        records,
        remembered: context.rememberedJobs('veeam-agent-windows'),
        now: context.now,
      },
      known,
      service,
    );
  },
};

interface Sources {
  readonly log: EventLog;
  readonly installed: boolean;
  readonly settings: VeeamExport | undefined;
  readonly records: Pick<WindowsRecords, 'drives'>;
  /** Jobs an earlier round saw, for the day the log has forgotten them. */
  readonly remembered?: readonly string[];
  readonly now: Date;
}

function describe(sources: Sources, version: string | undefined, service: ProductFinding['service']): ProductFinding {
  return {
    ...(version === undefined ? {} : { version }),
    installed: sources.installed,
    ...(service === undefined ? {} : { service }),
    answers: 'here',
    jobs: veeamJobs(sources),
    reasons: isDown(service) ? ['service-stopped'] : [],
  };
}

/** Settings are an addition: without them only the schedule and the targets are unknown. */
async function readSettings({ machine, signal }: BackupContext): Promise<VeeamExport | undefined> {
  const text = await machine.windows?.exportVeeamSettings(signal);
  return text === undefined ? undefined : parseVeeamExport(text);
}

interface JobEvents {
  name: string | undefined;
  readonly runs: RunRecord[];
  begun: EventEntry | undefined;
  deleted: boolean;
}

/** Events and settings as jobs. Pure. */
export function veeamJobs({ log, settings, records, remembered = [], now }: Sources): JobRecord[] {
  const { jobs, licenceExpired } = jobsOf(log.events);
  const reach = reachOf(log);
  for (const { id, name } of settings?.jobs ?? []) {
    const found = jobs.get(id);
    if (found === undefined) jobs.set(id, { name, runs: [], begun: undefined, deleted: false });
    else found.name = name;
  }
  // No job is known: what the log says of none of them is said of the product.
  for (const id of jobs.size > 0 ? [] : remembered.length > 0 ? remembered : ['veeam']) {
    jobs.set(id, { name: undefined, runs: [], begun: undefined, deleted: false });
  }
  return [...jobs].map(([id, { name, runs, begun, deleted }]) => {
    const own = settings?.jobs.find((job) => job.id === id);
    const enabled = deleted ? false : own === undefined ? undefined : own.enabled;
    return {
      id,
      name: name ?? 'Veeam Agent',
      writableBy: 'administrator',
      ...(enabled === undefined ? {} : { enabled }),
      ...(own?.schedule === undefined ? {} : { schedule: own.schedule }),
      targets: own?.targets(records) ?? [],
      runs: begun === undefined ? runs : [...runs, begunRun('veeam', begun, now)],
      history: reach.history,
      reasons: [
        ...reach.reasons,
        ...(own?.manual === true ? (['no-schedule'] as const) : []),
        ...(licenceExpired ? (['licence-expired'] as const) : []),
      ],
    };
  });
}

function jobsOf(events: readonly EventEntry[]): { jobs: Map<string, JobEvents>; licenceExpired: boolean } {
  const jobs = new Map<string, JobEvents>();
  let cached = false;
  let licenceExpired = false;
  for (const event of oldestFirst(events)) {
    if (event.id === 4030) licenceExpired = true;
    if (event.id === 196) cached = true;
    if (event.id === 195) {
      const level = resultOfLevel(event.level);
      const arrived = level === 'success' || level === 'warning';
      cached = cached && !arrived;
      const own = jobIdOf(event);
      for (const [id, job] of jobs) {
        if (own !== undefined && own !== id) continue;
        job.runs.push(endedRun('veeam', event, level, arrived ? {} : { reasons: ['cache-only'] }));
      }
      continue;
    }
    const id = jobIdOf(event);
    const message = textOf(event);
    const name = /^Veeam Agent '(.+)' (?:has been|finished)/.exec(message)?.[1];
    const key = id ?? name;
    if (key === undefined) continue;
    const job = jobs.get(key) ?? { name: undefined, runs: [], begun: undefined, deleted: false };
    if (name !== undefined) job.name = name;
    switch (event.id) {
      case 110:
        job.begun = event;
        break;
      case 190:
        job.begun = undefined;
        job.runs.push(finished(event, message, cached));
        licenceExpired &&= job.runs.at(-1)?.result !== 'success';
        break;
      case 191:
        job.begun = undefined;
        job.runs.push(endedRun('veeam', event, 'failed', { retryPending: true }));
        break;
      case 23010:
      case 23050:
        job.deleted = false;
        break;
      case 23090:
        job.deleted = true;
        break;
      default:
        continue;
    }
    jobs.set(key, job);
  }
  return { jobs, licenceExpired };
}

function finished(event: EventEntry, message: string, cached: boolean): RunRecord {
  const [, word] = /' finished with (\w+)/.exec(message) ?? [];
  const key = word?.toLowerCase() ?? '';
  const stated = (Object.hasOwn(words, key) ? words[key] : undefined) ?? 'unknown';
  const level = resultOfLevel(event.level);
  const disagree = stated !== 'unknown' && level !== 'unknown' && stated !== level;
  return endedRun('veeam', event, worse(stated, level), {
    ...(word === undefined ? {} : { code: `190 ${word}` }),
    ...(cached ? { provesNothing: true as const } : {}),
    reasons: [...(disagree ? (['records-disagree'] as const) : []), ...(cached ? (['cache-only'] as const) : [])],
  });
}

/** The session comes first, the job second. */
function jobIdOf({ fields }: EventEntry): string | undefined {
  const [, job] = fields.filter((field) => guid.test(field));
  return job?.replace(/[{}]/g, '').toLowerCase();
}

function textOf({ fields }: EventEntry): string {
  return fields.find((field) => field.startsWith('Veeam Agent ')) ?? '';
}
