import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';

const program = join(import.meta.dirname, '../../build/start.ts');

test.each([
  [['--once', '--port', 'abc'], /--port abc: expected a whole number from 0 to 65535/],
  [['--port', '70000'], /--port 70000: expected a whole number/],
  [['--onec'], /Unknown option '--onec'/],
])('npm start %j ends with a sentence and the usage', (args, message) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stdout).toMatch(message);
  expect(stdout).toMatch(/Usage: npm start/);
  expect(stderr).toBe('');
});
