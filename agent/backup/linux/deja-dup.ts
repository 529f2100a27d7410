/**
 * Déjà Dup: each person's own backup. It notes in that person's settings when the last backup succeeded; whoever sits at the
 * PC can write anything there.
 */
import { parseDconf } from '../../collectors/linux/dconf.ts';
import { clean, codeOf } from '../../collectors/text.ts';
import type { BackupReason } from '../../contract/facts/backup.ts';
import type { BackupContext, BackupProduct, JobRecord, ProductFinding, RunRecord, Target } from '../product.ts';
import { reasonOf } from '../read-reason.ts';
import { parseGvdb, type SettingValue } from './gvdb.ts';
import { findProgram } from './installed.ts';
import { targetOf } from './target.ts';
import type { LocalUser } from './users.ts';

const prefix = '/org/gnome/deja-dup/';
const maxBytes = 8 * 1024 * 1024;
/** The flatpak keeps its settings as a text. */
const flatpakSettings = '.var/app/org.gnome.DejaDup/config/glib-2.0/settings/keyfile';

export const dejaDup: BackupProduct = {
  id: 'deja-dup',
  name: 'Déjà Dup',
  kind: 'backup',
  platforms: ['linux'],
  read: async (context): Promise<ProductFinding | undefined> => {
    const program = await findProgram(context, {
      packages: ['deja-dup'],
      files: ['/usr/bin/deja-dup', '/var/lib/flatpak/app/org.gnome.DejaDup'],
    });
    // Without the program nobody's profile is looked into.
    if (!program.installed) return undefined;
    const jobs: JobRecord[] = [];
    const reasons = new Set<BackupReason>();
    for (const user of await context.users()) {
      const settings = await settingsOf(context, user);
      if (typeof settings === 'string') reasons.add(settings);
      else if (settings.size > 0) jobs.push(await jobOf(context, user, settings));
    }
    return { ...program, answers: 'here', jobs, ...(reasons.size === 0 ? {} : { reasons: [...reasons] }) };
  },
};

type Settings = ReadonlyMap<string, SettingValue>;

/** Empty: the person has never set anything there. */
async function settingsOf(context: BackupContext, { home, ...user }: LocalUser): Promise<Settings | BackupReason> {
  const reader = context.profile({ home, ...user });
  try {
    const parsed = parseGvdb(await reader.readBytes(`${home}/.config/dconf/user`, { maxBytes }), prefix);
    if (parsed === undefined) return 'schema-unknown';
    if (parsed.size > 0) return parsed;
  } catch (error) {
    if (codeOf(error) !== 'not-found') return codeOf(error) === 'denied' ? 'user-source-unreadable' : reasonOf(error);
  }
  try {
    return parseKeyFile(await reader.readText(`${home}/${flatpakSettings}`, { maxBytes: 256 * 1024 }));
  } catch (error) {
    return codeOf(error) === 'not-found' ? new Map() : reasonOf(error);
  }
}

/** Texts stand in single quotation marks there, as GVariant writes them. */
export function parseKeyFile(text: string): Settings {
  const values = new Map<string, SettingValue>();
  for (const [key, value] of parseDconf(text)) {
    if (!key.startsWith(prefix)) continue;
    values.set(key, value === 'true' ? true : value === 'false' ? false : value.replace(/^'(.*)'$/, '$1'));
  }
  return values;
}

async function jobOf(context: BackupContext, { uid }: LocalUser, settings: Settings): Promise<JobRecord> {
  const value = (name: string): SettingValue | undefined => settings.get(`${prefix}${name}`);
  const periodic = value('periodic');
  const days = value('periodic-period');
  return {
    id: `account ${uid}`,
    name: 'Déjà Dup',
    writableBy: 'user',
    ...(typeof periodic === 'boolean' ? { enabled: periodic } : {}),
    ...(typeof days === 'number' && days > 0 ? { schedule: `every ${days} days` } : {}),
    targets: await targetsOf(context, value),
    runs: runsOf(value('last-backup'), value('last-run')),
    // The setting stays as long as the profile does: empty means never.
    history: 'whole',
    ...(periodic === false ? { reasons: ['no-schedule'] } : {}),
  };
}

const evidence = { kind: 1, source: 'settings of Déjà Dup' } as const;
const sameRunMs = 10 * 60_000;

function runsOf(lastBackup: SettingValue | undefined, lastRun: SettingValue | undefined): RunRecord[] {
  const success = instantOf(lastBackup);
  const attempt = instantOf(lastRun);
  const runs: RunRecord[] = [];
  if (success !== undefined) {
    runs.push({ endedAt: success, result: 'success', evidence: { ...evidence, reference: 'last-backup' } });
  }
  // Begun later, and not come to a good end; a restore counts as an attempt as well.
  if (attempt !== undefined && attempt.getTime() > (success?.getTime() ?? 0) + sameRunMs) {
    runs.push({ endedAt: attempt, result: 'unknown', evidence: { ...evidence, reference: 'last-run' } });
  }
  return runs;
}

function instantOf(value: SettingValue | undefined): Date | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}T[\d:.]{5,20}(Z|[+-]\d{2}:?\d{2})$/.test(value))
    return undefined;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

async function targetsOf(
  { machine }: BackupContext,
  value: (name: string) => SettingValue | undefined,
): Promise<Target[]> {
  const backend = value('backend');
  const text = (name: string): string | undefined => {
    const found = value(name);
    return typeof found === 'string' ? clean(found, 500) : undefined;
  };
  if (backend === 'google' || backend === 'microsoft') return [{ kind: 'cloud', name: backend }];
  if (backend === 'drive')
    return [{ kind: 'removable', ...(text('drive/name') === undefined ? {} : { name: text('drive/name') ?? '' }) }];
  const address = text(backend === 'local' ? 'local/folder' : 'remote/uri');
  return address === undefined ? [] : [await targetOf(machine, address)];
}
