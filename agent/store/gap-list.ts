/**
 * What is not at the server in full, as the list a gap report tells: runs of reports that lost their body, and losses that have
 * no rows of their own. Bounded; what is too much is told together, never left out.
 */
import { z } from 'zod';
import { type Gap, gap, type ReportClass, reportClasses } from '../contract/report.ts';
import { type Row, text, whole } from './sqlite.ts';

/** Gaps without rows of their own; `declaredBy` is the sequence of the gap report that is on its way. */
export const notedGaps = z.array(z.object({ gap, declaredBy: z.int().optional() }));
export type Noted = z.infer<typeof notedGaps>;

/** Rows in the order of epoch and sequence as runs without a hole and with one reason. */
export function* rangesOf(rows: Iterable<Row>): Generator<Gap> {
  let open: (Gap & { to: number; counts: NonNullable<Gap['counts']> }) | undefined;
  for (const row of rows) {
    const name = text(row, 'class') as ReportClass;
    const [storeEpoch, sequence] = [text(row, 'epoch'), whole(row, 'sequence')];
    const reason = text(row, 'reason') as Gap['reason'];
    if (open === undefined || open.storeEpoch !== storeEpoch || open.to + 1 !== sequence || open.reason !== reason) {
      if (open !== undefined) yield open;
      open = {
        storeEpoch,
        from: sequence,
        to: sequence,
        firstHash: text(row, 'envelope_hash'),
        counts: {},
        firstAt: text(row, 'created_at'),
        reason,
      };
    }
    open.to = sequence;
    open.lastHash = text(row, 'envelope_hash');
    open.lastAt = text(row, 'created_at');
    open.counts[name] = (open.counts[name] ?? 0) + 1;
  }
  if (open !== undefined) yield open;
}

/** Reports that could not be written one after the other are one gap; one that names its reports stays exactly those. */
export function merged(noted: Noted, lost: Gap): Noted {
  const last = noted.at(-1);
  if (
    lost.from !== undefined ||
    last === undefined ||
    last.gap.from !== undefined ||
    last.declaredBy !== undefined ||
    last.gap.reason !== lost.reason
  ) {
    return joined([...noted, { gap: lost }]);
  }
  const counts = sumOf(last.gap.counts, lost.counts);
  const lastAt = lost.lastAt ?? last.gap.lastAt;
  return [...noted.slice(0, -1), { gap: { ...last.gap, counts, ...(lastAt === undefined ? {} : { lastAt }) } }];
}

const maxNoted = 32;

/** A device that loses much for long tells less exactly what, and never less than that it did: two of one reason become one. */
function joined(noted: Noted): Noted {
  if (noted.length <= maxNoted) return noted;
  // Those that name reports last: which ones is worth more than when.
  const open = noted.filter(({ declaredBy }) => declaredBy === undefined);
  const byWorth = open.toSorted((a, b) => Number(a.gap.from !== undefined) - Number(b.gap.from !== undefined));
  for (const first of byWorth) {
    const second = byWorth.find((other) => other !== first && other.gap.reason === first.gap.reason);
    if (second === undefined) continue;
    const [older, younger] = noted.indexOf(first) < noted.indexOf(second) ? [first, second] : [second, first];
    const times = [older.gap.firstAt, older.gap.lastAt, younger.gap.firstAt, younger.gap.lastAt].filter(
      (time) => time !== undefined,
    );
    const gap: Gap = {
      reason: older.gap.reason,
      counts: sumOf(countsOf(older.gap), countsOf(younger.gap)),
      ...(times.length === 0 ? {} : { firstAt: times.toSorted()[0], lastAt: times.toSorted().at(-1) }),
    };
    return joined(noted.flatMap((entry) => (entry === older ? [{ gap }] : entry === younger ? [] : [entry])));
  }
  // Each of another reason, or on its way already: there are only so many reasons.
  return noted;
}

/** A range that says nothing of classes still says how many: without their kind they count as routine. */
function countsOf({ counts, from, to }: Gap): Gap['counts'] {
  return counts ?? (from === undefined || to === undefined ? undefined : { routine: to - from + 1 });
}

function sumOf(left: Gap['counts'], right: Gap['counts']): NonNullable<Gap['counts']> {
  const counts: NonNullable<Gap['counts']> = { ...left };
  for (const name of reportClasses) {
    const more = right?.[name];
    if (more !== undefined) counts[name] = (counts[name] ?? 0) + more;
  }
  return counts;
}
