/**
 * File History, per person. Windows states up to when the files are protected; there is no event for a run that went well.
 * A zero there stands between two cycles too: unknown, not never. All of it can be written by the person.
 */
import { codeOf } from '../../collectors/text.ts';
import type { BackupReason } from '../../contract/facts/backup.ts';
import type { BackupContext, BackupProduct, JobRecord, RunRecord, Service, Target } from '../product.ts';
import { reasonOf } from '../read-reason.ts';
import { redactTarget } from '../redact.ts';
import { elementsNamed, parseXml } from '../xml.ts';
import { endedRun, evidenceOf } from './event-runs.ts';
import type { EventLog, ProfileEntry, WindowsRecords } from './records.ts';
import { targetOf } from './targets.ts';

const folder = 'AppData\\Local\\Microsoft\\Windows\\FileHistory\\Configuration';
const maxConfigBytes = 1024 * 1024;

export const fileHistory: BackupProduct = {
  id: 'file-history',
  name: 'File History',
  kind: 'backup',
  platforms: ['win32'],
  read: async (context) => {
    const records = await context.windows();
    const { profiles = [], services } = records;
    const used: { profile: ProfileEntry; settings: Settings | undefined }[] = [];
    for (const profile of profiles) {
      const settings = await readSettings(context, profile, records);
      if (settings !== undefined || profile.protectedUpTo !== undefined) used.push({ profile, settings });
    }
    if (used.length === 0) return undefined;
    // An event does not say whose it is: only where one person uses it there is no doubt.
    const ofOne = used.length === 1 ? newestState(records.log('fileHistory')) : undefined;
    const jobs = used.map(({ profile, settings }) => jobOf(profile, settings, ofOne, records));
    const found = services?.find(({ name }) => name.toLowerCase() === 'fhsvc');
    const service: Service = {
      name: 'fhsvc',
      state: found?.state ?? (services === undefined ? 'unknown' : 'missing'),
      onDemand: true,
    };
    return {
      installed: service.state !== 'missing',
      service,
      answers: 'here',
      jobs,
      reasons: service.state === 'disabled' ? ['service-stopped'] : [],
    };
  },
};

interface Settings {
  readonly enabled: boolean | undefined;
  readonly schedule: string | undefined;
  readonly targets: readonly Target[];
  /** When the catalogue was last written. */
  readonly catalogueAt: Date | undefined;
  readonly reasons: readonly BackupReason[];
}

/** Undefined: not set up in this profile. */
async function readSettings(
  { machine }: BackupContext,
  profile: ProfileEntry,
  records: WindowsRecords,
): Promise<Settings | undefined> {
  if (profile.folder === undefined || !/^[A-Za-z]:\\/.test(profile.folder)) return undefined;
  const place = `${profile.folder}\\${folder}`;
  const catalogueAt = await machine.stat(`${place}\\Catalog1.edb`).then(
    ({ modifiedAt }) => modifiedAt,
    () => undefined,
  );
  try {
    const text = await machine.readText(`${place}\\Config1.xml`, { maxBytes: maxConfigBytes });
    return { ...parseFileHistory(text, records), catalogueAt };
  } catch (error) {
    if (codeOf(error) === 'not-found') return undefined;
    return { enabled: undefined, schedule: undefined, targets: [], catalogueAt, reasons: [reasonOf(error)] };
  }
}

/** Pure; what is no configuration gives no settings and says so. */
export function parseFileHistory(text: string, records: Pick<WindowsRecords, 'drives'>): Omit<Settings, 'catalogueAt'> {
  try {
    const root = parseXml(text);
    const value = (name: string): string | undefined => elementsNamed(root, name)[0]?.text;
    const status = value('DPStatus')?.toLowerCase();
    const seconds = value('DPFrequency');
    const url = value('TargetUrl');
    const name = redactTarget(url);
    return {
      enabled: status === 'enabled' ? true : status === 'disabled' ? false : undefined,
      schedule:
        seconds !== undefined && /^[1-9]\d{1,8}$/.test(seconds)
          ? `every ${Math.round(Number(seconds) / 60)} min`
          : undefined,
      targets:
        value('TargetDriveType')?.toUpperCase() === 'REMOTE'
          ? [{ kind: 'share', ...(name === undefined ? {} : { name }) }]
          : targetOf(url, records),
      reasons: [],
    };
  } catch {
    return { enabled: undefined, schedule: undefined, targets: [], reasons: ['schema-unknown'] };
  }
}

/** The newest event 100 that states a time, which Windows gives in UTC. */
function newestState({ events }: EventLog): RunRecord | undefined {
  for (const event of events) {
    const [, stated] = event.fields;
    if (event.id !== 100 || stated === undefined || !/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(stated)) continue;
    const endedAt = new Date(stated);
    // 1601 is the zero of Windows: it says nothing.
    if (!(endedAt.getUTCFullYear() >= 2000)) continue;
    return { endedAt, result: 'success', evidence: evidenceOf('fileHistory', event) };
  }
  return undefined;
}

function jobOf(
  profile: ProfileEntry,
  settings: Settings | undefined,
  state: RunRecord | undefined,
  records: WindowsRecords,
): JobRecord {
  const stated = profile.protectedUpTo instanceof Date ? profile.protectedUpTo : undefined;
  const runs: RunRecord[] = state === undefined ? [] : [state];
  const reasons: BackupReason[] = [...(settings?.reasons ?? [])];
  if (stated !== undefined) {
    runs.push({ endedAt: stated, result: 'success', evidence: { kind: 1, source: 'registry, ProtectedUpToTime' } });
  } else if (state === undefined && settings?.catalogueAt !== undefined) {
    runs.push({
      endedAt: settings.catalogueAt,
      result: 'success',
      evidence: { kind: 5, source: 'catalogue of File History' },
    });
    reasons.push('weak-evidence');
  } else if (state === undefined) reasons.push(profile.loaded ? 'no-readable-record' : 'user-source-unreadable');
  // The log names the person by a path, which stays away: what failed counts against everybody who was not served since.
  for (const event of records.log('fileHistoryFailures').events) {
    if (
      event.level !== 2 ||
      event.at === undefined ||
      event.at.getTime() <= Math.max(stated?.getTime() ?? 0, state?.endedAt?.getTime() ?? 0)
    )
      continue;
    const { sequence: _sequence, ...run } = endedRun('fileHistoryFailures', event, 'failed');
    runs.push(run);
  }
  return {
    id: `profile-${profile.id}`,
    name: 'File History',
    writableBy: 'user',
    ...(settings?.enabled === undefined ? {} : { enabled: settings.enabled }),
    ...(settings?.schedule === undefined ? {} : { schedule: settings.schedule }),
    targets: settings?.targets ?? [],
    runs,
    history: 'unreadable',
    reasons,
  };
}
