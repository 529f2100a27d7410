/** The order of versions against dpkg's own, over versions people write and over nonsense. */
import { execFileSync, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { compareDebVersions } from '../../../../agent/collectors/linux/deb-version.ts';
import { fc, tries } from '../../../fixtures/properties.ts';

/** What dpkg says to each pair, from one shell for all of them. */
function dpkgOrder(pairs: readonly (readonly [string, string])[]): number[] {
  const script =
    'while read -r a b; do if dpkg --compare-versions "$a" lt "$b"; then echo -1; elif dpkg --compare-versions "$a" gt "$b"; then echo 1; else echo 0; fi; done';
  const { stdout } = spawnSync('/bin/sh', ['-c', script], {
    input: pairs.map((pair) => `${pair.join(' ')}\n`).join(''),
    encoding: 'utf8',
  });
  return stdout.trim().split('\n').map(Number);
}

test.each([
  ['1.0', '1.0-1', -1],
  ['1.0-0', '1.0', 0],
  ['1.0~rc1', '1.0', -1],
  ['1.0~~', '1.0~', -1],
  ['1:0.1', '2.0', 1],
  ['0:1', '1', 0],
  ['1.2a', '1.2+', -1],
  ['1.10', '1.9', 1],
  ['1.09', '1.9', 0],
  ['2:8.39-15', '2:8.39-15+deb12u1', -1],
  ['3.0.17-1~deb12u2', '3.0.17-1', -1],
  ['20260101.999999999999999999999', '20260101.1000000000000000000000', -1],
  ['1-1', '1-1', 0],
] as const)('%s against %s is %i', (a, b, order) => {
  expect(Math.sign(compareDebVersions(a, b))).toBe(order);
  expect(Math.sign(compareDebVersions(b, a)) + 0).toBe(-order + 0);
  expect(dpkgOrder([[a, b]])).toEqual([order]);
});

const part = fc.string({ unit: fc.constantFrom(...'0019aZ.+~'), minLength: 0, maxLength: 6 });
const version = fc
  .tuple(fc.option(fc.nat(3), { nil: undefined }), fc.nat(12), part, fc.option(part, { nil: undefined }))
  .map(
    ([epoch, start, upstream, revision]) =>
      `${epoch === undefined ? '' : `${epoch}:`}${start}${upstream}${revision === undefined || revision === '' ? '' : `-${revision}`}`,
  );

test('random versions stand as dpkg sorts them', () => {
  const pairs = fc.sample(fc.tuple(version, version), 400);
  expect(pairs.map(([a, b]) => Math.sign(compareDebVersions(a, b)))).toEqual(dpkgOrder(pairs));
});

test('the installed packages of this machine stand against each other as dpkg sorts them', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholder
  const versions = execFileSync('dpkg-query', ['-f', '${Version}\\n', '-W'], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .slice(0, 200);
  const pairs = versions.slice(1).map((one, index): [string, string] => [versions[index]!, one]);
  expect(pairs.map(([a, b]) => Math.sign(compareDebVersions(a, b)))).toEqual(dpkgOrder(pairs));
});

test('any text has one place: reflexive, antisymmetric, transitive', () => {
  const any = fc.string({ unit: 'binary', maxLength: 12 });
  fc.assert(
    fc.property(any, any, any, (a, b, c) => {
      expect(compareDebVersions(a, a)).toBe(0);
      expect(Math.sign(compareDebVersions(a, b))).toBe(-Math.sign(compareDebVersions(b, a)) + 0);
      const [x, y, z] = [a, b, c].sort(compareDebVersions) as [string, string, string];
      expect(compareDebVersions(x, z)).toBeLessThanOrEqual(
        Math.max(compareDebVersions(x, y), compareDebVersions(y, z), 0),
      );
    }),
    { numRuns: tries(500) },
  );
});
