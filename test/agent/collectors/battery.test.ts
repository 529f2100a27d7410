import { expect, test } from 'vitest';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { sectionOf } from './context.ts';

/** Supplies by name, each with its files. */
function supplies(entries: Readonly<Record<string, Readonly<Record<string, string>>>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(entries).flatMap(([name, files]) =>
      Object.entries(files).map(([file, content]) => [`/sys/class/power_supply/${name}/${file}`, `${content}\n`]),
    ),
  );
}
const batteries = async (entries: Parameters<typeof supplies>[0]) =>
  sectionOf('battery', recordedMachine(supplies(entries)));

test.each([
  ['a wireless mouse', { hidpp_battery_0: { type: 'Battery', scope: 'Device', model_name: 'Wireless Mouse' } }],
  ['an empty bay', { BAT1: { type: 'Battery', present: '0' } }],
  ['an uninterruptible supply', { ups0: { type: 'UPS' } }],
  ['a mains adapter', { AC: { type: 'Mains', online: '1' } }],
])('%s is no battery of the PC', async (_name, entries) => {
  const section = await batteries(entries);
  expect(section).toMatchObject({ state: 'missing', problems: [{ code: 'not-present' }] });
  expect(section).not.toHaveProperty('data');
});

test('two batteries in the order of their names', async () => {
  const { data } = await batteries({
    BAT1: { type: 'Battery', energy_full_design: '24000000' },
    BAT0: { type: 'Battery', scope: 'System', energy_full_design: '23200000' },
  });
  expect(data?.batteries).toEqual([
    { name: 'BAT0', designCapacityMwh: 23_200 },
    { name: 'BAT1', designCapacityMwh: 24_000 },
  ]);
});

test('µAh become mWh with the voltage of the design', async () => {
  const { data } = await batteries({
    BAT0: {
      type: 'Battery',
      charge_full_design: '4000000',
      charge_full: '3210000',
      voltage_min_design: '11400000',
      voltage_now: '12900000',
    },
  });
  expect(data?.batteries).toEqual([{ name: 'BAT0', designCapacityMwh: 45_600, fullCapacityMwh: 36_594 }]);
});

test('the voltage of the moment is not taken for that of the design: the capacity would follow the charge', async () => {
  const { data } = await batteries({
    BAT0: { type: 'Battery', charge_full_design: '4000000', charge_full: '3210000', voltage_now: '12900000' },
  });
  expect(data?.batteries).toEqual([{ name: 'BAT0' }]);
});

test('what the firmware does not know is left out', async () => {
  const section = await batteries({
    BAT0: {
      type: 'Battery',
      manufacturer: '',
      model_name: 'Unknown',
      serial_number: '00000',
      technology: 'Unknown',
      energy_full_design: '0',
      energy_full: '-1',
      cycle_count: '0',
    },
  });
  expect(section).toMatchObject({ state: 'complete', data: { batteries: [{ name: 'BAT0' }] } });
  expect(Object.keys(section.data?.batteries[0] ?? {})).toEqual(['name']);
});

test('a battery that holds nothing any more is worn and not unknown', async () => {
  const { data } = await batteries({ BAT0: { type: 'Battery', energy_full_design: '50000000', energy_full: '0' } });
  expect(data?.batteries[0]).toMatchObject({ designCapacityMwh: 50_000, fullCapacityMwh: 0 });
});

test('charge and state stay on the PC', async () => {
  const section = await batteries({
    BAT0: { type: 'Battery', capacity: '77', energy_now: '31234567', status: 'Discharging', power_now: '7654321' },
  });
  expect(section.data?.batteries).toEqual([{ name: 'BAT0' }]);
});

test('more batteries than the contract takes: the rest is said', async () => {
  const many = Array.from({ length: 20 }, (_, index) => [`BAT${index}`, { type: 'Battery' }] as const);
  const section = await batteries(Object.fromEntries(many));
  expect(section.data?.batteries).toHaveLength(16);
  expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'truncated' }] });
});
