/** What resticprofile and autorestic leave beside restic: a status file with results, and a list of attempts. Pure. */
import { z } from 'zod';
import { clean } from '../../collectors/text.ts';
import type { BackupReason } from '../../contract/facts/backup.ts';
import { reasonOfWords } from '../hooks.ts';
import type { RunRecord } from '../product.ts';

const count = z.number().optional().catch(undefined);
const statusFile = z.object({
  profiles: z.record(
    z.string().max(200),
    z.object({
      backup: z
        .object({
          success: z.boolean(),
          time: z.iso.datetime({ offset: true }),
          error: z.string().optional(),
          stderr: z.string().optional(),
          /** Whole seconds. */
          duration: count,
          bytes_total: count,
          snapshot_id: z.string().max(80).optional().catch(undefined),
        })
        .optional(),
    }),
  ),
});

export interface ProfileStatus {
  readonly profile: string;
  readonly run: RunRecord;
}

/** Last backup of each profile that ever made one; undefined when this is no status file of a layout that is known. */
export function parseStatusFile(text: string): ProfileStatus[] | undefined {
  const parsed = statusFile.safeParse(json(text));
  if (!parsed.success) return undefined;
  return Object.entries(parsed.data.profiles).flatMap(([profile, { backup }]) => {
    if (backup === undefined) return [];
    const endedAt = new Date(backup.time);
    const { success, duration, bytes_total: bytes, snapshot_id: snapshot, error = '', stderr = '' } = backup;
    // The snapshot was made, and some files are not in it: restic's exit code 3.
    const skipped = success
      ? /could not be read|incomplete|permission denied/i.test(stderr)
      : error === 'exit status 3';
    const result = skipped ? 'warning' : success ? 'success' : 'failed';
    const cause = result === 'failed' ? reasonOfWords(`${error}\n${stderr}`) : undefined;
    const reasons: BackupReason[] = skipped ? ['files-skipped'] : cause === undefined ? [] : [cause];
    const code = clean(error, 60);
    return [
      {
        profile,
        run: {
          ...(duration !== undefined && duration >= 0
            ? { startedAt: new Date(endedAt.getTime() - duration * 1000) }
            : {}),
          endedAt,
          result,
          // Other errors are sentences that may name files.
          ...(code !== undefined && /^exit status \d{1,3}$/.test(code) ? { code } : {}),
          ...(bytes !== undefined && bytes > 0 ? { bytes } : {}),
          evidence: {
            kind: 1,
            source: 'resticprofile status file',
            ...(snapshot === undefined || snapshot === '' ? {} : { reference: `snapshot ${snapshot.slice(0, 12)}` }),
          },
          ...(reasons.length === 0 ? {} : { reasons }),
        },
      },
    ];
  });
}

/** Values of one key in a configuration, whatever of TOML, YAML, HCL and JSON it is written in; nothing else is looked at. */
export function valuesOf(text: string, key: string): string[] {
  const line = new RegExp(
    `^[ \\t{,]*["']?${key}["']?[ \\t]*[=:][ \\t]*(?:"([^"\\n]*)"|'([^'\\n]*)'|([^\\s#,}]+))`,
    'gm',
  );
  const found = [...text.matchAll(line)].map(([, double, single, bare]) => double ?? single ?? bare ?? '');
  return [...new Set(found.filter((value) => value !== ''))];
}

/** Time of the last attempt by location: autorestic notes it whether or not the backup came to anything. */
export function parseAutoresticLock(text: string): Map<string, Date> {
  const attempts = new Map<string, Date>();
  let inCron = false;
  for (const line of text.split('\n')) {
    if (/^\S/.test(line)) inCron = /^cron:\s*$/.test(line);
    const match = inCron ? /^\s+["']?([^"':]{1,120})["']?:\s*(\d{9,11})\s*$/.exec(line) : null;
    if (match !== null) attempts.set((match[1] ?? '').trim(), new Date(Number(match[2]) * 1000));
  }
  return attempts;
}

export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON fits no schema.
    return undefined;
  }
}
