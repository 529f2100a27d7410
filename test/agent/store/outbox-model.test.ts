/**
 * The outbox against a simple model: whatever is appended, acknowledged, refused, thinned, cut off by a crash and reopened,
 * at the end each report is at the server once, in full or accounted for by a gap record, and the chain has no break.
 */
import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { type Gap, gap, type ReportClass, reportEnvelope } from '../../../agent/contract/report.ts';
import { jwsTypes } from '../../../agent/contract/wire.ts';
import { canonicalJson } from '../../../agent/signing/canonical.ts';
import { verifyJws } from '../../../agent/signing/jws.ts';
import { generateKey } from '../../../agent/signing/keys.ts';
import { encodeFrame, signAgain, signReport, verifyReport } from '../../../agent/signing/report-frame.ts';
import { type AgentStore, openStore } from '../../../agent/store/agent-store.ts';
import { defaultOutboxLimits } from '../../../agent/store/outbox.ts';
import { fc, tries } from '../../fixtures/properties.ts';

const key = await generateKey();
const deviceId = randomUUID();
const start = Date.parse('2026-01-01T08:00:00Z');

type Step =
  | { readonly do: 'append'; readonly class: ReportClass; readonly bytes: number; readonly hours: number }
  | { readonly do: 'send' | 'refuse' | 'aside' | 'again' | 'declare' | 'reopen' | 'crash' | 'renew' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      class: fc.constantFrom<ReportClass>('routine', 'routine', 'routine', 'full', 'incident', 'acknowledgement'),
      bytes: fc.integer({ min: 10, max: 2500 }),
      hours: fc.integer({ min: 0, max: 30 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('send' as const, 'send' as const, 'declare' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('refuse', 'reopen', 'crash', 'renew') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('aside' as const, 'aside' as const, 'again' as const) }) },
);

/** What the server would hold: it checks each frame as the real one does. */
interface Held {
  readonly reportId: string;
  readonly epoch: string;
  readonly sequence: number;
  readonly hash: string;
  readonly previousHash: string | undefined;
  readonly bare: boolean;
}

class Bench {
  dir = mkdtempSync(join(tmpdir(), 'kits-outbox-'));
  store: AgentStore;
  at = start;
  readonly made = new Map<string, ReportClass>();
  readonly held: Held[] = [];
  readonly refused = new Map<string, Held>();
  /** Where those were that do not get through. */
  readonly aside = new Map<string, Held>();
  /** Arrived at their old place after they had been told to be missing. */
  readonly late: Held[] = [];
  /** Places of those that were set aside and then went to a new epoch. */
  readonly vacated: Held[] = [];
  readonly told: Gap[] = [];
  readonly #dirs: string[] = [];

  readonly limits: { maxBytes: number; maxDays: number };

  constructor(limits = { maxBytes: 6000, maxDays: 4 }) {
    this.limits = limits;
    this.store = openStore(this.dir, { limits });
  }

  async append(name: ReportClass, bytes: number, gaps?: Gap[]): Promise<void> {
    const reportId = randomUUID();
    const { sequence, previousHash } = this.store.nextPlace();
    const filler = Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('base64');
    const report = await signReport(
      {
        contractVersion: 1,
        reportId,
        deviceId,
        storeEpoch: this.store.epoch,
        sequence,
        class: name,
        createdAt: new Date(this.at).toISOString(),
        ...(previousHash === undefined ? {} : { previousHash }),
      },
      Buffer.from(canonicalJson({ sections: [], filler, ...(gaps === undefined ? {} : { gaps }) })),
      key,
    );
    this.store.append(report, gaps);
    this.made.set(reportId, name);
    // Opening the file anew each time is for the small ones.
    if (this.made.size < 100 || this.made.size % 100 === 0) this.#holdsItsBounds();
  }

  #holdsItsBounds(): void {
    const db = new DatabaseSync(join(this.dir, 'agent.db'), { readOnly: true });
    const rows = db.prepare('SELECT length(body) AS bytes FROM outbox').all();
    db.close();
    const bytes = rows.reduce((sum, row) => sum + Number(row['bytes']), 0);
    expect(bytes).toBeLessThanOrEqual(this.limits.maxBytes);
  }

  async send(): Promise<boolean> {
    const [report] = this.store.waiting(1);
    if (report === undefined) return false;
    const envelope = await verifyJws(jwsTypes.report, report.envelopeJws, [key], reportEnvelope);
    const bare = report.body === undefined;
    if (!bare) {
      const { body } = await verifyReport(encodeFrame(report), key);
      const { gaps = [] } = JSON.parse(Buffer.from(body).toString()) as { gaps?: unknown[] };
      this.told.push(...gaps.map((entry) => gap.parse(entry)));
    }
    this.held.push(this.#heldOf(envelope, report.envelopeHash, bare));
    this.#vacate(report.reportId);
    this.store.acknowledge(report.sequence, new Date(this.at), []);
    return true;
  }

  #heldOf(
    envelope: { reportId: string; storeEpoch: string; sequence: number; previousHash?: string | undefined },
    hash: string,
    bare: boolean,
  ): Held {
    const { reportId, storeEpoch: epoch, sequence, previousHash } = envelope;
    return { reportId, epoch, sequence, hash, previousHash, bare };
  }

  async refuse(): Promise<void> {
    const [report] = this.store.waiting(1);
    if (report === undefined) return;
    const envelope = await verifyJws(jwsTypes.report, report.envelopeJws, [key], reportEnvelope);
    this.refused.set(report.reportId, this.#heldOf(envelope, report.envelopeHash, true));
    this.#vacate(report.reportId);
    this.store.refuse(report.sequence, new Date(this.at), 'malformed');
  }

  #vacate(reportId: string): void {
    const place = this.aside.get(reportId);
    if (place !== undefined) this.vacated.push(place);
    this.aside.delete(reportId);
  }

  async setAside(): Promise<void> {
    const [report] = this.store.waiting(1);
    if (report === undefined) return;
    const envelope = await verifyJws(jwsTypes.report, report.envelopeJws, [key], reportEnvelope);
    this.#vacate(report.reportId);
    this.aside.set(report.reportId, this.#heldOf(envelope, report.envelopeHash, true));
    this.store.setAside(report.sequence, new Date(this.at));
  }

  /** What was set aside gets through now. */
  async again(): Promise<void> {
    for (;;) {
      const report = this.store.asideDue(new Date(this.at));
      const place = this.aside.get(report?.reportId ?? '');
      if (report === undefined || place === undefined) return;
      await verifyReport(encodeFrame(report), key);
      expect(report.envelopeHash).toBe(place.hash);
      this.late.push(place);
      this.aside.delete(report.reportId);
      this.store.acknowledge(report.sequence, new Date(this.at), []);
    }
  }

  async declare(): Promise<boolean> {
    const gaps = this.store.undeclaredGaps(64);
    if (gaps.length === 0) return false;
    await this.append('gap', 10, gaps);
    return true;
  }

  reopen(): void {
    this.store.close();
    this.store = openStore(this.dir, { limits: this.limits });
  }

  /** The files as a power cut would leave them: copied while they are open. */
  crash(): void {
    const after = mkdtempSync(join(tmpdir(), 'kits-outbox-'));
    for (const name of ['agent.db', 'agent.db-wal']) cpSync(join(this.dir, name), join(after, name));
    this.store.close();
    this.#dirs.push(this.dir);
    this.dir = after;
    this.store = openStore(this.dir, { limits: this.limits });
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const one of steps) {
      switch (one.do) {
        case 'append':
          this.at += one.hours * 3_600_000;
          await this.append(one.class, one.bytes);
          break;
        case 'send':
          await this.send();
          break;
        case 'refuse':
          await this.refuse();
          break;
        case 'aside':
          await this.setAside();
          break;
        case 'again':
          await this.again();
          break;
        case 'declare':
          await this.declare();
          break;
        case 'reopen':
          this.reopen();
          break;
        case 'crash':
          this.crash();
          break;
        case 'renew':
          await this.store.renewEpoch((jws, place) => signAgain(jws, place, key));
          break;
      }
    }
    // The server is there: everything is sent, and what is missing is told.
    for (;;) {
      while (await this.send());
      // What a refused gap report has not told is told a day later.
      this.at += 25 * 3_600_000;
      this.store.dropOldBodies(new Date(this.at), 7 * 86_400_000);
      if (!(await this.declare())) break;
    }
    const lost = this.store.queue().aside ?? 0;
    const before = this.late.length;
    await this.again();
    expect(this.late.length - before).toBe(lost);
    expect(this.store.queue().aside).toBeUndefined();
    expect([await this.declare(), await this.send()]).toEqual([false, false]);
  }

  close(): void {
    this.store.close();
    for (const dir of [this.dir, ...this.#dirs]) rmSync(dir, { recursive: true });
  }
}

const covers = (told: readonly Gap[], { epoch, sequence }: Held): boolean =>
  told.some(
    ({ storeEpoch, from = Number.NaN, to = Number.NaN }) => storeEpoch === epoch && from <= sequence && sequence <= to,
  );

test('nothing is lost without a gap record, nothing is there twice, the chain is whole', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const bench = new Bench();
      try {
        await bench.run(steps);
        // Set aside, and its body gone to a full queue.
        const arrived = [...bench.held, ...bench.late, ...bench.refused.values(), ...bench.aside.values()];
        expect(new Set(arrived.map(({ reportId }) => reportId)).size).toBe(arrived.length);
        expect(arrived.map(({ reportId }) => reportId).sort()).toEqual([...bench.made.keys()].sort());
        const missing = [...arrived.filter((one) => one.bare && !bench.late.includes(one)), ...bench.vacated];
        for (const lost of missing) expect(covers(bench.told, lost)).toBe(true);
        // Every gap told is one: nothing that arrived in full is said to be missing.
        for (const whole of arrived.filter(({ bare }) => !bare)) expect(covers(bench.told, whole)).toBe(false);
        const byEpoch = Map.groupBy([...arrived, ...bench.vacated], ({ epoch }) => epoch);
        for (const reports of byEpoch.values()) {
          reports.sort((a, b) => a.sequence - b.sequence);
          expect(reports.map(({ sequence }) => sequence)).toEqual(reports.map((_, index) => index + 1));
          for (const [index, report] of reports.entries()) expect(report.previousHash).toBe(reports[index - 1]?.hash);
        }
      } finally {
        bench.close();
      }
    }),
    { numRuns: tries(60) },
  );
});

test('a full queue gives up the least important and oldest first, and says so class by class', async () => {
  const bench = new Bench();
  try {
    // Four of these fit.
    for (const name of ['incident', 'routine', 'full', 'routine'] as const) await bench.append(name, 1200);
    const given: number[] = [];
    for (let more = 0; more < 5; more += 1) {
      await bench.append('acknowledgement', 1200);
      for (const { sequence, body } of bench.store.waiting(99)) {
        if (body === undefined && !given.includes(sequence)) given.push(sequence);
      }
    }
    // Routine, full, incident; then the oldest acknowledgement.
    expect(given).toEqual([2, 4, 3, 1, 5]);
    expect(bench.store.queue()).toMatchObject({ waiting: 9, thinned: 5 });
    expect(bench.store.undeclaredGaps(9).map(({ from, to, counts, reason }) => ({ from, to, counts, reason }))).toEqual(
      [{ from: 1, to: 5, counts: { incident: 1, routine: 2, full: 1, acknowledgement: 1 }, reason: 'outbox-full' }],
    );
  } finally {
    bench.close();
  }
});

test('90 days at the default intervals fit, although nothing ever got through', async () => {
  const bench = new Bench(defaultOutboxLimits);
  try {
    for (let hour = 0; hour < 90 * 24; hour += 1) {
      bench.at += 3_600_000;
      // Sizes as measured, and no body compresses any further.
      if (hour % 4 === 0) await bench.append('full', 24_000);
      else await bench.append('routine', 3100);
    }
    expect(bench.store.queue()).toMatchObject({ waiting: 2160 });
    expect(bench.store.queue().thinned).toBeUndefined();
    expect(bench.store.undeclaredGaps(1)).toEqual([]);
  } finally {
    bench.close();
  }
});

test('a gap record that had to go itself is told again by the next one', async () => {
  const bench = new Bench({ maxBytes: 100, maxDays: 4 });
  try {
    await bench.append('routine', 500);
    await bench.declare();
    expect(bench.store.waiting(9).map(({ body }) => body)).toEqual([undefined, undefined]);
    expect(bench.store.undeclaredGaps(9)).toMatchObject([{ from: 1, to: 2, counts: { routine: 1, gap: 1 } }]);
  } finally {
    bench.close();
  }
});

test('however often something is lost, nothing of it is forgotten: what is too much for a list is told together', () => {
  const bench = new Bench();
  try {
    const reasons = ['storage-failed', 'store-damaged'] as const;
    for (let time = 0; time < 100; time += 1) {
      const at = new Date(Date.UTC(2026, 0, 1 + time)).toISOString();
      const reason = reasons[time % 2]!;
      bench.store.noteGap({ reason, counts: { routine: 1 }, firstAt: at, lastAt: at });
    }
    const told = bench.store.undeclaredGaps(1000);
    expect(told.length).toBeLessThanOrEqual(32);
    const lost = told.reduce((sum, { counts }) => sum + (counts?.routine ?? 0), 0);
    expect(lost).toBe(100);
    expect(told.map(({ firstAt }) => firstAt).sort()[0]).toBe('2026-01-01T00:00:00.000Z');
    expect(
      told
        .map(({ lastAt }) => lastAt)
        .sort()
        .at(-1),
    ).toBe('2026-04-10T00:00:00.000Z');
  } finally {
    bench.close();
  }
});

test('what was set aside keeps its body for as long as there is room, and goes by its class like what waits', async () => {
  const bench = new Bench();
  try {
    await bench.append('routine', 1200);
    await bench.append('incident', 1200);
    await bench.setAside();
    await bench.setAside();
    await bench.declare();
    await bench.send();
    bench.at += 200 * 86_400_000;
    bench.store.dropOldBodies(new Date(bench.at), 7 * 86_400_000);
    expect(bench.store.queue()).toMatchObject({ waiting: 0, refused: 0, aside: 2 });
    for (let more = 0; more < 3; more += 1) await bench.append('acknowledgement', 1200);
    // The routine one had to go; told before, it is no new gap.
    expect(bench.store.queue()).toMatchObject({ waiting: 3, refused: 1, aside: 1 });
    expect(bench.store.undeclaredGaps(9)).toEqual([]);
    expect(bench.store.asideDue(new Date(bench.at))).toMatchObject({ class: 'incident', sequence: 2 });
  } finally {
    bench.close();
  }
});

test('what a refused gap record has not told is told by another one, a day later and not at once', async () => {
  const bench = new Bench();
  try {
    await bench.append('routine', 10);
    await bench.refuse();
    bench.store.noteGap({ reason: 'storage-failed', counts: { routine: 3 } });
    await bench.declare();
    await bench.refuse();
    const later = (hours: number): void => {
      bench.at += hours * 3_600_000;
      bench.store.dropOldBodies(new Date(bench.at), 7 * 86_400_000);
    };
    later(23);
    expect(bench.store.undeclaredGaps(9)).toEqual([]);
    later(2);
    expect(bench.store.undeclaredGaps(9)).toMatchObject([
      { reason: 'storage-failed', counts: { routine: 3 } },
      { from: 1, to: 2, counts: { routine: 1, gap: 1 }, reason: 'refused' },
    ]);
    await bench.declare();
    later(25);
    expect(bench.store.undeclaredGaps(9)).toEqual([]);
  } finally {
    bench.close();
  }
});

test('too old is what was made more than so many days of reports ago; time that passed without reports counts nothing', async () => {
  const bench = new Bench();
  try {
    await bench.append('routine', 10);
    bench.at += 400 * 86_400_000;
    await bench.append('routine', 10);
    expect(bench.store.queue().thinned).toBeUndefined();
    for (let day = 0; day < 4; day += 1) {
      bench.at += 86_400_000;
      await bench.append(day === 0 ? 'incident' : 'routine', 10);
    }
    expect(bench.store.undeclaredGaps(9)).toMatchObject([{ from: 1, to: 2, reason: 'outbox-age' }]);
  } finally {
    bench.close();
  }
});
