/** The file with the settings of Veeam Agent can hold credentials: it must be gone whatever happens. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { CommandOutcome } from '../../../../agent/platform/machine.ts';
import { createVeeamExport } from '../../../../agent/platform/windows/veeam-export.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kits-veeam-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});
const signal = new AbortController().signal;
const exited = (exitCode: number): CommandOutcome => ({ kind: 'exited', exitCode, stdout: '', stderr: '' });

/** The program as it behaves: writes the file it is told, then ends. */
function configurator(content: string | undefined, outcome: CommandOutcome) {
  return createVeeamExport(async (command, args) => {
    expect(command).toBe('veeam-configurator');
    const [, target = ''] = args;
    if (content !== undefined) writeFileSync(target.replace('/f:', ''), content);
    return outcome;
  }, folder);
}

test('the settings are read and the file is gone', async () => {
  expect(await configurator('<ExecutionResult/>', exited(0))(signal)).toBe('<ExecutionResult/>');
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['refused', 'geheim', exited(1)],
  ['too slow', 'geheim', { kind: 'timeout' } as const],
  ['not there', undefined, { kind: 'not-found' } as const],
  ['too large', 'x'.repeat(1024 * 1024 + 1), exited(0)],
  ['no file', undefined, exited(0)],
])('%s: no settings, and nothing is left', async (_name, content, outcome) => {
  expect(await configurator(content, outcome)(signal)).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
});

test('what an interrupted round left behind goes before the next export', async () => {
  const left = join(folder, 'veeam-export', 'settings.xml');
  mkdirSync(join(folder, 'veeam-export'));
  writeFileSync(left, 'geheim');
  let seen = true;
  await createVeeamExport(async () => {
    seen = existsSync(left);
    return { kind: 'not-found' };
  }, folder)(signal);
  expect(seen).toBe(false);
  expect(existsSync(left)).toBe(false);
});
