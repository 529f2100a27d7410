import { uptime } from 'node:os';
import { expect, test } from 'vitest';
import { createLinuxMachine } from '../../../agent/platform/linux-machine.ts';
import { type RecordedTree, recordedMachine } from '../../fakes/recorded-machine.ts';
import { sectionOf } from './context.ts';

const started: RecordedTree = { '/proc/uptime': '1000.00 900.00\n' };
const energy = async (tree: RecordedTree) => sectionOf('energy', recordedMachine({ ...started, ...tree }));
const supply = '/sys/class/power_supply';

test.each([
  ['0.03 0.01', 0],
  ['86399.99 1.00', 0],
  ['86400.00 1.00', 1],
  ['3456000 1', 40],
])('an uptime of "%s" seconds is %i whole days', async (text, uptimeDays) => {
  expect((await energy({ '/proc/uptime': `${text}\n` })).data).toEqual({ uptimeDays });
});

test.each([
  ['denied', { denied: true } as const],
  ['unreadable', ''],
  ['unreadable', '-5 1\n'],
  ['unreadable', 'soon\n'],
  ['invalid', '9999999999 1\n'],
])('without a time since the start the section is missing: %s', async (code, content) => {
  expect(await energy({ '/proc/uptime': content })).toMatchObject({ state: 'missing', problems: [{ code }] });
});

const battery = (status: string): RecordedTree => ({
  [`${supply}/BAT0/type`]: 'Battery\n',
  [`${supply}/BAT0/status`]: `${status}\n`,
});
const mains = (online: string, type = 'Mains'): RecordedTree => ({
  [`${supply}/AC/type`]: `${type}\n`,
  [`${supply}/AC/online`]: `${online}\n`,
});
const mouse: RecordedTree = {
  [`${supply}/hidpp_battery_0/type`]: 'Battery\n',
  [`${supply}/hidpp_battery_0/scope`]: 'Device\n',
  [`${supply}/hidpp_battery_0/status`]: 'Discharging\n',
};

test.each([
  ['a desktop PC without any supply says nothing', {}, undefined],
  ['plugged in and full', { ...mains('1'), ...battery('Full') }, 'mains'],
  ['plugged in with a weak adapter', { ...mains('1'), ...battery('Discharging') }, 'mains'],
  ['fed by USB-C', { ...mains('1', 'USB'), ...battery('Charging') }, 'mains'],
  ['unplugged', { ...mains('0'), ...battery('Discharging') }, 'battery'],
  ['unplugged, and the battery does not say so', { ...mains('0'), ...battery('Unknown') }, 'battery'],
  ['on battery without an adapter driver', battery('Discharging'), 'battery'],
  ['a battery that only says it is full', battery('Full'), undefined],
  ['the battery of a mouse runs down', mouse, undefined],
  ['the battery of a mouse, and an adapter that says it is unplugged', { ...mouse, ...mains('0') }, undefined],
  ['an empty bay', { ...mains('0'), ...battery('Unknown'), [`${supply}/BAT0/present`]: '0\n' }, undefined],
])('power: %s', async (_name, tree, source) => {
  expect((await energy(tree as RecordedTree)).data?.powerSource).toBe(source);
});

test('a kernel that offers no sleep says an empty list; one that says nothing, none', async () => {
  expect((await energy({ '/sys/power/state': '\n' })).data?.sleepStates).toEqual([]);
  expect((await energy({})).data).not.toHaveProperty('sleepStates');
  expect((await energy({ '/sys/power/state': 'mem disk freeze\n' })).data?.sleepStates).toEqual([
    'disk',
    'freeze',
    'mem',
  ]);
});

test('profile and governor as far as they are there', async () => {
  const tree = {
    '/sys/firmware/acpi/platform_profile_choices': 'quiet balanced\n',
    '/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor': 'schedutil\n',
  };
  expect((await energy(tree)).data).toEqual({
    uptimeDays: 0,
    powerProfiles: ['balanced', 'quiet'],
    frequencyGovernor: 'schedutil',
  });
});

test('this machine has been up as long as the system library says', async () => {
  const before = Math.floor(uptime() / 86_400);
  const { data } = await sectionOf('energy', createLinuxMachine());
  expect([before, Math.floor(uptime() / 86_400)]).toContain(data?.uptimeDays);
});
