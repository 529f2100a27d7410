/** Cove Data Protection (N-able Backup Manager): its command-line tool lists the sessions of each data source, without a password. */
import type { BackupReason, RunResult } from '../../contract/facts/backup.ts';
import { findProgram, findService, isThere } from '../linux/installed.ts';
import { parseLocalIso } from '../local-time.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding, RunRecord } from '../product.ts';

const listTimeoutMs = 60_000;
const maxSessions = 2000;
/** Only what an installation leaves behind; on Linux there is no record a program could read without the tool. */
const dataFolder = '/opt/MXB/etc';

export const cove: BackupProduct = {
  id: 'cove',
  name: 'Cove Data Protection',
  kind: 'backup',
  platforms: ['linux'],
  read: readLinux,
};

async function readLinux(context: BackupContext): Promise<ProductFinding | undefined> {
  const { machine, signal } = context;
  const program = await findProgram(context, { packages: ['mxb'], files: ['/opt/MXB/bin/ClientTool'] });
  if (!program.installed) {
    return (await isThere(context, dataFolder)) ? { installed: false, answers: 'nowhere', jobs: [] } : undefined;
  }
  const service = await findService(context, ['ProcessController.service', 'mxb.service']);
  const outcome = await machine.run(
    'cove-clienttool',
    ['-machine-readable', 'control.session.list', '-delimiter', ','],
    { timeoutMs: listTimeoutMs, signal },
  );
  const base = { ...program, ...(service === undefined ? {} : { service }), answers: 'here' } as const;
  const jobs = outcome.kind === 'exited' && outcome.exitCode === 0 ? parseSessionList(outcome.stdout) : undefined;
  if (jobs !== undefined) return { ...base, jobs: jobs.length === 0 ? [noSession] : jobs };
  const reason: BackupReason =
    outcome.kind === 'exited' && outcome.exitCode === 0 ? 'schema-unknown' : 'source-unreadable';
  return { ...base, jobs: [{ ...noSession, history: 'unreadable', reasons: [reason] }] };
}

/** Sessions are cleared after a while: an empty list is no "never". */
const noSession: JobRecord = {
  id: 'sessions',
  name: 'Cove Data Protection',
  writableBy: 'administrator',
  targets: [{ kind: 'cloud' }],
  runs: [],
  history: 'window',
};

const results: Readonly<Record<string, { result: RunResult; reasons?: readonly BackupReason[] }>> = {
  Completed: { result: 'success' },
  CompletedWithErrors: { result: 'warning', reasons: ['files-skipped'] },
  InProcess: { result: 'running' },
  InProgressWithFaults: { result: 'running' },
  Failed: { result: 'failed' },
  Interrupted: { result: 'failed', reasons: ['interrupted'] },
  Aborted: { result: 'cancelled' },
  // Nothing was backed up.
  Skipped: { result: 'cancelled' },
};

/**
 * One job for each data source. `undefined` when the head of the list is not the known one. Times are local; a session that
 * has not ended has none or a dash.
 */
export function parseSessionList(output: string): JobRecord[] | undefined {
  const [head = '', ...lines] = output.replace(/^\ufeff/, '').split(/\r?\n/);
  const delimiter = head.includes('\t') ? '\t' : ',';
  const columns = head.split(delimiter).map((column) => column.trim());
  const [source, type, state, start, end] = ['DSRC', 'TYPE', 'STATE', 'START', 'END'].map((name) =>
    columns.indexOf(name),
  );
  if ([source, type, state, start, end].some((index) => index === undefined || index < 0)) return undefined;
  const jobs = new Map<string, RunRecord[]>();
  for (const line of lines.slice(0, maxSessions)) {
    const fields = line.split(delimiter).map((field) => field.trim());
    const name = fields[source ?? -1];
    if (name === undefined || name === '' || fields[type ?? -1] !== 'Backup') continue;
    const word = fields[state ?? -1] ?? '';
    const startedAt = parseLocalIso(fields[start ?? -1]);
    const endedAt = parseLocalIso(fields[end ?? -1]);
    jobs.set(name, [
      ...(jobs.get(name) ?? []),
      {
        ...(startedAt === undefined ? {} : { startedAt }),
        ...(endedAt === undefined ? {} : { endedAt }),
        ...(Object.hasOwn(results, word) ? results[word] : undefined),
        result: (Object.hasOwn(results, word) ? results[word]?.result : undefined) ?? 'unknown',
        code: word,
        evidence: { kind: 2, source: 'ClientTool control.session.list' },
      },
    ]);
  }
  return [...jobs].map(([name, runs]) => ({ ...noSession, id: name, name, runs }));
}
