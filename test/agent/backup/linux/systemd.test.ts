import { describe, expect, test } from 'vitest';
import { ownUnits, planOf, scheduledUnits, settingsOf } from '../../../../agent/backup/linux/own-units.ts';
import {
  parseUnitStates,
  parseUnitTime,
  runOfUnit,
  type UnitState,
  unitStates,
} from '../../../../agent/backup/linux/systemd.ts';
import type { CommandOutcome } from '../../../../agent/platform/machine.ts';
import { recordedMachine } from '../../../fakes/recorded-machine.ts';
import { type ShownUnit, systemctl } from '../../../fixtures/backup/linux.ts';
import { fc } from '../../../fixtures/properties.ts';

const { signal } = new AbortController();
const states = (units: Readonly<Record<string, ShownUnit>>, asked = Object.keys(units)) =>
  unitStates({ machine: recordedMachine({}, { run: systemctl(units) }), signal }, asked);

async function stateOf(unit: ShownUnit): Promise<UnitState> {
  const all = await states({ 'a.service': unit });
  const state = typeof all === 'string' ? undefined : all.get('a.service');
  if (state === undefined) throw new Error('no state');
  return state;
}

test('one call tells the state of all units, also of those that are not there', async () => {
  const all = await states(
    {
      'borgmatic.service': {
        result: 'exit-code',
        status: 2,
        started: '2026-11-24T01:05:02Z',
        ended: '2026-11-24T01:09:00Z',
      },
      'borgmatic.timer': { active: 'active', file: 'enabled', next: '2026-11-25T01:00:00Z' },
    },
    ['borgmatic.service', 'borgmatic.timer', 'gone.service', '--root=/x.service ; id', 'plain'],
  );
  expect(typeof all === 'string' ? all : [...all.values()]).toEqual([
    {
      name: 'borgmatic.service',
      exists: true,
      active: 'inactive',
      result: 'exit-code',
      exitStatus: 2,
      startedAt: new Date('2026-11-24T01:05:02Z'),
      endedAt: new Date('2026-11-24T01:09:00Z'),
    },
    {
      name: 'borgmatic.timer',
      exists: true,
      active: 'active',
      file: 'enabled',
      result: 'success',
      nextElapseAt: new Date('2026-11-25T01:00:00Z'),
    },
    { name: 'gone.service', exists: false, active: 'inactive', result: 'success' },
  ]);
});

test.each<[CommandOutcome, string]>([
  [{ kind: 'not-found' }, 'no-systemd'],
  [
    {
      kind: 'exited',
      exitCode: 1,
      stdout: '',
      stderr: "System has not been booted with systemd as init system (PID 1). Can't operate.\n",
    },
    'no-systemd',
  ],
  [{ kind: 'exited', exitCode: 1, stdout: '', stderr: 'Failed to connect to bus: Connection refused\n' }, 'unreadable'],
  [{ kind: 'timeout' }, 'unreadable'],
])('no systemd is told from one that does not answer: %j', async (outcome, expected) => {
  const machine = recordedMachine({}, { run: async () => outcome });
  expect(await unitStates({ machine, signal }, ['a.service'])).toBe(expected);
});

test('times are UTC or nothing', () => {
  expect(parseUnitTime('Tue 2026-11-24 01:05:02 UTC')).toEqual(new Date('2026-11-24T01:05:02Z'));
  for (const text of [
    '',
    'n/a',
    'Tue 2026-11-24 01:05:02 CET',
    '48y 3w 3d 15h',
    'Tue 2026-13-44 01:05:02 UTC',
    undefined,
  ]) {
    expect(parseUnitTime(text), text).toBeUndefined();
  }
});

describe('what an exit code says', () => {
  const ended = { started: '2026-11-24T01:00:00Z', ended: '2026-11-24T01:05:00Z' };
  test.each<[string, ShownUnit, string | undefined]>([
    ['never ran since the start of the PC', {}, undefined],
    ['ended with 0', ended, 'success'],
    ['ended with 1', { ...ended, result: 'exit-code', status: 1 }, 'failed'],
    ['ended with a code that means warnings', { ...ended, result: 'exit-code', status: 3 }, 'warning'],
    ['ended with a code the unit calls a success', { ...ended, status: 4 }, 'warning'],
    ['was stopped', { ...ended, result: 'signal', code: 2, status: 15 }, 'cancelled'],
    ['was killed for its memory', { ...ended, result: 'oom-kill', code: 2, status: 9 }, 'failed'],
    ['took too long', { ...ended, result: 'timeout', status: 0 }, 'failed'],
    ['is at work', { active: 'activating', started: '2026-11-24T08:00:00Z' }, 'running'],
    [
      'is at work again',
      { active: 'activating', started: '2026-11-24T08:00:00Z', ended: '2026-11-23T01:05:00Z' },
      'running',
    ],
    ['has vanished at work', { active: 'inactive', started: '2026-11-24T08:00:00Z' }, 'unknown'],
  ])('a unit that %s', async (_name, unit, expected) => {
    expect(runOfUnit(await stateOf(unit), [3])?.result).toBe(expected);
  });
});

test('no text whatever becomes a success that is not in it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const state of parseUnitStates(text, ['a.service']).values()) {
        expect(runOfUnit(state)?.result).not.toBe('success');
      }
    }),
  );
});

test('services of the administrator are found by what they start', async () => {
  const machine = recordedMachine({
    '/etc/systemd/system/nightly.service': '[Service]\nExecStart=/usr/local/bin/restic backup \\\n  /srv\n',
    '/etc/systemd/system/script.service': '[Service]\nExecStart=/bin/sh -c "cd / && restic.sh"\n',
    '/etc/systemd/system/forget.service': '[Service]\nExecStart=/usr/bin/restic forget --prune\n',
    '/etc/systemd/system/both.service': '[Service]\nExecStart=/bin/sh -c "restic backup / && restic forget --prune"\n',
    '/etc/systemd/system/other.service': '[Service]\nExecStart=/usr/bin/resticity\n# ExecStart=/usr/bin/restic\n',
    '/etc/systemd/system/reset.service': '[Service]\nExecStart=/usr/bin/restic\nExecStart=\nExecStart=/bin/true\n',
    '/etc/systemd/system/broken.service': { link: '/lib/systemd/system/gone.service' },
    '/etc/systemd/system/nightly.timer': '[Timer]\nOnCalendar=*-*-* 02:00\nOnCalendar=Sun 12:00\n',
  });
  const found = await ownUnits({ machine }, ['restic'], { backup: /\bbackup\b/, others: /\b(check|forget)\b/ });
  expect(found.map(({ name }) => name)).toEqual(['both.service', 'nightly.service', 'script.service']);
  expect(settingsOf('A=1\nA=\nA=2 \\\n3\nAB=4', 'A')).toEqual(['2  3']);
});

test('plan and switch of a job come from its timer', async () => {
  const tree = { '/etc/systemd/system/nightly.timer': '[Timer]\nOnCalendar=*-*-* 02:00\nOnCalendar=Sun 12:00\n' };
  const plan = async (units: Readonly<Record<string, ShownUnit>>) => {
    const machine = recordedMachine(tree, { run: systemctl(units) });
    const found = await scheduledUnits({ machine, signal }, ['nightly.service', 'x@.service']);
    if (typeof found === 'string') throw new Error(found);
    return found.map(planOf);
  };
  expect(await plan({})).toEqual([]);
  expect(await plan({ 'nightly.service': {} })).toEqual([{}]);
  expect(
    await plan({ 'nightly.service': {}, 'nightly.timer': { active: 'active', next: '2026-11-25T02:00:00Z' } }),
  ).toEqual([{ enabled: true, schedule: '*-*-* 02:00, Sun 12:00', nextRunAt: new Date('2026-11-25T02:00:00Z') }]);
  expect(await plan({ 'nightly.service': {}, 'nightly.timer': { active: 'inactive' } })).toMatchObject([
    { enabled: false },
  ]);
  expect(await plan({ 'nightly.service': { load: 'masked', file: 'masked' } })).toMatchObject([{ enabled: false }]);
});
