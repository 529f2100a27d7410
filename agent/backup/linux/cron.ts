/** What cron starts on this PC as an administrator's job: crontab(5), the folders cron.d and cron.daily, and root's own table. */
import { codeOf } from '../../collectors/text.ts';
import type { Machine } from '../../platform/machine.ts';

export interface CronEntry {
  /** As written: "5 3 * * *" or "@daily". */
  readonly schedule: string;
  /** Command line; it may hold passwords and never leaves the PC as it is. */
  readonly command: string;
  /** False: the line is there and commented out. */
  readonly active: boolean;
}

const maxBytes = 256 * 1024;
const maxFiles = 100;
const folders = {
  '@hourly': 'cron.hourly',
  '@daily': 'cron.daily',
  '@weekly': 'cron.weekly',
  '@monthly': 'cron.monthly',
};

/** Files that cannot be read are left out: what cron starts from elsewhere is not known either. */
export async function readCron(machine: Machine): Promise<CronEntry[]> {
  const entries: CronEntry[] = [];
  const read = async (path: string, withUser: boolean): Promise<void> => {
    try {
      entries.push(...parseCrontab(await machine.readText(path, { maxBytes }), { withUser }));
    } catch (error) {
      if (codeOf(error) === 'bug') throw error;
    }
  };
  const names = async (folder: string): Promise<string[]> => {
    try {
      // cron itself skips names with a point, which packages leave behind.
      return (await machine.list(folder)).filter((name) => /^[\w-]+$/.test(name)).slice(0, maxFiles);
    } catch (error) {
      if (codeOf(error) === 'bug') throw error;
      return [];
    }
  };
  await read('/etc/crontab', true);
  for (const name of await names('/etc/cron.d')) await read(`/etc/cron.d/${name}`, true);
  await read('/var/spool/cron/crontabs/root', false);
  for (const [schedule, folder] of Object.entries(folders)) {
    for (const name of await names(`/etc/${folder}`)) {
      entries.push({ schedule, command: `/etc/${folder}/${name}`, active: true });
    }
  }
  return entries;
}

/** Entries with and without a mark of comment; a comment counts only when it has all parts of an entry. */
export function parseCrontab(text: string, { withUser }: { withUser: boolean }): CronEntry[] {
  return text.split('\n').flatMap((raw) => {
    const line = raw.trim();
    const active = !line.startsWith('#');
    const body = line.replace(/^#+\s*/, '');
    const field = '[\\d*/,a-zA-Z-]+';
    const match = new RegExp(
      `^(@(?:hourly|daily|midnight|weekly|monthly|yearly|annually|reboot)|[\\d*][\\d*/,-]*(?:\\s+${field}){4})\\s+${withUser ? '[a-z_][\\w-]*\\s+' : ''}(\\S.*)$`,
    ).exec(body);
    const [, schedule, command] = match ?? [];
    if (schedule === undefined || command === undefined) return [];
    // Words of a sentence may look like fields; a command begins with a path or a program's name.
    if (!active && !/^(\/|[\w.-]+\s|\[|test\s|nice\s|ionice\s)/.test(command)) return [];
    return [{ schedule: schedule.replace(/\s+/g, ' '), command, active }];
  });
}
