/**
 * NetBackup client. `bpclimagelist` asks the master server, with the identity of this PC, for the images it holds of it: an
 * image is there when a backup was completed, wholly or in part. Failed runs leave none.
 */
import type { BackupReason } from '../../contract/facts/backup.ts';
import { findProgram, findService, isThere } from '../linux/installed.ts';
import { localInstant } from '../local-time.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding, RunRecord } from '../product.ts';

/** The tool is known to hang when the master is away. */
const listTimeoutMs = 30_000;
const maxImages = 2000;
const folder = '/usr/openv/netbackup';

export const netbackup: BackupProduct = {
  id: 'netbackup',
  name: 'NetBackup',
  kind: 'backup',
  platforms: ['linux'],
  read: readLinux,
};

async function readLinux(context: BackupContext): Promise<ProductFinding | undefined> {
  const { machine, signal } = context;
  const program = await findProgram(context, { files: [`${folder}/bin/bpclimagelist`, `${folder}/bin/bpcd`] });
  if (!program.installed) {
    return (await isThere(context, folder)) ? { installed: false, answers: 'server', jobs: [] } : undefined;
  }
  const service = await findService(context, ['netbackup.service', 'vxpbx_exchanged.service']);
  const outcome = await machine.run('bpclimagelist', [], { timeoutMs: listTimeoutMs, signal });
  return {
    ...program,
    ...(service === undefined ? {} : { service }),
    answers: 'here',
    jobs: [imageJob(outcome.kind === 'exited' ? `${outcome.stdout}\n${outcome.stderr}` : undefined)],
  };
}

/**
 * From what the tool printed, `undefined` when it did not end. Without a window of its own it lists the last fourteen days,
 * so that no image is "no backup in that time", not "never".
 */
export function imageJob(output: string | undefined): JobRecord {
  // 227: no entity was found.
  const nothing = output !== undefined && /EXIT STATUS 227\b/.test(output);
  const runs = output === undefined ? undefined : (parseImageList(output) ?? (nothing ? [] : undefined));
  const reasons: BackupReason[] = [];
  if (output === undefined) reasons.push('target-unreachable');
  else if (/EXIT STATUS 135\b/.test(output)) reasons.push('source-denied');
  else if (!nothing && /EXIT STATUS \d+/.test(output)) reasons.push('source-unreadable');
  else if (runs === undefined) reasons.push('schema-unknown');
  return {
    id: 'images',
    name: 'NetBackup',
    writableBy: 'administrator',
    targets: [{ kind: 'repository' }],
    runs: runs ?? [],
    history: reasons.length === 0 ? 'window' : 'unreadable',
    ...(reasons.length === 0 ? {} : { reasons }),
  };
}

/** `undefined` when the head of the list is missing: then it is another kind of answer. Times are local, without an end. */
export function parseImageList(output: string): RunRecord[] | undefined {
  const lines = output.split(/\r?\n/);
  const head = lines.findIndex((line) => /^Backed Up\s+Expires\s+Files\s+KB\b/.test(line));
  if (head < 0) return undefined;
  const runs: RunRecord[] = [];
  for (const line of lines.slice(head + 1, head + 1 + maxImages)) {
    const match =
      /^(\d{2})\/(\d{2})\/(\d{4})\s+(\d{2}):(\d{2})(?::(\d{2}))?\s+\S+\s+(\d+)\s+(\d+)\s+\S+\s+(\S.*)$/.exec(line);
    if (match === null) continue;
    const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0, files = 0, kib = 0] = match
      .slice(1, 9)
      .map((part) => Number(part ?? 0));
    const at = localInstant(year, month, day, hour, minute, second);
    if (at === undefined) continue;
    runs.push({
      startedAt: at,
      // The list has no end of a backup; its beginning makes it look older, never younger.
      endedAt: at,
      result: 'success',
      bytes: kib * 1024,
      evidence: { kind: 2, source: 'bpclimagelist' },
      // What a person saved by hand is no backup of the PC.
      ...(files === 0 || /^User /.test(match[9] ?? '') ? { provesNothing: true as const } : {}),
    });
  }
  return runs;
}
