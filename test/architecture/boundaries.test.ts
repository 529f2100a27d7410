import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
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

  /** Biome's verdict on a file with this text inside the project; undefined when it has nothing to say. */
  function lint(source: string): string | undefined {
    const folder = mkdtempSync(join(root, 'test/.lint-sample-'));
    const file = join(folder, 'sample.ts');
    writeFileSync(file, source);
    try {
      execFileSync(biome, ['lint', '--error-on-warnings', '--reporter=json', file], { cwd: root, stdio: 'pipe' });
      return undefined;
    } catch (error) {
      return String((error as { stdout: Buffer }).stdout);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test.each([
    [
      'a floating promise',
      'async function work(): Promise<number> {\n  return 1;\n}\nexport function start(): void {\n  work();\n}\n',
      'noFloatingPromises',
    ],
    ['a default export', 'export default 1;\n', 'noDefaultExport'],
    ['an explicit any', 'export const value: any = 1;\n', 'noExplicitAny'],
    ['console output', "export function hello(): void {\n  console.log('hello');\n}\n", 'noConsole'],
    [
      'an empty catch',
      'export function run(work: () => void): void {\n  try {\n    work();\n  } catch {}\n}\n',
      'noEmptyBlockStatements',
    ],
    [
      'a switch that forgets a case',
      "export function word(state: 'a' | 'b'): number {\n  switch (state) {\n    case 'a':\n      return 1;\n  }\n  return 0;\n}\n",
      'useExhaustiveSwitchCases',
    ],
  ])('%s is refused', (_name, source, rule) => {
    expect(lint(source)).toContain(rule);
  });

  test('clean code passes', () => {
    expect(lint('export const answer = 42;\n')).toBeUndefined();
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
