/** Whether Debian updates itself: the settings of apt's daily jobs, whether something starts them, and when they ran. */
import type { FactsOf } from '../../contract/facts/index.ts';
import type { CollectContext } from '../collector.ts';
import { codeOf, defined } from '../text.ts';
import { type AptConf, aptBoolean, aptInterval } from './apt-conf.ts';
import type { InstalledPackage } from './dpkg-installed.ts';

type Machine = CollectContext['machine'];

/** `now` guards against stamps of the future: a file from tomorrow proves no run. */
export async function readAutomatic(
  machine: Machine,
  conf: AptConf,
  installed: readonly InstalledPackage[],
  now: Date,
): Promise<FactsOf<'patches'>['automatic']> {
  const present = installed.some(({ name }) => name === 'unattended-upgrades');
  const started = await isStarted(machine);
  const wanted =
    aptBoolean(conf.get('apt::periodic::enable')) !== false &&
    aptInterval(conf.get('apt::periodic::unattended-upgrade'));
  return defined({
    // Without the package or the setting it is off, whoever would start it.
    enabled: present && wanted ? started : false,
    mechanism: present ? 'unattended-upgrades' : undefined,
    lastRunOn: await newestDay(machine, now, [
      '/var/lib/apt/periodic/unattended-upgrades-stamp',
      '/var/lib/apt/periodic/upgrade-stamp',
      '/var/log/unattended-upgrades/unattended-upgrades.log',
    ]),
  });
}

/** A timer of systemd that is on and not masked; undefined when it cannot be told. */
async function isStarted(machine: Machine): Promise<boolean | undefined> {
  const timer = 'apt-daily-upgrade.timer';
  try {
    if ((await machine.readLink(`/etc/systemd/system/${timer}`)) === '/dev/null') return false;
  } catch (error) {
    // No link: not masked. Refused: not known.
    if (codeOf(error) === 'denied') return undefined;
  }
  try {
    return (await machine.list('/etc/systemd/system/timers.target.wants')).includes(timer);
  } catch (error) {
    return codeOf(error) === 'not-found' ? false : undefined;
  }
}

/** Day (UTC) of the youngest change of these files, none of the future; undefined when there is none. */
export async function newestDay(machine: Machine, now: Date, paths: readonly string[]): Promise<string | undefined> {
  const times = await Promise.all(
    paths.map(async (path) => {
      try {
        return (await machine.stat(path)).modifiedAt.getTime();
      } catch {
        // Not every system keeps each of these stamps.
        return Number.NaN;
      }
    }),
  );
  return newestDayOf(now, times);
}

/**
 * Day (UTC) of the youngest of these instants (ms since 1970), undefined without one. What changes while the round runs lies
 * a little ahead of `now` and is today; further ahead it comes from a clock that was wrong and proves nothing.
 */
export function newestDayOf(now: Date, times: readonly number[]): string | undefined {
  const past = times.filter((time) => time > 0 && time <= now.getTime() + 3_600_000);
  const newest = Math.min(Math.max(...past), now.getTime());
  return past.length === 0 ? undefined : new Date(newest).toISOString().slice(0, 10);
}
