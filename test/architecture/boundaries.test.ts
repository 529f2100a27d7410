import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { boundaries, sourceFiles, violationsOf } from './boundaries.ts';

const root = join(import.meta.dirname, '../..');
/** `renderer` joins by itself with its first file. */
const folders = ['agent', 'main', 'renderer', 'server'].filter((folder) => existsSync(join(root, folder)));
const violations = join(import.meta.dirname, 'violations');

describe('import boundaries', () => {
  test('sees the sources: an empty list would pass everything', () => {
    expect(sourceFiles(root, folders).length).toBeGreaterThan(150);
  });

  test.each(sourceFiles(root, folders))('%s imports only what its folder may', (file) => {
    expect(violationsOf(root, file)).toEqual([]);
  });

  test.each([
    ['agent/contract/reads-files.ts', 'node:fs'],
    ['agent/collectors/starts-a-program.ts', 'node:child_process'],
    ['agent/collectors/uses-platform-value.ts', 'agent/platform/linux-machine.ts'],
    ['agent/collectors/dynamic.ts', 'electron'],
    ['agent/collectors/computed.ts', '(computed)'],
    ['agent/electron-in-agent.ts', 'electron'],
    ['agent/second-axios.ts', 'axios'],
    ['agent/re-exports-server.ts', 'server/http.ts'],
    ['renderer/imports-main.ts', 'main/tray.ts'],
  ])('the known violation %s is found', (file, target) => {
    expect(violationsOf(violations, file).map((violation) => violation.target)).toContain(target);
  });

  test('an allowed type import of the platform is no violation', () => {
    expect(violationsOf(violations, 'agent/collectors/uses-platform-type.ts')).toEqual([]);
  });

  test('every folder of the design has a boundary', () => {
    for (const folder of folders)
      expect(boundaries.some((boundary) => boundary.folder.startsWith(`${folder}/`))).toBe(true);
  });
});

describe('lint', () => {
  const biome = join(root, 'node_modules/.bin/biome');

  const refused = [
    {
      name: 'a floating promise',
      source:
        'async function work(): Promise<number> {\n  return 1;\n}\nexport function start(): void {\n  work();\n}\n',
      rule: 'noFloatingPromises',
    },
    { name: 'a default export', source: 'export default 1;\n', rule: 'noDefaultExport' },
    { name: 'an explicit any', source: 'export const value: any = 1;\n', rule: 'noExplicitAny' },
    {
      name: 'console output',
      source: "export function hello(): void {\n  console.log('hello');\n}\n",
      rule: 'noConsole',
    },
    {
      name: 'an empty catch',
      source: 'export function run(work: () => void): void {\n  try {\n    work();\n  } catch {}\n}\n',
      rule: 'noEmptyBlockStatements',
    },
    {
      name: 'a switch that forgets a case',
      source:
        "export function word(state: 'a' | 'b'): number {\n  switch (state) {\n    case 'a':\n      return 1;\n  }\n  return 0;\n}\n",
      rule: 'useExhaustiveSwitchCases',
    },
  ];
  const clean = 'clean.ts';
  /** The rules that each of the samples breaks, by file name. One run for all: it takes in the whole project before it says a word. */
  let broken: Map<string, string[]>;

  beforeAll(() => {
    const folder = mkdtempSync(join(root, 'test/.lint-sample-'));
    try {
      for (const [index, { source }] of refused.entries()) writeFileSync(join(folder, `${index}.ts`), source);
      writeFileSync(join(folder, clean), 'export const answer = 42;\n');
      const { stdout } = spawnSync(biome, ['lint', '--error-on-warnings', '--reporter=json', folder], {
        cwd: root,
        encoding: 'utf8',
      });
      broken = new Map();
      const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string; location: { path: string } }[] };
      for (const { category, location } of diagnostics) {
        const file = basename(location.path);
        broken.set(file, [...(broken.get(file) ?? []), category]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each(refused.map((sample, index) => ({ ...sample, file: `${index}.ts` })))(
    '$name is refused',
    ({ rule, file }) => {
      expect(broken.get(file)).toContainEqual(expect.stringMatching(new RegExp(`/${rule}$`)));
    },
  );

  test('clean code passes', () => {
    expect(broken.has(clean)).toBe(false);
    expect(broken.size).toBe(refused.length);
  });
});

test('the type checker refuses syntax that Node cannot erase', () => {
  const folder = mkdtempSync(join(root, 'test/.type-sample-'));
  const file = join(folder, 'sample.ts');
  writeFileSync(file, 'export enum State {\n  On,\n}\n');
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', include: ['sample.ts'] }),
  );
  try {
    expect(() => execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { stdio: 'pipe' })).toThrow();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
