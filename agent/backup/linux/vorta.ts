/**
 * Vorta, a desktop program that runs Borg for one person. Its database lies in the person's profile and keeps a log of every
 * run; the table `repopassword` beside it is never named in a question.
 */
import { CollectError } from '../../collectors/collector.ts';
import { clean } from '../../collectors/text.ts';
import type { BackupReason } from '../../contract/facts/backup.ts';
import type { DatabaseView, ReadError, Reader, SqlValue } from '../../platform/machine.ts';
import { parseLocalIso } from '../local-time.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding, RunRecord } from '../product.ts';
import { reasonOf } from '../read-reason.ts';
import { openRun } from '../still-running.ts';
import { findProgram } from './installed.ts';
import { personHas, profileReader } from './profile-source.ts';
import { repositoryTarget } from './repository.ts';
import type { LocalUser } from './users.ts';

/** As packaged and as flatpak. */
const databases = ['.local/share/Vorta/settings.db', '.var/app/com.borgbase.Vorta/data/Vorta/settings.db'];
/** Installed for one person only. */
const ownPrograms = ['.local/bin/vorta', '.local/share/flatpak/app/com.borgbase.Vorta/current'];
const maxDatabaseBytes = 128 * 1024 * 1024;
const maxProfiles = 32;
const maxRuns = 100;

export const vorta: BackupProduct = {
  id: 'vorta',
  name: 'Vorta',
  kind: 'backup',
  platforms: ['linux'],
  read: readVorta,
};

async function readVorta(context: BackupContext): Promise<ProductFinding | undefined> {
  const program = await findProgram(context, {
    packages: ['vorta'],
    files: ['/usr/bin/vorta', '/usr/local/bin/vorta', '/var/lib/flatpak/app/com.borgbase.Vorta'],
  });
  const jobs: JobRecord[] = [];
  const reasons = new Set<BackupReason>();
  let installed = program.installed;
  for (const user of await context.users()) {
    const paths = [...databases, ...ownPrograms].map((place) => `${user.home}/${place}`);
    const reader = await profileReader(context, user, paths);
    if (reader === undefined) continue;
    try {
      installed ||= await hasOneOf(
        reader,
        ownPrograms.map((place) => `${user.home}/${place}`),
      );
      for (const place of databases) {
        const path = `${user.home}/${place}`;
        if (!(await personHas(reader, path))) continue;
        const rows = await reader.database(path, readProfiles, { maxBytes: maxDatabaseBytes });
        if (rows === undefined) reasons.add('schema-unknown');
        for (const row of rows ?? []) jobs.push(await jobOf(context, row, user));
      }
    } catch (error) {
      reasons.add(
        /^(EPERM|EACCES)$/.test(String((error as ReadError).code)) ? 'user-source-unreadable' : reasonOf(error),
      );
    }
  }
  if (!installed && jobs.length === 0) {
    if (reasons.size === 0) return undefined;
    // Nothing says that it is here: what could not be looked at is a gap, no product.
    if (reasons.has('user-source-unreadable')) throw new CollectError('denied', 'profiles of people could not be read');
  }
  return { ...program, installed, answers: 'here', jobs, ...(reasons.size === 0 ? {} : { reasons: [...reasons] }) };
}

async function hasOneOf(reader: Reader, paths: readonly string[]): Promise<boolean> {
  for (const path of paths) if (await personHas(reader, path)) return true;
  return false;
}

interface ProfileRows {
  readonly id: string;
  readonly name: string;
  readonly mode: string;
  readonly schedule?: string;
  readonly address?: string;
  readonly encryption?: string;
  readonly runs: readonly RunRecord[];
}

const needed: Readonly<Record<string, readonly string[]>> = {
  eventlogmodel: ['id', 'start_time', 'end_time', 'subcommand', 'returncode', 'profile'],
  backupprofilemodel: ['id', 'name', 'repo_id', 'schedule_mode'],
  repomodel: ['id', 'url', 'encryption'],
};

/** Undefined when the tables are not those this version knows. */
async function readProfiles(view: DatabaseView): Promise<ProfileRows[] | undefined> {
  for (const [table, columns] of Object.entries(needed)) {
    const found = await view.columns(table);
    if (!columns.every((column) => found.includes(column))) return undefined;
  }
  const known = await view.columns('backupprofilemodel');
  const optional = [
    'schedule_interval_count',
    'schedule_interval_unit',
    'schedule_fixed_hour',
    'schedule_fixed_minute',
  ].filter((column) => known.includes(column));
  const profiles = await view.rows(
    `SELECT p.id AS id, p.name AS name, p.schedule_mode AS mode, r.url AS url, r.encryption AS encryption
       ${optional.map((column) => `, p.${column} AS ${column}`).join('')}
     FROM backupprofilemodel p LEFT JOIN repomodel r ON r.id = p.repo_id ORDER BY p.id LIMIT ${maxProfiles}`,
  );
  const found: ProfileRows[] = [];
  for (const row of profiles) {
    const runs = await view.rows(
      `SELECT id, start_time, end_time, returncode FROM eventlogmodel
       WHERE subcommand = 'create' AND CAST(profile AS TEXT) = ? ORDER BY id DESC LIMIT ${maxRuns}`,
      [String(row['id'])],
    );
    // The newest good run may stand before a hundred failed ones.
    const good = await view.rows(
      `SELECT id, start_time, end_time, returncode FROM eventlogmodel
       WHERE subcommand = 'create' AND CAST(profile AS TEXT) = ? AND returncode IN (0, 1) ORDER BY id DESC LIMIT 1`,
      [String(row['id'])],
    );
    const address = textOf(row['url']);
    const encryption = textOf(row['encryption']);
    const schedule = scheduleOf(row);
    found.push({
      id: String(row['id']),
      name: textOf(row['name']) ?? '?',
      mode: textOf(row['mode']) ?? '',
      ...(schedule === undefined ? {} : { schedule }),
      ...(address === undefined ? {} : { address }),
      ...(encryption === undefined ? {} : { encryption }),
      runs: [...runs, ...good.filter(({ id }) => !runs.some((run) => run['id'] === id))].map(runOf),
    });
  }
  return found;
}

type Row = Readonly<Record<string, SqlValue | Uint8Array>>;

function textOf(value: Row[string] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function scheduleOf(row: Row): string | undefined {
  const part = (name: string): string => String(row[name] ?? '?');
  if (row['mode'] === 'interval') {
    return clean(`every ${part('schedule_interval_count')} ${part('schedule_interval_unit')}`, 60);
  }
  if (row['mode'] !== 'fixed') return undefined;
  const [hour, minute] = [part('schedule_fixed_hour'), part('schedule_fixed_minute').padStart(2, '0')];
  return clean(`daily ${hour}:${minute}`, 60);
}

/** 0 good, 1 with warnings; -1 is written at the start and stays when the program or the PC goes down meanwhile. */
function runOf(row: Row): RunRecord {
  const code = row['returncode'];
  const isOver = typeof code === 'number' && code !== -1;
  const startedAt = vortaTime(row['start_time']);
  const endedAt = isOver ? vortaTime(row['end_time']) : undefined;
  return {
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    result: code === 0 ? 'success' : code === 1 ? 'warning' : isOver ? 'failed' : 'unknown',
    ...(typeof code === 'number' ? { code: String(code) } : {}),
    evidence: { kind: 1, source: 'Vorta event log', reference: `row ${String(row['id'])}` },
    ...(typeof row['id'] === 'number' ? { sequence: row['id'] } : {}),
    ...(code === 1 ? { reasons: ['files-skipped'] } : {}),
  };
}

/** "2026-11-24 01:05:02.123456", in the PC's own time. */
function vortaTime(value: Row[string] | undefined): Date | undefined {
  return parseLocalIso(textOf(value)?.replace(/\.\d{1,9}$/, ''));
}

async function jobOf(context: BackupContext, row: ProfileRows, user: LocalUser): Promise<JobRecord> {
  const enabled = row.mode !== 'off' && row.mode !== '';
  const runs = row.runs.map((run, place) => (run.result === 'unknown' ? openRun(run, place === 0, context.now) : run));
  return {
    id: `account ${user.uid} profile ${row.id}`,
    name: clean(row.name, 120) ?? '?',
    writableBy: 'user',
    enabled,
    ...(row.schedule === undefined ? {} : { schedule: row.schedule }),
    targets: await repositoryTarget(context, row.address),
    ...(row.encryption === undefined ? {} : { encrypted: row.encryption !== 'none' }),
    runs,
    // Vorta clears entries after half a year, but never the last backup of a profile.
    history: 'whole',
    ...(enabled ? {} : { reasons: ['no-schedule'] }),
  };
}
