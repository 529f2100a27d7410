/** The agent against a real server when something has gone: full queue, damaged store, lost facts. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TestServer } from '../../fakes/test-server.ts';
import { deviceOf, gapsOf, movableClock, reportingOf, town } from './watched-town.ts';

const sequences = async (server: TestServer): Promise<[number, string, boolean][]> => {
  const rows = await server.context.db
    .selectFrom('reports')
    .selectAll()
    .orderBy('received_at')
    .orderBy('sequence')
    .execute();
  return rows.map((row) => [row.sequence, row.class, row.body.byteLength > 0]);
};

const dayMs = 86_400_000;

test('bodies given up by a full queue arrive as envelopes, and the gap is accounted for on the device page', async () => {
  const clock = movableClock('2026-06-01T08:00:00Z');
  const here = await town({ clock, configuration: { outboxDays: 7 } });
  for (let day = 0; day < 9; day += 1) {
    clock.forward(dayMs);
    await here.agent.round('cheap');
  }
  expect(here.agent.store.queue()).toMatchObject({ waiting: 9, thinned: 2 });
  expect(await here.agent.exchange({ limit: 4 })).toMatchObject({ accepted: 4, more: true });
  expect(await gapsOf(here)).toEqual([{ from: 1, to: 2, reports: 2, reason: 'undeclared', standing: 'undeclared' }]);
  expect(await here.agent.exchange()).toMatchObject({ accepted: 6, more: false });
  expect(await gapsOf(here)).toEqual([{ from: 1, to: 2, reports: 2, reason: 'outbox-age', standing: 'declared' }]);
  expect(await sequences(here.server)).toEqual([
    [1, 'routine', false],
    [2, 'routine', false],
    ...[3, 4, 5, 6, 7, 8, 9].map((sequence) => [sequence, 'routine', true]),
    [10, 'gap', true],
  ]);
  expect((await deviceOf(here)).events).toEqual([]);
  expect(reportingOf(here)).not.toHaveProperty('thinned');
});

test('a report the server refuses for good does not block the next, is shown, and is accounted for', async () => {
  const here = await town();
  await here.agent.exchange();
  await here.agent.round('cheap');
  const { store } = here.agent;
  // What the server refuses is decided there; here one that it has refused is enough.
  store.refuse(1, new Date(), 'malformed');
  await here.agent.round('cheap');
  expect(await here.agent.exchange()).toMatchObject({ accepted: 2, refused: 0 });
  expect(await gapsOf(here)).toEqual([{ from: 1, to: 1, reports: 1, reason: 'refused', standing: 'declared' }]);
  expect(reportingOf(here).refused).toBe(1);
  await here.agent.round('full');
  expect(store.readSections().find(({ id }) => id === 'agent')?.data).toMatchObject({ queue: { refused: 1 } });
  await here.agent.exchange();
  expect(await gapsOf(here)).toHaveLength(1);
});

test('facts the server asks for are with it after the same exchange', async () => {
  const here = await town();
  await here.agent.round('full');
  await here.agent.exchange();
  const db = here.server.context.db;
  await db
    .updateTable('sections')
    .set({ facts_held: 0, data: null })
    .where('section_id', 'in', ['memory', 'cpu'])
    .execute();
  expect(await here.agent.exchange()).toMatchObject({ accepted: 1 });
  const rows = await db
    .selectFrom('sections')
    .select(['section_id', 'facts_held'])
    .where('facts_held', '=', 0)
    .execute();
  expect(rows).toEqual([]);
  expect(await here.agent.exchange()).toMatchObject({ accepted: 0 });
});

test('a section the server asks for and this PC does not have is no reason for one report after the other', async () => {
  const here = await town();
  await here.agent.round('full');
  await here.agent.exchange();
  const db = here.server.context.db;
  await db
    .updateTable('sections')
    .set({ section_id: 'unheard-of', facts_held: 0, data: null })
    .where('section_id', '=', 'memory')
    .execute();
  expect(await here.agent.exchange()).toMatchObject({ accepted: 0, more: false });
});

describe('a damaged store', () => {
  test.each<[string, (file: string) => void]>([
    [
      'overwritten in the middle',
      (file) => {
        const bytes = readFileSync(file);
        bytes.fill(0x5a, 4096, Math.min(bytes.byteLength, 4096 * 6));
        writeFileSync(file, bytes);
      },
    ],
    ['that is no database at all', (file) => writeFileSync(file, 'Ransom note\n'.repeat(2000))],
    ['cut off', (file) => writeFileSync(file, readFileSync(file).subarray(0, 5000))],
    ['that is gone', (file) => rmSync(file)],
  ])('%s is put aside; identity and enrolment live on, and the loss is told', async (name, damage) => {
    const here = await town();
    await here.agent.round('full');
    await here.agent.exchange();
    await here.agent.round('cheap');
    const before = here.agent.enrolment();
    const epoch = here.agent.store.epoch;
    here.agent.close();
    const file = join(here.dataDir, 'private', 'agent.db');
    // As after a power cut with the log already written back.
    for (const end of ['-wal', '-shm']) rmSync(file + end, { force: true });
    damage(file);
    const key = readFileSync(join(here.dataDir, 'private', 'device-key.pem'), 'utf8');
    here.agent = await here.open();
    expect(here.agent.enrolment()).toEqual(before);
    expect(here.agent.store.epoch).not.toBe(epoch);
    expect(readFileSync(join(here.dataDir, 'private', 'device-key.pem'), 'utf8')).toBe(key);
    const aside = readdirSync(join(here.dataDir, 'private')).filter((entry) => /damaged-\d+$/.test(entry));
    expect(aside).toHaveLength(name === 'that is gone' ? 0 : 1);
    await here.agent.round('full');
    expect((await here.agent.exchange()).accepted).toBe(2);
    const [gap] = (await deviceOf(here)).gaps;
    expect(gap).toMatchObject({ storeEpoch: epoch, reason: 'store-damaged', standing: 'declared' });
    expect((await deviceOf(here)).events.map(({ code }) => code)).toEqual(['store-epoch-new']);
    expect(await here.server.context.db.selectFrom('devices').select('id').execute()).toHaveLength(1);
  });

  test('does not fill the disk with what was put aside', async () => {
    const here = await town();
    for (let round = 0; round < 4; round += 1) {
      here.agent.close();
      here.agent = await here.open(true);
    }
    const aside = readdirSync(join(here.dataDir, 'private')).filter((name) => /damaged-\d+$/.test(name));
    expect(aside).toHaveLength(2);
    expect(here.agent.enrolment()).toBeDefined();
  });

  test('a lock file that is no lock is replaced', async () => {
    const here = await town();
    here.agent.close();
    writeFileSync(join(here.dataDir, 'private', 'lock.db'), 'x'.repeat(5000));
    here.agent = await here.open();
    expect(here.agent.enrolment()).toBeDefined();
    await expect(here.open()).rejects.toMatchObject({ name: 'AgentRunning' });
  });

  test('one body that has rotted is given up, not refused by the server', async () => {
    const here = await town();
    await here.agent.round('cheap');
    await here.agent.round('cheap');
    here.agent.close();
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(join(here.dataDir, 'private', 'agent.db'));
    db.prepare(`UPDATE outbox SET body = zeroblob(200) WHERE sequence = 1`).run();
    db.close();
    here.agent = await here.open();
    // The envelope, the other report, and at once the account of what is gone.
    expect(await here.agent.exchange()).toMatchObject({ accepted: 3, refused: 0 });
    expect(await gapsOf(here)).toEqual([{ from: 1, to: 1, reports: 1, reason: 'store-damaged', standing: 'declared' }]);
  });
});

test('the server hears once that the clock was set, and judges by its own', async () => {
  const clock = movableClock(new Date().toISOString());
  const here = await town({ clock });
  await here.agent.round('full');
  await here.agent.exchange();
  here.agent.watchClock();
  clock.set(-6 * 365 * dayMs);
  here.agent.watchClock();
  const { report } = await here.agent.round('full');
  const body = JSON.parse(Buffer.from(report?.body ?? []).toString());
  expect(Date.parse(body.createdAt)).toBeLessThan(Date.now() - 5 * 365 * dayMs);
  expect(Math.abs(Date.parse(body.serverTime) - Date.now())).toBeLessThan(60_000);
  expect(await here.agent.exchange()).toMatchObject({ accepted: 1 });
  await here.agent.round('cheap');
  await here.agent.exchange();
  const { events, clockOffsetSeconds, verdicts } = await deviceOf(here);
  expect(events).toMatchObject([{ code: 'clock-jump', detail: expect.stringContaining(`By ${-6 * 365 * 86_400} s`) }]);
  expect(clockOffsetSeconds).toBeLessThan(-5 * 365 * 86_400);
  expect(verdicts.find(({ ruleId }) => ruleId === 'clock-correct')).toMatchObject({ verdict: 'not-met' });
  expect(here.lines.filter(({ event }) => event === 'clock-jumped')).toHaveLength(1);
});

test('bodies the server has taken stay for a week by both clocks, whichever of them jumps', async () => {
  const clock = movableClock(new Date().toISOString());
  const here = await town({ clock });
  const reported = async (): Promise<void> => {
    await here.agent.round('cheap');
    await here.agent.exchange();
  };
  const kept = (): number => here.agent.store.requeueAfter(0);
  const [yearsMs, monthMs] = [6 * 365 * dayMs, 30 * dayMs];
  // Taken by a clock that had fallen behind, and right again at once.
  clock.set(-yearsMs);
  await reported();
  clock.set(yearsMs);
  await reported();
  // Years ahead for a while.
  clock.set(yearsMs);
  await reported();
  clock.set(-yearsMs);
  expect(here.agent.store.waiting(9).filter(({ body }) => body !== undefined)).toHaveLength(0);
  expect(kept()).toBe(3);
  expect(here.agent.store.waiting(9).filter(({ body }) => body !== undefined)).toHaveLength(3);
  await here.agent.exchange();
  expect(here.agent.store.queue()).toEqual({ waiting: 0, refused: 0 });
  // What the server alone says does not take them away.
  here.agent.store.changeExchange({ serverTimeFloor: clock.now().getTime() + monthMs });
  await reported();
  expect(kept()).toBe(4);
  expect(here.agent.store.waiting(9).filter(({ body }) => body !== undefined)).toHaveLength(4);
});
