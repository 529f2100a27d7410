/** How units and lines of cron join what a tool itself says of a backup. */
import { expect, test } from 'vitest';
import { withCron } from '../../../../agent/backup/linux/cron-job.ts';
import { companionRun, type ScheduledUnit } from '../../../../agent/backup/linux/own-units.ts';
import { withUnits } from '../../../../agent/backup/linux/restic.ts';
import type { UnitState } from '../../../../agent/backup/linux/systemd.ts';
import type { JobRecord, RunRecord } from '../../../../agent/backup/product.ts';

const evidence = { kind: 2, source: 'restic snapshots' } as const;
const at = (time: string): Date => new Date(`2026-11-24T${time}Z`);
const unit = (name: string, state: Partial<UnitState> = {}): ScheduledUnit => ({
  name,
  state: { name, exists: true, active: 'inactive', ...state },
});
const job = (id: string, runs: readonly RunRecord[] = []): JobRecord => ({
  id,
  name: id,
  writableBy: 'administrator',
  targets: [],
  runs,
  history: 'whole',
});
const ended = (result: string, exitStatus: number): Partial<UnitState> => ({
  result,
  exitStatus,
  startedAt: at('02:00:00'),
  endedAt: at('02:30:00'),
});

test('a success of the unit adds nothing to one of the tool, and proves nothing without it', () => {
  const snapshot: RunRecord = { result: 'success', endedAt: at('02:04:11'), evidence };
  expect(companionRun(unit('a.service', ended('success', 0)), [snapshot])).toEqual([]);
  expect(companionRun(unit('a.service', ended('success', 0)), [])).toMatchObject([
    { result: 'success', provesNothing: true },
  ]);
  expect(companionRun(unit('a.service'), [snapshot])).toEqual([]);
});

test('a failure of the unit stands beside a success of the tool', () => {
  const snapshot: RunRecord = { result: 'success', endedAt: at('02:04:11'), evidence };
  expect(companionRun(unit('a.service', ended('exit-code', 1)), [snapshot])).toMatchObject([
    { result: 'failed', reasons: ['records-disagree'] },
  ]);
  const [other] = companionRun(unit('a.service', ended('exit-code', 1)), [{ ...snapshot, endedAt: at('01:00:00') }]);
  expect(other?.reasons).toBeUndefined();
});

test('units join their job where there is no doubt, and are jobs of their own where there is', () => {
  const ids = (jobs: readonly JobRecord[], units: readonly ScheduledUnit[]) =>
    withUnits(jobs, units).map(({ id, runs }) => `${id}: ${runs.length}`);
  const ran = ended('exit-code', 1);
  expect(ids([job('hook a')], [unit('x.service', ran)])).toEqual(['hook a: 1']);
  expect(ids([job('hook a'), job('hook b')], [unit('x.service', ran)])).toEqual([
    'hook a: 0',
    'hook b: 0',
    'unit x.service: 1',
  ]);
  expect(
    ids(
      [job('profile a'), job('profile b')],
      [unit('resticprofile-backup@profile-b.service', ran), unit('resticprofile-backup@profile-c.service')],
    ),
  ).toEqual(['profile a: 0', 'profile b: 1', 'unit resticprofile-backup@profile-c.service: 0']);
});

test('cron gives a plan to the only job, and is one where nothing else is known', () => {
  const line = { schedule: '5 3 * * *', command: '/usr/local/bin/restic backup /', active: true };
  expect(withCron([job('a')], [line])).toMatchObject([{ id: 'a', enabled: true, schedule: '5 3 * * *' }]);
  expect(withCron([job('a')], [{ ...line, active: false }])).toMatchObject([{ id: 'a', enabled: false }]);
  expect(withCron([{ ...job('a'), enabled: true }], [{ ...line, active: false }])).toMatchObject([{ enabled: true }]);
  expect(withCron([job('a'), job('b')], [line])).toEqual([job('a'), job('b')]);
  expect(withCron([], [line])).toMatchObject([
    { id: 'cron', enabled: true, history: 'unreadable', runs: [], reasons: ['weak-evidence', 'no-readable-record'] },
  ]);
  expect(withCron([], [])).toEqual([]);
});
