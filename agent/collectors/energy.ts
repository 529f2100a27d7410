/** How the machine is run: days since the last start, what sleep and power profiles it offers. */
import type { Machine } from '../platform/machine.ts';
import { CollectError, type Collector } from './collector.ts';
import { clean, defined, listOrNone, readOptional, readRequired } from './text.ts';

const supplies = '/sys/class/power_supply';

export const energyCollector: Collector<'energy'> = {
  id: 'energy',
  platforms: ['linux'],
  timeoutMs: 10_000,
  round: 'cheap',
  collect: async ({ machine }) => {
    const seconds = Number(/^\d+(\.\d+)?/.exec(await readRequired(machine, '/proc/uptime', 4096))?.[0] ?? Number.NaN);
    if (!(seconds >= 0)) throw new CollectError('unreadable', '/proc/uptime names no time');
    const profiles = words(await readOptional(machine, '/sys/firmware/acpi/platform_profile_choices', 4096));
    const states = words(await readOptional(machine, '/sys/power/state', 4096));
    return defined({
      uptimeDays: Math.floor(seconds / 86_400),
      powerSource: await powerSource(machine),
      sleepStates: states?.slice(0, 8),
      powerProfile: clean(await readOptional(machine, '/sys/firmware/acpi/platform_profile', 4096), 40),
      powerProfiles: profiles?.slice(0, 16),
      frequencyGovernor: clean(
        await readOptional(machine, '/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor', 4096),
        40,
      ),
      frequencyDriver: clean(
        await readOptional(machine, '/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver', 4096),
        40,
      ),
    });
  },
};

function words(line: string | undefined): string[] | undefined {
  return line
    ?.split(/\s+/)
    .flatMap((word) => clean(word, 24) ?? [])
    .sort();
}

/** Mains as soon as one supply is plugged in; battery when the PC has one and nothing else feeds it. */
async function powerSource(machine: Machine): Promise<'mains' | 'battery' | undefined> {
  let hasBattery = false;
  let discharging = false;
  let unplugged = false;
  for (const name of await listOrNone(machine, supplies)) {
    const read = (file: string): Promise<string | undefined> =>
      readOptional(machine, `${supplies}/${name}/${file}`, 4096);
    const type = await read('type');
    if (type === 'Mains' || type === 'USB') {
      const online = await read('online');
      if (online === '1') return 'mains';
      if (type === 'Mains' && online === '0') unplugged = true;
    }
    if (type === 'Battery' && (await read('scope')) !== 'Device' && (await read('present')) !== '0') {
      hasBattery = true;
      if ((await read('status')) === 'Discharging') discharging = true;
    }
  }
  return hasBattery && (discharging || unplugged) ? 'battery' : undefined;
}
