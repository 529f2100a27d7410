/**
 * IBM Spectrum Protect (Storage Protect, TSM) client: the log of its scheduler, `dsmsched.log`, tells each scheduled event and
 * how it ended. The log is pruned after days or weeks, and its dates follow the language of the PC.
 */
import type { BackupReason } from '../../contract/facts/backup.ts';
import { findProgram, findService } from '../linux/installed.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding, RunRecord } from '../product.ts';
import { reasonOf } from '../read-reason.ts';
import { parseScheduleLog } from './spectrum-protect-log.ts';

/** A log that is never pruned grows by about 1 MiB a month. */
const maxLogBytes = 32 * 1024 * 1024;
const maxOptionsBytes = 256 * 1024;
const folder = '/opt/tivoli/tsm/client/ba/bin';
const defaultLogs = [`${folder}/dsmsched.log`, '/var/log/dsmsched.log', '/var/log/tsm/dsmsched.log', '/dsmsched.log'];

export const spectrumProtect: BackupProduct = {
  id: 'spectrum-protect',
  name: 'IBM Spectrum Protect',
  kind: 'backup',
  platforms: ['linux'],
  read: readLinux,
};

async function readLinux(context: BackupContext): Promise<ProductFinding | undefined> {
  const program = await findProgram(context, { packages: ['tivsm-ba'], files: [`${folder}/dsmc`] });
  const { logs, server } = await readOptions(context);
  const log = await readScheduleLog(context, logs);
  if (!program.installed && log.reason === 'source-missing') return undefined;
  const service = program.installed ? await findService(context, ['dsmcad.service', 'dsmsched.service']) : undefined;
  const finding = scheduleFinding(log, {
    remembered: context.rememberedJobs('spectrum-protect'),
    schedulerRuns: service?.state === 'running',
    ...(server === undefined ? {} : { server }),
  });
  return { ...program, ...(service === undefined ? {} : { service }), ...finding };
}

/** Only the place of the log and the name of the server are taken from the options. */
async function readOptions({ machine }: BackupContext): Promise<{ logs: readonly string[]; server?: string }> {
  let text = '';
  for (const name of ['dsm.sys', 'dsm.opt']) {
    try {
      text += `${await machine.readText(`${folder}/${name}`, { maxBytes: maxOptionsBytes })}\n`;
    } catch {
      // Without it the defaults hold.
    }
  }
  return scheduleOptions(text);
}

/** Options may be cut short to the letters IBM prints in capitals: SCHEDLOGName, TCPServeraddress. */
export function scheduleOptions(text: string): { logs: readonly string[]; server?: string } {
  const log = /^\s*schedlogn(?:a|am|ame)?\s+"?([^"\r\n]+?)"?\s*$/im.exec(text)?.[1];
  const server = /^\s*tcps(?:[a-z]*)\s+([A-Za-z0-9.:_-]{1,150})\s*$/im.exec(text)?.[1];
  return {
    logs: log?.startsWith('/') === true ? [log, ...defaultLogs] : defaultLogs,
    ...(server === undefined ? {} : { server }),
  };
}

export type ScheduleLog =
  | { readonly text: string; readonly modifiedAt: Date; readonly reason?: undefined }
  | { readonly text?: undefined; readonly reason: BackupReason };

/** The first of the paths that can be read, or why none can. */
export async function readScheduleLog({ machine }: BackupContext, paths: readonly string[]): Promise<ScheduleLog> {
  let reason: BackupReason = 'source-missing';
  for (const path of paths) {
    try {
      const { modifiedAt } = await machine.stat(path);
      return { text: await machine.readText(path, { maxBytes: maxLogBytes }), modifiedAt };
    } catch (error) {
      const found = reasonOf(error);
      if (found !== 'source-missing') reason = found;
    }
  }
  return { reason };
}

/** One job for each schedule; those an earlier round saw succeed stay, although the log has forgotten them. */
export function scheduleFinding(
  log: ScheduleLog,
  options: { remembered: readonly string[]; schedulerRuns: boolean; server?: string },
): Pick<ProductFinding, 'answers' | 'jobs' | 'reasons'> {
  const events = log.text === undefined ? undefined : parseScheduleLog(log.text, log.modifiedAt);
  const reason = log.reason ?? (events === undefined ? 'schema-unknown' : undefined);
  const runs = new Map<string, RunRecord[]>(options.remembered.map((name) => [name, []]));
  for (const event of events ?? []) {
    const unfinished = event.result === 'running' && !options.schedulerRuns;
    const reasons: readonly BackupReason[] = unfinished ? [...event.reasons, 'interrupted'] : event.reasons;
    runs.set(event.schedule, [
      ...(runs.get(event.schedule) ?? []),
      {
        ...(event.startedAt === undefined ? {} : { startedAt: event.startedAt }),
        ...(event.endedAt === undefined ? {} : { endedAt: event.endedAt }),
        result: unfinished ? 'failed' : event.result,
        ...(event.code === undefined ? {} : { code: event.code }),
        sequence: event.line,
        evidence: { kind: 3, source: 'dsmsched.log', reference: `line ${event.line}` },
        ...(reasons.length === 0 ? {} : { reasons }),
      },
    ]);
  }
  if (runs.size === 0) runs.set('scheduler', []);
  const target = { kind: 'repository', ...(options.server === undefined ? {} : { name: options.server }) } as const;
  const jobs = [...runs].map(
    ([name, own]): JobRecord => ({
      id: name,
      name,
      writableBy: 'administrator',
      targets: [target],
      runs: own,
      history: reason === undefined ? 'window' : 'unreadable',
      ...(reason === undefined ? {} : { reasons: [reason] }),
    }),
  );
  return { answers: 'here', jobs, ...(reason === undefined ? {} : { reasons: [reason] }) };
}
