/**
 * Backups nobody taught the agent, as the local administrator names them (`backup.custom`): a status file, a unit of systemd,
 * or events of Windows. How to set them up: docs/operations/eigene-sicherung.md.
 */
import { z } from 'zod';
import { clean } from '../../collectors/text.ts';
import { planOf, scheduledUnits } from '../linux/own-units.ts';
import { json } from '../linux/resticprofile.ts';
import { runOfUnit } from '../linux/systemd.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding, RunRecord } from '../product.ts';
import { reasonOf } from '../read-reason.ts';
import { redactTarget } from '../redact.ts';
import { placeOf } from '../source-place.ts';
import type { CustomSource } from '../sources.ts';
import { openRun } from '../still-running.ts';
import { readEventSource } from '../windows/event-source.ts';

const maxFileBytes = 64 * 1024;

type SourceOf<K extends CustomSource['kind']> = CustomSource & { readonly kind: K };
/** What a source of one kind adds to what the administrator said of it. */
type Found = Pick<JobRecord, 'writableBy' | 'runs' | 'history'> & Partial<JobRecord>;
type Readers = {
  readonly [K in CustomSource['kind']]: (context: BackupContext, source: SourceOf<K>) => Promise<Found>;
};

const readers: Readers = {
  'status-file': readStatusFile,
  'systemd-unit': readUnit,
  'windows-event': readEvents,
};

export const custom: BackupProduct = {
  id: 'custom',
  name: 'Eigene Sicherung',
  kind: 'backup',
  platforms: ['linux', 'win32'],
  read: readCustom,
};

async function readCustom(context: BackupContext): Promise<ProductFinding | undefined> {
  const { custom: sources } = context.sources;
  if (sources.length === 0) return undefined;
  return { installed: true, answers: 'here', jobs: await Promise.all(sources.map((source) => jobOf(context, source))) };
}

async function jobOf(context: BackupContext, source: CustomSource): Promise<JobRecord> {
  const { target, encrypted } = source;
  const name = redactTarget(target?.name);
  const read = readers[source.kind] as (context: BackupContext, source: CustomSource) => Promise<Found>;
  return {
    id: source.id,
    name: source.name,
    targets: target === undefined ? [] : [{ kind: target.kind, ...(name === undefined ? {} : { name }) }],
    ...(encrypted === undefined ? {} : { encrypted }),
    ...(await read(context, source)),
  };
}

function unreadable(reason: NonNullable<JobRecord['reasons']>[number]): Found {
  return { writableBy: 'administrator', runs: [], history: 'unreadable', reasons: [reason] };
}

const instant = z.iso.datetime({ offset: true });
/** Version 1 of the status file; fields it does not name are ignored. */
const statusFile = z.object({
  version: z.literal(1),
  result: z.enum(['success', 'warning', 'failed', 'cancelled', 'running']),
  startedAt: instant.optional(),
  endedAt: instant.optional(),
  /** Kept by the job when a later run fails. */
  lastSuccessAt: instant.optional(),
  code: z.union([z.string(), z.int().transform(String)]).optional(),
  bytes: z.int().min(0).optional(),
  nextRunAt: instant.optional(),
  enabled: z.boolean().optional(),
});

/** Undefined when it is no status file of version 1; a run that is over must say when it ended. */
export function parseCustomStatus(text: string, now: Date): Omit<Found, 'writableBy'> | undefined {
  // Written by Windows programs with a mark at the beginning.
  const parsed = statusFile.safeParse(json(text.replace(/^\uFEFF/, '')));
  if (!parsed.success) return undefined;
  const { result, startedAt, endedAt, lastSuccessAt, bytes, nextRunAt, enabled } = parsed.data;
  if (result === 'running' ? startedAt === undefined : endedAt === undefined) return undefined;
  const code = clean(parsed.data.code, 60);
  const evidence = { kind: 1, source: 'status file of the administrator' } as const;
  const run: RunRecord = {
    ...(startedAt === undefined ? {} : { startedAt: new Date(startedAt) }),
    ...(endedAt === undefined || result === 'running' ? {} : { endedAt: new Date(endedAt) }),
    result,
    ...(code === undefined ? {} : { code }),
    ...(bytes === undefined ? {} : { bytes }),
    evidence,
  };
  return {
    // The script writes that it runs, and a PC that is switched off lets it write no more.
    runs: [result === 'running' ? openRun(run, true, now) : run],
    history: 'window',
    ...(lastSuccessAt === undefined ? {} : { statedSuccess: { endedAt: new Date(lastSuccessAt), evidence } }),
    ...(nextRunAt === undefined ? {} : { nextRunAt: new Date(nextRunAt) }),
    ...(enabled === undefined ? {} : { enabled }),
  };
}

async function readStatusFile(context: BackupContext, source: SourceOf<'status-file'>): Promise<Found> {
  const { reader, writableBy } = await placeOf(context, source.file);
  try {
    const found = parseCustomStatus(await reader.readText(source.file, { maxBytes: maxFileBytes }), context.now);
    return found === undefined ? { ...unreadable('schema-unknown'), writableBy } : { ...found, writableBy };
  } catch (error) {
    return { ...unreadable(reasonOf(error)), writableBy };
  }
}

async function readEvents(context: BackupContext, source: SourceOf<'windows-event'>): Promise<Found> {
  return context.machine.platform === 'win32' ? readEventSource(context, source) : unreadable('source-missing');
}

async function readUnit(context: BackupContext, source: SourceOf<'systemd-unit'>): Promise<Found> {
  if (context.machine.platform !== 'linux') return unreadable('source-missing');
  const units = await scheduledUnits(context, [source.unit]);
  if (typeof units === 'string') return unreadable(units === 'no-systemd' ? 'source-missing' : 'source-unreadable');
  const [unit] = units;
  if (unit === undefined) return unreadable('source-missing');
  const run = runOfUnit(unit.state, source.warningExitCodes);
  return {
    writableBy: 'administrator',
    ...planOf(unit),
    runs: run === undefined ? [] : [run],
    // systemd forgets when the PC is switched off.
    history: 'window',
    reasons: ['weak-evidence'],
  };
}
