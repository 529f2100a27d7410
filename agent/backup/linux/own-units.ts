/**
 * Services the administrator (or a tool on the administrator's behalf) made for one of several programs, with the timer
 * that starts each. Packages bring their units by a name that is known.
 */
import { clean, codeOf } from '../../collectors/text.ts';
import type { BackupContext, RunRecord } from '../product.ts';
import { runOfUnit, type UnitState, type UnitStates, unitStates } from './systemd.ts';

/** Where units are written by hand; those of packages lie elsewhere. */
const folders = ['/etc/systemd/system', '/usr/local/lib/systemd/system'];
const maxFiles = 500;
const maxUnitBytes = 64 * 1024;

/** A service as it stands in its file. */
export interface OwnUnit {
  /** Such as "backup.service". */
  readonly name: string;
  /** Command lines of `ExecStart=`, as written. Not for anybody outside this PC: they may hold a password. */
  readonly commands: readonly string[];
}

export interface ScheduledUnit {
  readonly name: string;
  readonly state: UnitState;
  readonly timer?: UnitState;
  /** The rule of its timer, in systemd's words. */
  readonly schedule?: string;
}

/**
 * Services whose command starts one of `programs` (names without folder, as parts of a regular expression). Those that only
 * check, prune and the like (`tasks.others`) are left out, unless they do what `tasks.backup` names as well. Folders that are
 * not there hold no services.
 */
export async function ownUnits(
  { machine }: Pick<BackupContext, 'machine'>,
  programs: readonly string[],
  tasks?: { readonly backup: RegExp; readonly others: RegExp },
): Promise<OwnUnit[]> {
  const starts = new RegExp(`(^|[\\s"'/=;|&(])(${programs.join('|')})(\\.sh)?(["'\\s;|&)]|$)`, 'm');
  const found: OwnUnit[] = [];
  for (const folder of folders) {
    for (const name of await namesIn(machine, folder)) {
      const text = await readUnit(machine, `${folder}/${name}`);
      const commands = settingsOf(text, 'ExecStart');
      const own = commands.filter((command) => starts.test(command));
      if (own.some((command) => tasks?.backup.test(command) !== false || !tasks.others.test(command))) {
        found.push({ name, commands });
      }
    }
  }
  return found;
}

async function namesIn(machine: BackupContext['machine'], folder: string): Promise<string[]> {
  try {
    return (await machine.list(folder)).filter((name) => name.endsWith('.service')).slice(0, maxFiles);
  } catch (error) {
    if (codeOf(error) === 'not-found') return [];
    throw error;
  }
}

/** Links lead to units of packages or to /dev/null. */
async function readUnit(machine: BackupContext['machine'], path: string): Promise<string> {
  try {
    return await machine.readText(path, { maxBytes: maxUnitBytes });
  } catch {
    // A masked unit, or a link whose package is gone: nothing starts through it.
    return '';
  }
}

/** Values of a setting, continued lines joined; an empty one takes back those before it. */
export function settingsOf(text: string, key: string): string[] {
  let values: string[] = [];
  for (const line of text.replace(/\\\r?\n/g, ' ').split(/\r?\n/)) {
    const match = /^\s*([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (match?.[1] !== key) continue;
    values = match[2] === '' ? [] : [...values, match[2] ?? ''];
  }
  return values;
}

/** State of each service and of the timer of the same name. Templates without an instance ("name@.service") have none. */
export async function scheduledUnits(
  context: Pick<BackupContext, 'machine' | 'signal'>,
  services: readonly string[],
): Promise<readonly ScheduledUnit[] | Exclude<UnitStates, ReadonlyMap<string, UnitState>>> {
  const named = [...new Set(services)].filter((name) => !name.includes('@.'));
  const states = await unitStates(
    context,
    named.flatMap((name) => [name, timerOf(name)]),
  );
  if (typeof states === 'string') return states;
  const scheduled: ScheduledUnit[] = [];
  for (const name of named) {
    const state = states.get(name);
    if (state === undefined || !state.exists) continue;
    const timer = states.get(timerOf(name));
    const schedule = timer?.exists === true ? await scheduleOf(context.machine, timer.name) : undefined;
    scheduled.push({
      name,
      state,
      ...(timer?.exists === true ? { timer } : {}),
      ...(schedule === undefined ? {} : { schedule }),
    });
  }
  return scheduled;
}

function timerOf(service: string): string {
  return service.replace(/\.service$/, '.timer');
}

async function scheduleOf(machine: BackupContext['machine'], timer: string): Promise<string | undefined> {
  for (const folder of [...folders, '/usr/lib/systemd/system', '/lib/systemd/system']) {
    const rules = settingsOf(await readUnit(machine, `${folder}/${timer}`), 'OnCalendar');
    if (rules.length > 0) return clean(rules.join(', '), 160);
  }
  return undefined;
}

/** What a unit adds to the job it starts: plan and switch, and its last run, which alone puts nothing into safety. */
export function planOf({ state, timer, schedule }: ScheduledUnit): {
  readonly enabled?: boolean;
  readonly schedule?: string;
  readonly nextRunAt?: Date;
} {
  const switchedOff = state.file === 'masked' || (timer !== undefined && timer.active === 'inactive');
  return {
    ...(timer === undefined && !switchedOff ? {} : { enabled: !switchedOff }),
    ...(schedule === undefined ? {} : { schedule }),
    ...(timer?.nextElapseAt === undefined ? {} : { nextRunAt: timer.nextElapseAt }),
  };
}

/** A tool's own record may carry a time a little after the end of the unit, which systemd notes in whole seconds. */
const sameRunMs = 10 * 60_000;

/**
 * The unit's last run beside better evidence of the same job: a success of it proves nothing that the other does not, and is
 * left out where the other has the same run.
 */
export function companionRun(
  unit: ScheduledUnit,
  better: readonly RunRecord[],
  warningExitCodes: readonly number[] = [],
): RunRecord[] {
  const run = runOfUnit(unit.state, warningExitCodes);
  if (run === undefined) return [];
  const from = (run.startedAt?.getTime() ?? 0) - 1000;
  const to = (run.endedAt?.getTime() ?? 0) + sameRunMs;
  const known = better.some(
    ({ result, endedAt }) =>
      result !== 'running' && endedAt !== undefined && endedAt.getTime() >= from && endedAt.getTime() <= to,
  );
  if (run.result === 'success' || run.result === 'warning') return known ? [] : [{ ...run, provesNothing: true }];
  // The backup came to its end and the unit did not: what it does afterwards failed, or the backup was not all of it.
  return [known && run.result === 'failed' ? { ...run, reasons: ['records-disagree'] } : run];
}
