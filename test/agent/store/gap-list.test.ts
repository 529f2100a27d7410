/** The list a gap report tells: exact as long as there is room, never less than what was lost. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Gap, type GapReason, gap, gapReasons, type ReportClass } from '../../../agent/contract/report.ts';
import { merged, type Noted, rangesOf } from '../../../agent/store/gap-list.ts';

const [first, second] = [randomUUID(), randomUUID()];
const hash = (sequence: number): string => String(sequence).padStart(43, '0');
const at = (minute: number): string => new Date(Date.UTC(2026, 10, 26, 8, minute)).toISOString();

interface Lost {
  readonly epoch?: string;
  readonly class?: ReportClass;
  readonly reason?: GapReason;
}

function row(sequence: number, { epoch = first, class: name = 'routine', reason = 'outbox-full' }: Lost = {}) {
  return { class: name, epoch, sequence, reason, envelope_hash: hash(sequence), created_at: at(sequence) };
}

const told = (...rows: ReturnType<typeof row>[]): Gap[] => [...rangesOf(rows)];
const range = (
  from: number,
  to: number,
  counts: Gap['counts'],
  { epoch = first, reason = 'outbox-full' }: Lost = {},
) => ({
  storeEpoch: epoch,
  from,
  to,
  firstHash: hash(from),
  lastHash: hash(to),
  counts,
  firstAt: at(from),
  lastAt: at(to),
  reason,
});

describe('reports that lost their body', () => {
  test('are no gap when there are none', () => {
    expect(told()).toEqual([]);
  });

  test('become one where nothing lies between them, counted by class and tied to both ends', () => {
    expect(told(row(4), row(5, { class: 'full' }), row(6))).toEqual([range(4, 6, { routine: 2, full: 1 })]);
    expect(told(row(4))).toEqual([range(4, 4, { routine: 1 })]);
  });

  test('become another one behind a report that is whole', () => {
    expect(told(row(1), row(3), row(4))).toEqual([range(1, 1, { routine: 1 }), range(3, 4, { routine: 2 })]);
  });

  test('become another one in another epoch, also where its numbers go on', () => {
    expect(told(row(1), row(2, { epoch: second }))).toEqual([
      range(1, 1, { routine: 1 }),
      range(2, 2, { routine: 1 }, { epoch: second }),
    ]);
  });

  test('become another one for another reason', () => {
    expect(told(row(1), row(2, { reason: 'refused' }), row(3, { reason: 'refused' }))).toEqual([
      range(1, 1, { routine: 1 }),
      range(2, 3, { routine: 2 }, { reason: 'refused' }),
    ]);
  });
});

const failed = (minute: number, counts: Gap['counts'] = { routine: 1 }): Gap => ({
  reason: 'storage-failed',
  counts,
  firstAt: at(minute),
  lastAt: at(minute),
});

describe('losses without rows', () => {
  test('one after the other are one, from the first time to the last', () => {
    const noted = [failed(1), failed(2, { full: 2 }), failed(3)].reduce<Noted>(merged, []);
    expect(noted).toEqual([
      { gap: { reason: 'storage-failed', counts: { routine: 2, full: 2 }, firstAt: at(1), lastAt: at(3) } },
    ]);
  });

  test('keep their last time where the next one has none', () => {
    const { lastAt: _none, ...timeless } = failed(2);
    expect(merged([{ gap: failed(1) }], timeless)).toEqual([{ gap: { ...failed(1), counts: { routine: 2 } } }]);
  });

  test.each<[string, Noted, Gap]>([
    ['for another reason', [{ gap: { reason: 'rolled-back', counts: { routine: 1 } } }], failed(2)],
    ['when the one before is on its way', [{ gap: failed(1), declaredBy: 7 }], failed(2)],
    [
      'when the one before names reports',
      [{ gap: range(1, 2, { routine: 2 }, { reason: 'storage-failed' }) }],
      failed(2),
    ],
    ['when the new one names reports', [{ gap: failed(1) }], range(1, 2, { routine: 2 }, { reason: 'storage-failed' })],
  ])('stand by themselves %s', (_when, noted, lost) => {
    expect(merged(noted, lost)).toEqual([...noted, { gap: lost }]);
  });

  describe('that are too many for one list', () => {
    const total = (noted: Noted): number =>
      noted
        .flatMap(({ gap: { counts = {} } }) => Object.values(counts))
        .reduce<number>((sum, count) => sum + (count ?? 0), 0);
    /** Each names its reports, so that none joins the one before it. */
    const named = (count: number, reason: GapReason = 'store-damaged'): Gap[] =>
      Array.from({ length: count }, (_, index) => {
        const { counts: _left, ...rest } = range(index * 10 + 1, index * 10 + 3, {}, { reason });
        return rest as Gap;
      });

    test('are told together, and none is left out', () => {
      const noted = named(40).reduce<Noted>(merged, []);
      expect(noted).toHaveLength(32);
      // Three reports each; what says nothing of its classes counts as routine once it is joined.
      const kept = noted.filter(({ gap: { from } }) => from !== undefined).length;
      expect(total(noted) + kept * 3).toBe(40 * 3);
      expect(noted.map(({ gap: one }) => gap.safeParse(one).success)).not.toContain(false);
    });

    test('lose the names of reports last', () => {
      const unnamed = gapReasons.flatMap((reason) => [
        { gap: { reason, counts: { full: 1 }, firstAt: at(9), lastAt: at(10) } },
        { gap: { reason, counts: { full: 1 }, firstAt: at(2), lastAt: at(3) } },
      ]);
      const noted: Noted = [...unnamed, ...named(16).map((one) => ({ gap: one }))];
      const [extra] = named(17).slice(-1);
      const after = merged(noted, extra as Gap);
      expect(after).toHaveLength(32);
      expect(after.filter(({ gap: { from } }) => from !== undefined)).toHaveLength(17);
      expect(after[0]).toEqual({
        gap: { reason: gapReasons[0], counts: { full: 2 }, firstAt: at(2), lastAt: at(10) },
      });
    });

    test('leave alone what a report on its way names', () => {
      const noted: Noted = named(32).map((one, index) => ({ gap: one, declaredBy: index + 1 }));
      const [extra] = named(33).slice(-1);
      expect(merged(noted, extra as Gap)).toEqual([...noted, { gap: extra }]);
    });
  });
});
