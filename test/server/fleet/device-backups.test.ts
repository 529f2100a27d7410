import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BackupFacts } from '../../../agent/contract/facts/backup.ts';
import { maxRunsOfDevice, maxRunsOfJob, noteBackups, provenSuccess } from '../../../server/fleet/device-backups.ts';
import { backedUp, backupJob } from '../../fakes/backed-up.ts';
import { addDevice, type StaffedServer, startOfTime, startStaffedServer } from '../api/staffed-server.ts';

const now = new Date(startOfTime);
type Job = BackupFacts['products'][number]['jobs'][number];
type Run = Job['recentRuns'][number];

/** The product with these jobs, changed. */
function facts(jobs: readonly Job[], change: Partial<BackupFacts['products'][number]> = {}): BackupFacts {
  const { products, restoreTests } = backedUp(now, jobs);
  return { products: products.map((product) => ({ ...product, ...change })), restoreTests };
}

describe('a success is proven', () => {
  const success = (change: Partial<Job>, kind = 1) => {
    const job = backupJob(now, 3, change);
    const lastSuccess = job.lastSuccess && { ...job.lastSuccess, evidence: { ...job.lastSuccess.evidence, kind } };
    return lastSuccess === undefined ? job : { ...job, lastSuccess };
  };
  const at = '2026-11-24T06:00:00.000Z';
  test.each<[string, BackupFacts, string | undefined]>([
    ['by a record of the product', facts([success({})]), at],
    ['by a line of a log', facts([success({}, 3)]), at],
    ['not by a scheduler', facts([success({}, 4)]), undefined],
    ['not by what a user can write', facts([success({ writableBy: 'user' })]), undefined],
    ['not by what is no backup', facts([success({})], { kind: 'file-sync' }), undefined],
    ['not by a scheduled job that looks like one', facts([success({})], { kind: 'hint' }), undefined],
    ['by the newest of several', facts([backupJob(now, 30), success({}), backupJob(now, 400)]), at],
    ['not without jobs', facts([]), undefined],
  ])('%s', (_, given, expected) => {
    expect(provenSuccess(given)).toBe(expected);
  });
});

describe('what is kept of a device', () => {
  let kits: StaffedServer;
  let device: string;
  beforeEach(async () => {
    kits = await startStaffedServer();
    device = await addDevice(kits.context, kits.wasungen);
  });
  afterEach(() => kits.close());

  const note = (given: BackupFacts | undefined, complete = true) =>
    kits.context.db.transaction().execute((trx) => noteBackups(trx, device, given, { complete, now }));
  const columns = () =>
    kits.context.db
      .selectFrom('devices')
      .select(['backup_presence', 'backup_products', 'backup_success_at'])
      .where('id', '=', device)
      .executeTakeFirstOrThrow();
  const runs = () =>
    kits.context.db.selectFrom('backup_runs').selectAll().where('device_id', '=', device).orderBy('at').execute();

  test.each<[string, BackupFacts | undefined, boolean, string | null]>([
    ['a product', facts([]), true, 'present'],
    ['a product of an incomplete section', facts([]), false, 'present'],
    ['what was left behind by one', facts([], { installed: false }), true, 'none'],
    ['a file sync', facts([], { kind: 'file-sync' }), true, 'none'],
    ['a scheduled job', facts([], { kind: 'hint' }), true, 'hint'],
    ['nothing', { products: [], restoreTests: [] }, true, 'none'],
    ['nothing in an incomplete section', { products: [], restoreTests: [] }, false, null],
    ['a scheduled job of an incomplete section', facts([], { kind: 'hint' }), false, null],
    ['no facts', undefined, false, null],
  ])('%s', async (_, given, complete, presence) => {
    await note(given, complete);
    expect((await columns()).backup_presence).toBe(presence);
  });

  test.each<[string, BackupFacts, string]>([
    ['the worst of the jobs', facts([backupJob(now), backupJob(now, 3, { id: 'b', state: 'failed' })]), 'failed'],
    [
      'not of those switched off',
      facts([backupJob(now), backupJob(now, 3, { state: 'failed', enabled: false })]),
      'success',
    ],
    ['all switched off', facts([backupJob(now, 3, { enabled: false })]), 'disabled'],
    ['no job', facts([]), 'unknown'],
    ['removed', facts([backupJob(now)], { installed: false }), 'removed'],
    [
      'unknown outweighs success',
      facts([backupJob(now), backupJob(now, 3, { state: 'log-too-short' })]),
      'log-too-short',
    ],
  ])('the state of a product: %s', async (_, given, state) => {
    await note(given);
    expect((await columns()).backup_products).toBe(
      JSON.stringify([['resticprofile', 'resticprofile', given.products[0]?.kind, state]]),
    );
  });

  test('facts that are gone are not known any more; the runs stay', async () => {
    await note(facts([backupJob(now)]));
    expect(await columns()).toMatchObject({ backup_success_at: '2026-11-24T06:00:00.000Z' });
    await note(undefined);
    expect(await columns()).toEqual({ backup_presence: null, backup_products: null, backup_success_at: null });
    expect(await runs()).toHaveLength(1);
  });

  const run = (hoursAgo: number, change: Partial<Run> = {}): Run => ({
    startedAt: new Date(startOfTime - hoursAgo * 3_600_000).toISOString(),
    result: 'success',
    evidence: { kind: 1, source: 'log', reference: 'file-1' },
    ...change,
  });
  const job = (recentRuns: readonly Run[], id = 'system') => backupJob(now, 3, { id, recentRuns: [...recentRuns] });

  test('a run stands there once, however often and with whatever reference it is told', async () => {
    await note(facts([job([run(20), run(40)])]));
    const grown = { kind: 1, source: 'log', reference: 'file-2' };
    await note(facts([job([run(2), run(20, { evidence: grown }), run(40, { evidence: grown })])]));
    const kept = await runs();
    expect(kept.map(({ at }) => at)).toEqual([40, 20, 2].map((hours) => run(hours).startedAt));
    expect(kept.map(({ evidence }) => JSON.parse(evidence).reference)).toEqual(['file-2', 'file-2', 'file-1']);
    await note(facts([job([run(2), run(20)], 'other')]));
    expect(await runs()).toHaveLength(5);
  });

  test('what was running has ended in the next report', async () => {
    await note(facts([job([run(1, { result: 'running' })])]));
    await note(facts([job([run(1, { endedAt: '2026-11-24T08:30:00.000Z', result: 'failed', code: '12' })])]));
    expect(await runs()).toMatchObject([{ result: 'failed', code: '12', ended_at: '2026-11-24T08:30:00.000Z' }]);
    // Also when the record of its end knows nothing of its beginning.
    await note(facts([job([run(0.5, { result: 'running' })])]));
    const { startedAt: _, ...ended } = run(0, { endedAt: '2026-11-24T08:59:00.000Z' });
    await note(facts([job([ended])]));
    expect((await runs()).map(({ result, at }) => [result, at])).toEqual([
      ['failed', '2026-11-24T08:00:00.000Z'],
      ['success', '2026-11-24T08:59:00.000Z'],
    ]);
  });

  test('a run without any time has no place in a time line', async () => {
    const { startedAt: _, ...timeless } = run(1);
    await note(facts([job([timeless])]));
    expect(await runs()).toEqual([]);
  });

  test('the youngest of each job are kept, so that a busy job does not push out a rare one', async () => {
    await note(facts([job([run(24 * 90), run(24 * 60)], 'monthly')]));
    for (let from = 0; from < maxRunsOfJob + 20; from += 10) {
      await note(
        facts([
          job(
            Array.from({ length: 10 }, (_, index) => run(2000 - from - index)),
            'hourly',
          ),
        ]),
      );
    }
    const kept = Map.groupBy(await runs(), ({ job_id }) => job_id);
    expect(kept.get('hourly')).toHaveLength(maxRunsOfJob);
    expect(kept.get('hourly')?.[0]?.at).toBe(run(1980).startedAt);
    expect(kept.get('monthly')).toHaveLength(2);
  });

  test('a device that makes up jobs fills no database', async () => {
    for (let round = 0; round < 3; round += 1) {
      const jobs = Array.from({ length: 64 }, (_, index) =>
        job(
          Array.from({ length: 10 }, (__, hour) => run(hour)),
          `${round}-${index}`,
        ),
      );
      await note(facts(jobs));
    }
    expect((await runs()).length).toBeLessThanOrEqual(maxRunsOfDevice);
  });

  test('the same job of two reports of one moment is one row', async () => {
    await note(facts([job([run(1), run(1, { result: 'failed' })])]));
    expect(await runs()).toMatchObject([{ result: 'failed' }]);
  });
});
