/**
 * Timers and lines of cron that look like a backup nobody taught the agent: rclone, rsync, a script named so. A hint for the
 * administrator, who can name it as a custom source; never proof, since a starter that ended well has saved nothing yet.
 */
import { clean } from '../../collectors/text.ts';
import type { BackupContext, BackupProduct, JobRecord } from '../product.ts';
import { type CronEntry, readCron } from './cron.ts';
import { type OwnUnit, ownUnits, scheduledUnits } from './own-units.ts';
import { jobOfUnit } from './unit-job.ts';

/** Names of programs, as parts of a regular expression. */
const looksLikeBackup = ['rclone', 'rsync', 'rdiff-backup', '[\\w.-]*(?:[Bb]ackup|[Ss]icher)[\\w.-]*'];
/** Programs with a product of their own here. */
const known =
  /\b(restic|resticprofile|autorestic|backrest|borg|borgmatic|vorta|kopia|rsnapshot|duplicity|duplicati|deja-dup|timeshift|proxmox-backup-client|veeamconfig|urbackupclient\w*|dsmc|bareos|bacula|dpkg-db-backup)\b/;
/** rsync: some files vanished or could not be read. */
const rsyncWarnings = [23, 24];
const maxJobs = 32;

export const scheduledJobs: BackupProduct = {
  id: 'scheduled-job',
  name: 'Scheduled job',
  kind: 'hint',
  platforms: ['linux'],
  read: async (context) => {
    const jobs = [...(await fromUnits(context)), ...fromCron(await readCron(context.machine))].slice(0, maxJobs);
    return jobs.length === 0 ? undefined : { installed: true, answers: 'here', jobs, reasons: ['weak-evidence'] };
  },
};

async function fromUnits(context: BackupContext): Promise<JobRecord[]> {
  // What the administrator named is a source of its own.
  const named = new Set(
    context.sources.custom.flatMap((source) => (source.kind === 'systemd-unit' ? [source.unit] : [])),
  );
  const units = (await ownUnits(context, looksLikeBackup)).filter(
    ({ name, commands }) => !named.has(name) && ![name, ...commands].some((text) => known.test(text)),
  );
  const states = await scheduledUnits(
    context,
    units.map(({ name }) => name),
  );
  if (typeof states === 'string') return [];
  return states.map((state) => jobOfUnit(state, isRsync(units, state.name) ? rsyncWarnings : []));
}

function isRsync(units: readonly OwnUnit[], name: string): boolean {
  return units.some((unit) => unit.name === name && unit.commands.every((command) => /(^|\/)rsync\b/.test(command)));
}

/** Of the command line only the name of the program is told; cron keeps no record of how it ended. */
export function fromCron(entries: readonly CronEntry[]): JobRecord[] {
  const program = new RegExp(`(?:^|[\\s"'/=;|&(])(${looksLikeBackup.join('|')})(?=["'\\s;|&)]|$)`);
  return entries.flatMap(({ command, schedule, active }): JobRecord[] => {
    const name = known.test(command) ? undefined : clean(program.exec(command)?.[1], 80);
    if (name === undefined) return [];
    return [
      {
        id: `cron ${name}`,
        name,
        writableBy: 'administrator',
        enabled: active,
        schedule,
        targets: [],
        runs: [],
        history: 'unreadable',
        reasons: ['no-readable-record', 'weak-evidence'],
      },
    ];
  });
}
