/** Batteries of the PC itself: capacity and wear, never the charge. */
import type { FactsOf } from '../contract/facts/index.ts';
import type { Machine } from '../platform/machine.ts';
import { CollectError, type Collector } from './collector.ts';
import { atMost, byKey, clean, defined, listOrNone, meaningful, readOptional, wholeNumber } from './text.ts';

type Battery = FactsOf<'battery'>['batteries'][number];

const supplies = '/sys/class/power_supply';

export const batteryCollector: Collector<'battery'> = {
  id: 'battery',
  platforms: ['linux'],
  timeoutMs: 10_000,
  round: 'full',
  collect: async (context) => {
    const { machine } = context;
    const batteries: Battery[] = [];
    for (const name of await listOrNone(machine, supplies)) {
      const battery = await readBattery(machine, name);
      if (battery !== undefined) batteries.push(battery);
    }
    if (batteries.length === 0) throw new CollectError('not-present', 'this machine has no battery');
    return {
      batteries: atMost(
        byKey(batteries, ({ name }) => name),
        16,
        'batteries',
        context,
      ),
    };
  },
};

async function readBattery(machine: Machine, name: string): Promise<Battery | undefined> {
  const read = (file: string): Promise<string | undefined> =>
    readOptional(machine, `${supplies}/${name}/${file}`, 4096);
  // A wireless mouse reports its battery here as well, with the scope "Device".
  if ((await read('type')) !== 'Battery' || (await read('scope')) === 'Device' || (await read('present')) === '0')
    return undefined;
  const number = async (file: string): Promise<number | undefined> => wholeNumber(await read(file), 0, 1e12);
  // Not the voltage of this moment: the capacity would change with every report.
  const microvolts = await number('voltage_min_design');
  /** µWh as such, or µAh times volts. */
  const capacity = async (kind: 'full_design' | 'full'): Promise<number | undefined> => {
    const energy = await number(`energy_${kind}`);
    if (energy !== undefined) return Math.round(energy / 1000);
    const charge = await number(`charge_${kind}`);
    return charge === undefined || microvolts === undefined
      ? undefined
      : Math.round((charge / 1e6) * (microvolts / 1e6) * 1000);
  };
  const design = await capacity('full_design');
  const cycles = await number('cycle_count');
  return defined({
    name: clean(name, 60) ?? name,
    manufacturer: meaningful(await read('manufacturer'), 60),
    model: meaningful(await read('model_name'), 60),
    serialNumber: meaningful(await read('serial_number'), 60),
    technology: meaningful(await read('technology'), 24),
    designCapacityMwh: design === undefined || design < 1 ? undefined : design,
    fullCapacityMwh: await capacity('full'),
    // Firmware that does not count says 0, and so does a new battery: 0 says nothing.
    cycleCount: cycles === undefined || cycles === 0 || cycles > 100_000 ? undefined : cycles,
  });
}
