/** What programs say that nobody watches: bounded, for their owner alone, and never in the way of what they do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { createLog } from '../../agent/log.ts';
import { logFileOf } from '../../agent/log-file.ts';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kits-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('holds two files of a bounded size, the newest lines last, for the owner alone', () => {
  const folder = newFolder();
  const append = logFileOf(join(folder, 'service.log'), 'run');
  for (let line = 0; line < 5000; line += 1) append(`${line} ${'x'.repeat(1000)}`);
  append('y'.repeat(10_000_000));
  append('the last');
  expect(readdirSync(folder).sort()).toEqual(['service.log', 'service.log.1']);
  for (const name of readdirSync(folder)) {
    const { size, mode } = statSync(join(folder, name));
    expect(size).toBeLessThan(1.1 * 1024 * 1024);
    expect(mode & 0o777).toBe(0o600);
  }
  expect(readFileSync(join(folder, 'service.log'), 'utf8')).toMatch(/Z run: the last\n$/);
});

test('a line that tells the time itself stands as it is, from the level that is wanted', () => {
  const file = join(newFolder(), 'service.log');
  const append = logFileOf(file, 'run');
  const log = createLog(
    'warn',
    (line) => append(line.trimEnd()),
    () => new Date(0),
  );
  log.info('not-wanted');
  log.warn('disk-full', { bytes: 1 });
  expect(readFileSync(file, 'utf8')).toBe(
    '{"time":"1970-01-01T00:00:00.000Z","level":"warn","event":"disk-full","bytes":1}\n',
  );
});

test('a file that cannot be put aside does not grow without an end, and nothing is thrown', () => {
  const folder = newFolder();
  const file = join(folder, 'service.log');
  writeFileSync(file, 'x'.repeat(1024 * 1024));
  mkdirSync(`${file}.1/in-the-way`, { recursive: true });
  logFileOf(file, 'run')('one more');
  logFileOf(join(folder, 'none/service.log'), 'run')('no such folder');
  expect(statSync(file).size).toBe(1024 * 1024);
});

test('what ends the program unforeseen stands in its file', async () => {
  const file = join(newFolder(), 'service.log');
  const cli = join(import.meta.dirname, '../../agent/cli.ts');
  const code = `process.argv = [process.execPath, 'cli', 'version', '--log-file', ${JSON.stringify(file)}];
    const { runProcess } = await import(${JSON.stringify(cli)});
    await runProcess();
    throw new Error('unforeseen');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' });
  expect(await once(child, 'exit')).toEqual([1, null]);
  const said = readFileSync(file, 'utf8');
  expect(said).toContain('version: ended with exit code 0\n');
  expect(said).toMatch(/Z version: Error: unforeseen\n/);
});
