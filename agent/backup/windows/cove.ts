/**
 * Cove Data Protection (N-able Backup Manager) on Windows: its status report states the last and the last successful session
 * of each data source. Where there is none, its command lists the sessions as on Linux.
 */
import type { BackupReason, RunResult } from '../../contract/facts/backup.ts';
import type { BackupContext, BackupProduct, JobRecord, RunRecord } from '../product.ts';
import { parseSessionList } from '../products/cove.ts';
import { reasonOf } from '../read-reason.ts';
import { openRun } from '../still-running.ts';
import { parseXml, type XmlElement } from '../xml.ts';
import { isDown, presenceOf } from './presence.ts';

const traces = {
  service: /^Backup Service Controller$/i,
  serviceName: 'Backup Service Controller',
  image: /\\(Backup Manager|Managed Online Backup)\\/i,
  program: /^(Backup Manager|Cove Data Protection|N-able Backup|SolarWinds Backup|Managed Online Backup)\b/i,
};
const reports = ['MXB\\Backup Manager\\StatusReport.xml', 'Managed Online Backup\\Backup Manager\\StatusReport.xml'];
const maxReportBytes = 2 * 1024 * 1024;
const listTimeoutMs = 60_000;

/** Codes of the report; 0 and 7 stand for "no session yet". */
const results: Readonly<Record<string, { result: RunResult; reasons?: readonly BackupReason[] }>> = {
  '1': { result: 'running' },
  '2': { result: 'failed' },
  '3': { result: 'cancelled' },
  '5': { result: 'success' },
  '6': { result: 'failed', reasons: ['interrupted'] },
  '8': { result: 'warning', reasons: ['files-skipped'] },
  '9': { result: 'running' },
  '10': { result: 'failed', reasons: ['target-full'] },
  '12': { result: 'running' },
};

export const coveWindows: BackupProduct = {
  id: 'cove',
  name: 'Cove Data Protection',
  kind: 'backup',
  platforms: ['win32'],
  read: async (context) => {
    const records = await context.windows();
    const { installed, version, service } = presenceOf(records, traces);
    const report = await readReport(context, records.places.data);
    if (!installed && report === 'source-missing') return undefined;
    const jobs = typeof report === 'string' ? await readSessions(context) : report;
    return {
      ...(version === undefined ? {} : { version }),
      installed,
      ...(service === undefined ? {} : { service }),
      answers: 'here',
      jobs: jobs ?? [
        { ...source('sessions'), history: 'unreadable', reasons: typeof report === 'string' ? [report] : [] },
      ],
      reasons: isDown(service) ? ['service-stopped'] : [],
    };
  },
};

async function readReport({ machine, now }: BackupContext, data: string): Promise<JobRecord[] | BackupReason> {
  let reason: BackupReason = 'source-missing';
  for (const report of reports) {
    try {
      return (
        parseStatusReport(await machine.readText(`${data}\\${report}`, { maxBytes: maxReportBytes }), now) ??
        'schema-unknown'
      );
    } catch (error) {
      const found = reasonOf(error);
      if (found !== 'source-missing') reason = found;
    }
  }
  return reason;
}

async function readSessions({ machine, signal }: BackupContext): Promise<JobRecord[] | undefined> {
  const args = ['-machine-readable', 'control.session.list', '-delimiter', ','];
  const outcome = await machine.run('cove-clienttool', args, { timeoutMs: listTimeoutMs, signal });
  const jobs = outcome.kind === 'exited' && outcome.exitCode === 0 ? parseSessionList(outcome.stdout) : undefined;
  return jobs === undefined || jobs.length === 0 ? undefined : jobs;
}

function source(id: string): JobRecord {
  return { id, name: id, writableBy: 'administrator', targets: [{ kind: 'cloud' }], runs: [], history: 'window' };
}

/** One job for each data source; undefined when the report names none. Times are seconds since 1970. Pure. */
export function parseStatusReport(text: string, now: Date): JobRecord[] | undefined {
  let values: Map<string, Map<string, string>>;
  try {
    values = valuesOf(parseXml(text));
  } catch {
    return undefined;
  }
  const jobs = [...values].map(([id, fields]): JobRecord => {
    const status = fields.get('LastSessionStatus');
    const at = seconds(fields.get('LastSessionTimestamp'));
    const good = seconds(fields.get('LastSuccessfulSessionTimestamp'));
    const evidence = { kind: 1, source: 'status report of Backup Manager' } as const;
    const withErrors = fields.get('LastSuccessfulSessionStatus') === '8';
    const none = status === '0' || status === '7';
    return {
      ...source(id),
      runs: status === undefined || none ? [] : [runOf(status, at, now, evidence)],
      // The report keeps no list: that it knows no session and no success is its own word.
      history: none && good === undefined ? 'whole' : 'window',
      ...(good === undefined
        ? {}
        : { statedSuccess: { endedAt: good, result: withErrors ? 'warning' : 'success', evidence } }),
    };
  });
  return jobs.length === 0 ? undefined : jobs;
}

function runOf(status: string, at: Date | undefined, now: Date, evidence: RunRecord['evidence']): RunRecord {
  const { result, reasons } = (Object.hasOwn(results, status) ? results[status] : undefined) ?? { result: 'unknown' };
  if (result !== 'running') {
    return {
      ...(at === undefined ? {} : { endedAt: at }),
      result,
      code: status,
      evidence,
      ...(reasons === undefined ? {} : { reasons }),
    };
  }
  return openRun({ ...(at === undefined ? {} : { startedAt: at }), result, code: status, evidence }, true, now);
}

/** Elements such as "PluginFileSystem-LastSessionStatus", wherever they stand; "Total" sums up the others. */
function valuesOf(root: XmlElement): Map<string, Map<string, string>> {
  const found = new Map<string, Map<string, string>>();
  const visit = (element: XmlElement): void => {
    const [, id, field] = /^Plugin([A-Za-z0-9]{1,60})-(Last[A-Za-z]{1,60})$/.exec(element.name) ?? [];
    if (id !== undefined && field !== undefined && id !== 'Total') {
      const fields = found.get(id) ?? new Map<string, string>();
      // Stated twice and differently is not stated.
      fields.set(field, fields.has(field) && fields.get(field) !== element.text ? '' : element.text);
      found.set(id, fields);
    }
    for (const child of element.children) visit(child);
  };
  visit(root);
  return found;
}

function seconds(text: string | undefined): Date | undefined {
  if (text === undefined || !/^[1-9]\d{0,10}$/.test(text)) return undefined;
  return new Date(Number(text) * 1000);
}
