/** Documents of the PowerShell scripts damaged at random. */
import { fc } from '../../../fixtures/properties.ts';

/** Values no part of a document has; 0, 1, true and false are left out because they are answers. */
const garbage = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    '   ',
    'x',
    'Zugriff verweigert',
    {},
    [],
    [null],
    [[]],
    -7,
    1e99,
    12.5,
    4_294_967_295,
    '\u0000\ud800',
    '/Date(x)/',
    { value: null, Count: 0 },
  ),
  fc.string({ maxLength: 30 }).filter((text) => !/^\s*\d+\s*$/.test(text)),
  fc.constant('ä'.repeat(5000)),
  fc.constant(Array.from({ length: 3000 }, () => 'x')),
);

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, inner]) => pathsOf(inner, [...path, name]))];
}

function damage(value: unknown, [first, ...rest]: Path, replacement: unknown): unknown {
  if (first === undefined) return replacement;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string | number, unknown>;
  if (!(first in copy)) return copy;
  copy[first] = damage(copy[first], rest, replacement);
  return copy;
}

/** The document with one to four places replaced by garbage. */
export function damaged<T>(base: T): fc.Arbitrary<T> {
  const paths = pathsOf(base);
  const places = fc.array(fc.tuple(fc.nat(paths.length - 1), garbage), { minLength: 1, maxLength: 4 });
  return places.map((list) =>
    list.reduce<unknown>((value, [place, replacement]) => {
      const path = paths[place] ?? [];
      // An object in this place is an answer, not garbage: a key that has other values or none.
      const answer = path.at(-1) === 'entries' && typeof replacement === 'object';
      return typeof value === 'object' && value !== null && !answer ? damage(value, path, replacement) : value;
    }, base),
  ) as fc.Arbitrary<T>;
}
