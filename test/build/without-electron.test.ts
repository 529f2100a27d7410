/** On a machine without Electron's binary its commands say so, and nothing else fails. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

test.each([
  ['build/test-electron.ts', 0, /^skipped: no Electron binary\n$/],
  ['build/tray.ts', 1, /^The Electron binary is not here\. "node node_modules\/electron\/install\.js" downloads it/],
])('%s', (script, code, said) => {
  const env = { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: join(root, 'docs') };
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { cwd: root, env, encoding: 'utf8' });
  expect([status, stderr]).toEqual([code, '']);
  expect(stdout).toMatch(said);
});
