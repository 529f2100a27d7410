/** Where a build of Windows stands: which update it has, what came after it, and whether updates are still licensed. */
import { z } from 'zod';
import type { PatchesFacts } from '../../contract/facts/patches.ts';
import type { CollectContext } from '../collector.ts';
import { type BuildRow, buildRows, servicingLine } from './build-table.ts';
import { registryKey, type WindowsDocument } from './document.ts';
import { listOf, whole, words } from './values.ts';

type Build = NonNullable<PatchesFacts['build']>;

/** Licences of the three years of Extended Security Updates of Windows 10, by activation id. */
const esuYears: ReadonlyMap<string, number> = new Map([
  ['f520e45e-7413-4a34-a497-d2765967d094', 1],
  ['1043add5-23b1-4afb-9a0f-64343c8f3f8d', 2],
  ['83d49986-add3-41d7-ba33-87c7bfb5c0fb', 3],
]);
/** The only build Extended Security Updates were made for. */
const esuBuild = 19_045;
/** Last day of each year of Extended Security Updates. */
const esuEnds = ['2026-10-13', '2027-10-12', '2028-10-10'] as const;
const licensed = 1;
/** The last revision of Windows 10 22H2 that came without Extended Security Updates. */
const lastWithoutEsu = 6466;

/** Build and revision with what the table knows about them; undefined (and a problem) when the registry does not say them. */
export function readBuild(
  document: WindowsDocument,
  context: Pick<CollectContext, 'problem' | 'now'>,
): Build | undefined {
  const read = document.read('version', z.object({ key: registryKey }));
  if (read.kind !== 'read') return undefined;
  const number = read.data.key.number('CurrentBuild');
  const revision = read.data.key.number('UBR');
  if (number === undefined || revision === undefined || number < 10_000 || number > 99_999 || revision < 0) {
    context.problem('unreadable', 'build and revision are not in the registry');
    return undefined;
  }
  const row = rowOf(number, revision);
  const hotpatched = row === undefined ? undefined : row[3] === 'H' || row[3] === 'X';
  const esu = number === esuBuild ? readEsu(document, revision, context) : undefined;
  return {
    number,
    revision,
    ...(hotpatched === undefined ? {} : { hotpatched }),
    ...(row === undefined ? {} : { updateOfDay: row[0] }),
    ...(esu === undefined ? {} : { esu }),
  };
}

function rowOf(number: number, revision: number): BuildRow | undefined {
  return rowsOf(number).find((row) => row[1] === revision);
}

function rowsOf(number: number): readonly BuildRow[] {
  return buildRows[servicingLine[number] ?? 0] ?? [];
}

/**
 * The newest security update of the table this build does not have; undefined when it has it or the table cannot tell. A
 * hotpatched PC keeps a lower revision on purpose and is held against hotpatches; a revision the table does not name is
 * held against what surely came after it.
 */
export function securityUpdateAfter({ number, revision, hotpatched }: Build): BuildRow | undefined {
  const own = rowOf(number, revision);
  if (hotpatched === true && own !== undefined) {
    const newest = rowsOf(number).findLast((row) => row[3] === 'H' || row[3] === 'X' || row[3] === 'B');
    return newest !== undefined && newest[0] > own[0] ? newest : undefined;
  }
  const newest = rowsOf(number).findLast((row) => row[3] === 'B');
  // A revision between the rows may be a hotpatch younger than the table: of that nothing can be said.
  if (newest === undefined || (own === undefined && mayBeHotpatch(number, revision))) return undefined;
  return newest[1] > revision ? newest : undefined;
}

function mayBeHotpatch(number: number, revision: number): boolean {
  const hotpatches = rowsOf(number).filter((row) => row[3] === 'H' || row[3] === 'X');
  const [first] = hotpatches;
  return first !== undefined && revision > first[1];
}

function readEsu(document: WindowsDocument, revision: number, { now }: Pick<CollectContext, 'now'>): Build['esu'] {
  const schema = z.object({ licences: listOf(z.object({ id: words, status: whole }), 16) });
  const read = document.read('esu', schema);
  if (read.kind !== 'read' || read.data.licences.broken > 0) return 'unknown';
  const today = now.toISOString().slice(0, 10);
  // The licence of a year that is over does not cover today.
  const year = esuEnds.findIndex((end) => today <= end) + 1;
  if (year === 0) return 'not-licensed';
  const years = read.data.licences.items.flatMap(({ id, status }) =>
    status === licensed ? [esuYears.get(id?.toLowerCase() ?? '') ?? 0] : [],
  );
  if (years.some((bought) => bought >= year)) return 'licensed';
  // The way for private persons leaves no trace that can be read, except that updates go on coming.
  return years.length === 0 && revision > lastWithoutEsu ? 'unknown' : 'not-licensed';
}
