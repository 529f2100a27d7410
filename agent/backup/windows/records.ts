/** What PowerShell read for the backup products of Windows, checked and put into words the products use. */
import { z } from 'zod';
import type { CollectContext } from '../../collectors/collector.ts';
import { type Read, type RegistryKey, registryKey, type WindowsDocument } from '../../collectors/windows/document.ts';
import { cimTime, fileTime, flag, listOf, time, whole, words } from '../../collectors/windows/values.ts';
import { canonicalHash } from '../../signing/canonical.ts';

/** Logs the script reads, and what they are called where a person looks. */
export const logNames = {
  veeam: 'event log "Veeam Agent"',
  windowsBackup: 'event log "Microsoft-Windows-Backup"',
  windowsBackupFailures: 'event log "Application", Microsoft-Windows-Backup',
  fileHistory: 'event log "FileHistory-Core/WHC"',
  fileHistoryFailures: 'event log "FileHistory-Core/WHC"',
  shadowProtect: 'event log "Application", ShadowProtectSVC',
  spx: 'event log "Application", ShadowProtectSPX',
  redstor: 'event log "Application", ESE agent',
  arxOne: 'event log "Application", Arx One',
  macrium: 'event log "Application", Macrium',
  retrospect: 'event log "Application", Retrospect',
} as const;
export type LogName = keyof typeof logNames;

export interface EventEntry {
  readonly id: number;
  /** 1 critical, 2 error, 3 warning, 4 information, 0 always. */
  readonly level: number | undefined;
  /** Grows by one with each event of the log. */
  readonly record: number | undefined;
  readonly at: Date | undefined;
  /** Insertion strings in the program's order. */
  readonly fields: readonly string[];
}

export interface EventLog {
  readonly state: 'read' | 'absent' | 'denied' | 'unreadable';
  /** Newest first. */
  readonly events: readonly EventEntry[];
  /** The first record the log ever had is still there and nothing was left out: what is not here never was. */
  readonly whole: boolean;
}

export interface ServiceEntry {
  readonly name: string;
  /** Path of the program, without its arguments; may be empty. */
  readonly image: string;
  readonly state: 'running' | 'stopped' | 'disabled' | 'unknown';
  /** Only for programs that keep it in the registry. */
  readonly scheduleLog: string | undefined;
}

export interface ProgramEntry {
  readonly name: string;
  readonly version: string | undefined;
}

export interface TaskEntry {
  readonly name: string;
  readonly path: string;
  readonly enabled: boolean | undefined;
  readonly running: boolean;
  /** Runs with the highest rights or as a service: nobody but an administrator can have made it. */
  readonly byAdministrator: boolean;
  /** File names of the programs it starts, in lower case. */
  readonly programs: readonly string[];
  /** The task waits for the end of what it started. */
  readonly waits: boolean;
  readonly result: number | undefined;
  readonly lastAt: Date | undefined;
  readonly nextAt: Date | undefined;
}

export interface ProfileEntry {
  /** Stands for the person, the same in every round. */
  readonly id: string;
  readonly folder: string | undefined;
  readonly loaded: boolean;
  /** Undefined: File History is not set up in this profile, or the profile is not loaded. 0: Windows does not say. */
  readonly protectedUpTo: Date | 0 | undefined;
  readonly oneDrive: readonly {
    readonly account: string;
    readonly folders: number | undefined;
    readonly inside: number;
  }[];
  readonly programs: readonly ProgramEntry[];
}

/** `undefined` in place of a list: it could not be read, so that nothing follows from what is not in it. */
export interface WindowsRecords {
  readonly services: readonly ServiceEntry[] | undefined;
  readonly programs: readonly ProgramEntry[] | undefined;
  readonly tasks: readonly TaskEntry[] | undefined;
  readonly profiles: readonly ProfileEntry[] | undefined;
  /** Folders of programs and their data; Windows' defaults where the registry does not say. */
  readonly places: { readonly programs: readonly string[]; readonly data: string };
  /** Paths (drive letters and volume names, lower case) and the bus of their disk. */
  readonly drives: readonly { readonly paths: readonly string[]; readonly bus: number }[];
  readonly restorePoints: Read<readonly { readonly number: number | undefined; readonly at: Date | undefined }[]>;
  log(name: LogName): EventLog;
  key(name: string): RegistryKey | undefined;
}

const date = time.transform((value) => (value === undefined ? undefined : new Date(value)));

const servicesSchema = z.object({
  services: listOf(
    z.object({
      name: z.string().min(1).max(256),
      image: z.string(),
      started: flag,
      start: registryKey,
      parameters: registryKey,
    }),
    500,
  ),
});
const programSchema = z.object({ DisplayName: z.string().min(1), DisplayVersion: words });
const programsSchema = z.object({ packages: listOf(programSchema, 20_000) });
const tasksSchema = z.object({
  tasks: listOf(
    z.object({
      name: z.string().min(1),
      path: z.string().startsWith('\\'),
      state: whole,
      runLevel: whole,
      logonType: whole,
      programs: listOf(z.string(), 20),
      waits: flag,
      result: whole,
      lastAt: date,
      nextAt: date,
    }),
    500,
  ),
});
const logSchema = z.object({
  state: z.enum(['ok', 'absent', 'denied', 'unreadable']),
  oldestRecord: whole,
  max: whole,
  events: listOf(
    z.object({ id: whole, level: whole, record: whole, at: date, fields: listOf(z.string(), 8).nullish() }),
    300,
  ),
});
const eventsSchema = z.record(z.string(), z.unknown());
const keysSchema = z.record(z.string(), z.unknown());
const placesSchema = z.object({ windows: registryKey, profiles: registryKey });
const drivesSchema = z.object({ drives: listOf(z.object({ paths: listOf(z.string(), 20), bus: z.int() }), 200) });
const profilesSchema = z.object({
  profiles: listOf(
    z.object({
      sid: z.string().regex(/^S-1-[0-9-]+$/),
      loaded: flag,
      place: registryKey,
      fileHistory: z.object({ state: z.string(), protectedUpTo: z.string() }).nullish(),
      oneDrive: listOf(
        z.object({ account: z.string(), state: z.string(), protectedNow: whole, foldersInside: whole }),
        10,
      ).nullish(),
      programs: listOf(programSchema, 200).nullish(),
    }),
    64,
  ),
});
const pointsSchema = z.object({ points: listOf(z.object({ number: whole, at: z.string() }), 500) });

/** Reads what the document holds for backups; what is missing or damaged there is `undefined`, and noted as a problem. */
export function readRecords(document: WindowsDocument, { problem }: Pick<CollectContext, 'problem'>): WindowsRecords {
  const quiet = { quiet: true };
  const services = document.read('backupServices', servicesSchema);
  const software = document.read('software', programsSchema, quiet);
  const tasks = document.read('backupTasks', tasksSchema);
  const profiles = document.read('backupProfiles', profilesSchema);
  const events = document.read('backupEvents', eventsSchema);
  const keys = document.read('backupKeys', keysSchema);
  const drives = document.read('backupDrives', drivesSchema, quiet);
  const points = document.read('restorePoints', pointsSchema, quiet);
  /** A list in which an entry cannot be understood is no list: what is missing in it may be what is looked for. */
  const sound = <T, U>(
    name: string,
    list: { items: T[]; broken: number } | undefined,
    to: (entry: T) => U,
  ): U[] | undefined => {
    if (list === undefined) return undefined;
    if (list.broken === 0) return list.items.map(to);
    problem('unreadable', `${name}: ${list.broken} entries cannot be read`);
    return undefined;
  };
  return {
    services: sound('backupServices', services.kind === 'read' ? services.data.services : undefined, serviceOf),
    programs: software.kind === 'read' ? software.data.packages.items.map(programOf) : undefined,
    tasks: sound('backupTasks', tasks.kind === 'read' ? tasks.data.tasks : undefined, taskOf),
    profiles: sound('backupProfiles', profiles.kind === 'read' ? profiles.data.profiles : undefined, profileOf),
    places: placesOf(document.read('backupPlaces', placesSchema, quiet)),
    drives:
      drives.kind === 'read'
        ? drives.data.drives.items.map(({ paths, bus }) => ({
            paths: paths.items.map((path) => path.toLowerCase()),
            bus,
          }))
        : [],
    restorePoints:
      points.kind === 'read'
        ? { kind: 'read', data: points.data.points.items.map(({ number, at }) => ({ number, at: cimTime(at) })) }
        : points,
    log: (name) => logOf(events, name),
    key: (name) => {
      const parsed = registryKey.safeParse(keys.kind === 'read' ? keys.data[name] : undefined);
      return parsed.success ? parsed.data : undefined;
    },
  };
}

function serviceOf(entry: z.output<typeof servicesSchema>['services']['items'][number]): ServiceEntry {
  const start = entry.start.number('Start');
  const state =
    start === 4 ? 'disabled' : entry.started === undefined ? 'unknown' : entry.started ? 'running' : 'stopped';
  return { name: entry.name, image: entry.image, state, scheduleLog: entry.parameters.text('ScheduleLog') };
}

function programOf({ DisplayName, DisplayVersion }: z.output<typeof programSchema>): ProgramEntry {
  return { name: DisplayName, version: DisplayVersion };
}

/** States of the task scheduler: 1 disabled, 4 running. */
function taskOf(entry: z.output<typeof tasksSchema>['tasks']['items'][number]): TaskEntry {
  return {
    name: entry.name,
    path: entry.path,
    enabled: entry.state === undefined || entry.state === 0 ? undefined : entry.state !== 1,
    running: entry.state === 4,
    byAdministrator: entry.runLevel === 1 || entry.logonType === 5,
    programs: entry.programs.items.map((name) => name.toLowerCase()),
    waits: entry.waits === true,
    result: entry.result === undefined ? undefined : entry.result >>> 0,
    lastAt: entry.lastAt,
    nextAt: entry.nextAt,
  };
}

function profileOf(entry: z.output<typeof profilesSchema>['profiles']['items'][number]): ProfileEntry {
  const history = entry.fileHistory;
  return {
    id: canonicalHash(entry.sid).slice(0, 8),
    folder: entry.place.text('ProfileImagePath'),
    loaded: entry.loaded === true,
    protectedUpTo: history?.state === 'ok' ? (fileTime(history.protectedUpTo) ?? 0) : undefined,
    oneDrive: (entry.oneDrive?.items ?? [])
      .filter(({ state }) => state === 'ok')
      .map(({ account, protectedNow, foldersInside }) => ({
        account,
        folders: protectedNow,
        inside: foldersInside ?? 0,
      })),
    programs: (entry.programs?.items ?? []).map(programOf),
  };
}

function placesOf(read: Read<z.output<typeof placesSchema>>): WindowsRecords['places'] {
  const [windows, profiles] = read.kind === 'read' ? [read.data.windows, read.data.profiles] : [];
  const place = (path: string | undefined, fallback: string): string =>
    path !== undefined && /^[A-Za-z]:\\/.test(path) ? path.replace(/\\+$/, '') : fallback;
  return {
    programs: [
      place(windows?.text('ProgramFilesDir'), 'C:\\Program Files'),
      place(windows?.text('ProgramFilesDir (x86)'), 'C:\\Program Files (x86)'),
    ],
    data: place(profiles?.text('ProgramData'), 'C:\\ProgramData'),
  };
}

function logOf(events: Read<Record<string, unknown>>, name: LogName): EventLog {
  const unreadable = (state: EventLog['state']): EventLog => ({ state, events: [], whole: false });
  if (events.kind !== 'read')
    return unreadable(events.kind === 'failed' && events.code === 'denied' ? 'denied' : 'unreadable');
  const parsed = logSchema.safeParse(Object.hasOwn(events.data, name) ? events.data[name] : undefined);
  if (!parsed.success) return unreadable('unreadable');
  const { state, oldestRecord, max, events: list } = parsed.data;
  if (state !== 'ok') return unreadable(state);
  const entries = list.items.flatMap(({ id, level, record, at, fields }) => {
    // A field that cannot be read would move those behind it into the place of others.
    const sound = fields?.broken === 0 ? fields.items.map((text) => text.slice(0, 400)) : [];
    return id === undefined ? [] : [{ id, level, record, at, fields: sound }];
  });
  const cutOff = list.broken > 0 || entries.length < list.items.length || max === undefined || list.items.length >= max;
  return { state: 'read', events: entries, whole: !cutOff && oldestRecord === 1 };
}
