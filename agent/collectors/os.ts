/** The operating system: what it is, how old the installation is, on which day it started. */
import type { FactsOf } from '../contract/facts/index.ts';
import type { Machine } from '../platform/machine.ts';
import { CollectError, type Collector } from './collector.ts';
import { clean, defined, readOptional } from './text.ts';

type Architecture = FactsOf<'os'>['architecture'];

const architectures: Readonly<Record<string, Architecture>> = {
  x86_64: 'x86_64',
  aarch64: 'aarch64',
  armv7l: 'armv7l',
  armv8l: 'armv7l',
  i386: 'i686',
  i486: 'i686',
  i586: 'i686',
  i686: 'i686',
  riscv64: 'riscv64',
};

/** As the kernel says it, whatever the bitness of this program. Throws `CollectError` for a machine nobody planned for. */
export function architectureOf(machine: Machine): Architecture {
  const known = architectures[machine.kernel.machine];
  if (known === undefined) throw new CollectError('unsupported', `unknown architecture ${machine.kernel.machine}`);
  return known;
}

export const osCollector: Collector<'os'> = {
  id: 'os',
  platforms: ['linux'],
  timeoutMs: 10_000,
  round: 'cheap',
  collect: async ({ machine, now, problem }) => {
    const text =
      (await readOptional(machine, '/etc/os-release')) ?? (await readOptional(machine, '/usr/lib/os-release'));
    if (text === undefined)
      throw new CollectError('not-found', 'neither /etc/os-release nor /usr/lib/os-release can be read');
    const release = parseOsRelease(text);
    const id = clean(release.get('ID'), 40);
    if (id === undefined) throw new CollectError('unreadable', 'os-release names no ID');
    const startedOn = startDay(await readOptional(machine, '/proc/stat', 4_194_304), now);
    if (startedOn === undefined) problem('unreadable', '/proc/stat: no plausible time of the last start');
    return defined({
      family: 'linux' as const,
      id: id.toLowerCase(),
      name: clean(release.get('PRETTY_NAME') ?? release.get('NAME') ?? id, 120) ?? id,
      version: clean(release.get('VERSION_ID'), 40),
      pointRelease: await pointRelease(machine, id),
      codename: clean(release.get('VERSION_CODENAME'), 60),
      edition: clean(release.get('VARIANT') ?? release.get('VARIANT_ID'), 60),
      kernel: clean(machine.kernel.release, 120) ?? 'unknown',
      architecture: architectureOf(machine),
      installedOn: await installationDay(machine, now),
      startedOn,
      timeZone: await timeZone(machine),
    });
  },
};

/** `KEY=value` lines with the quoting of a shell (os-release(5)). Later lines win; what is no assignment is skipped. */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, raw = ''] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim()) ?? [];
    if (key === undefined) continue;
    const [, single] = /^'([^']*)'$/.exec(raw) ?? [];
    const [, double] = /^"((?:[^"\\]|\\.)*)"$/.exec(raw) ?? [];
    values.set(key, single ?? double?.replace(/\\([\\"$`])/g, '$1') ?? raw);
  }
  return values;
}

async function pointRelease(machine: Machine, id: string): Promise<string | undefined> {
  if (id !== 'debian') return undefined;
  const version = await readOptional(machine, '/etc/debian_version');
  return version !== undefined && /^\d+\.\d+$/.test(version) ? version : undefined;
}

/** The kernel's start time as a day; the time of day is nobody's business. */
function startDay(stat: string | undefined, now: Date): string | undefined {
  const seconds = Number(/^btime (\d+)$/m.exec(stat ?? '')?.[1]);
  return plausibleDay(new Date(seconds * 1000), now);
}

/** The oldest trace an installer leaves; traces that copying a disk would renew come last. */
async function installationDay(machine: Machine, now: Date): Promise<string | undefined> {
  const traces = ['/var/log/installer/status', '/var/log/installer', '/etc/machine-id', '/etc/hostname', '/lost+found'];
  for (const path of traces) {
    try {
      const day = plausibleDay((await machine.stat(path)).modifiedAt, now);
      if (day !== undefined) return day;
    } catch {
      // This installer leaves another trace.
    }
  }
  return undefined;
}

/** Files without a time carry 1970, clocks without a battery 2000 or the future: none of these is a day to report. */
function plausibleDay(date: Date, now: Date): string | undefined {
  const time = date.getTime();
  const earliest = Date.UTC(2005, 0, 1);
  return time >= earliest && time <= now.getTime() + 86_400_000 ? date.toISOString().slice(0, 10) : undefined;
}

async function timeZone(machine: Machine): Promise<string | undefined> {
  try {
    const zone = /\/zoneinfo\/(.+)$/.exec(await machine.readLink('/etc/localtime'))?.[1];
    if (zone !== undefined) return clean(zone, 60);
  } catch {
    // A copy instead of a link: Debian keeps the name in a file of its own.
  }
  return clean(await readOptional(machine, '/etc/timezone'), 60);
}
