/** Sources the administrator describes: the format as the documentation gives it, and the script it shows. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { custom, parseCustomStatus } from '../../../../agent/backup/products/custom.ts';
import { createLinuxMachine } from '../../../../agent/platform/linux-machine.ts';
import { recordedMachine } from '../../../fakes/recorded-machine.ts';
import { customSources } from '../../../fixtures/backup/custom.ts';
import { type ShownUnit, systemctl } from '../../../fixtures/backup/linux.ts';
import { readAt } from '../../../fixtures/backup/scenario.ts';
import { judged, rootFolder, tool } from '../linux/real-tools.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/operations/eigene-sicherung.md'), 'utf8');

test.each([
  ['no JSON', 'success'],
  ['another version', '{"version":2,"result":"success","endedAt":"2026-11-24T02:00:00Z"}'],
  ['no version', '{"result":"success","endedAt":"2026-11-24T02:00:00Z"}'],
  ['a time without a zone', '{"version":1,"result":"success","endedAt":"2026-11-24T02:00:00"}'],
  ['no end', '{"version":1,"result":"success","startedAt":"2026-11-24T02:00:00Z"}'],
  ['a word of its own', '{"version":1,"result":"ok","endedAt":"2026-11-24T02:00:00Z"}'],
  ['running without a start', '{"version":1,"result":"running","endedAt":"2026-11-24T02:00:00Z"}'],
])('a status file with %s is not understood', (_name, text) => {
  expect(parseCustomStatus(text, readAt)).toBeUndefined();
});

test('a run that was never closed has broken off a day later', () => {
  const text = (startedAt: string) => JSON.stringify({ version: 1, result: 'running', startedAt });
  expect(parseCustomStatus(text('2026-11-24T02:00:00Z'), readAt)?.runs).toMatchObject([{ result: 'running' }]);
  expect(parseCustomStatus(text('2026-11-22T02:00:00Z'), readAt)?.runs).toMatchObject([
    { result: 'failed', reasons: ['interrupted'] },
  ]);
});

test('a mark of Windows at the beginning is no damage', () => {
  const text = '\uFEFF{"version":1,"result":"success","endedAt":"2026-11-24T02:00:00Z","code":0}';
  expect(parseCustomStatus(text, readAt)?.runs).toMatchObject([{ result: 'success', code: '0' }]);
});

test('what a person can write proves nothing alone', async () => {
  const status = JSON.stringify({ version: 1, result: 'success', endedAt: new Date().toISOString() });
  const [source] = customSources.custom;
  if (source === undefined) throw new Error('no source');
  const passwd = { '/etc/passwd': 'anna:x:1000:1000::/home/anna:/bin/bash\n' };
  for (const [file, verdict] of [
    ['/var/lib/archiv/status.json', 'met'],
    ['/home/anna/status.json', 'unknown'],
    // A person of a domain, who has no line in /etc/passwd.
    ['/home/rathaus/berta/status.json', 'unknown'],
    ['/tmp/status.json', 'unknown'],
  ] as const) {
    const machine = recordedMachine({ ...passwd, [file]: status });
    expect((await judged(custom, machine, { custom: [{ ...source, file }] })).verdict, file).toBe(verdict);
  }
});

test('the exit code of a unit is shown and proves nothing alone', async () => {
  const unit = (shown: ShownUnit, warningExitCodes: number[] = []) =>
    judged(custom, recordedMachine({}, { run: systemctl({ 'fach.service': shown }) }), {
      custom: [{ kind: 'systemd-unit', id: 'fach', name: 'Fachverfahren', unit: 'fach.service', warningExitCodes }],
    });
  const hour = (ago: number): string => `${new Date(Date.now() - ago * 3_600_000).toISOString().slice(0, 19)}Z`;
  const ran = { started: hour(3), ended: hour(2) };
  expect(await unit(ran)).toMatchObject({
    verdict: 'unknown',
    job: { state: 'success', lastSuccess: { evidence: { kind: 4 } } },
  });
  expect(await unit({ ...ran, result: 'exit-code', status: 3 }, [3])).toMatchObject({ job: { state: 'warning' } });
  expect(await unit({ ...ran, result: 'exit-code', status: 2 })).toMatchObject({
    verdict: 'not-met',
    job: { state: 'failed' },
  });
  expect(await unit({ load: 'not-found' })).toMatchObject({ verdict: 'unknown', job: { reasons: ['source-missing'] } });
});

describe.runIf(process.geteuid?.() === 0)('the script of the documentation', () => {
  test('writes what the agent reads, and keeps the last success over a failure', async () => {
    const script = /```sh\n(#!\/bin\/sh\n# Beispiel:[\s\S]*?)```/.exec(page)?.[1];
    const folder = rootFolder('custom');
    writeFileSync(join(folder, 'wrapper.sh'), script ?? '', { mode: 0o700 });
    mkdirSync(join(folder, 'state'));
    const file = join(folder, 'state/status.json');
    const run = (...command: string[]) => tool('sh', [join(folder, 'wrapper.sh'), file, ...command]).status;
    const [source] = customSources.custom;
    if (source === undefined) throw new Error('no source');
    const ask = () => judged(custom, createLinuxMachine(), { custom: [{ ...source, file }] });

    expect(await ask()).toMatchObject({ verdict: 'unknown', job: { reasons: ['source-missing'] } });
    expect(run('false')).toBe(1);
    expect(await ask()).toMatchObject({ verdict: 'not-met', job: { state: 'failed', lastRun: { code: '1' } } });
    expect(run('grep', '"result":"running"', file)).toBe(0);
    const good = await ask();
    expect(good).toMatchObject({ verdict: 'met', job: { state: 'success' } });
    expect(run('sh', '-c', 'exit 7')).toBe(7);
    const { job } = await ask();
    expect(job).toMatchObject({ state: 'failed', lastRun: { code: '7' }, lastSuccess: { result: 'success' } });
    expect(job.lastSuccess?.endedAt).toBe(good.job.lastSuccess?.endedAt);
    expect(existsSync(`${file}.neu`)).toBe(false);
  });

  test('the example of the documentation is a good configuration', async () => {
    const { backupSources } = await import('../../../../agent/backup/sources.ts');
    const example = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '') as { backup: unknown };
    expect(backupSources.parse(example.backup)).toMatchObject({ hooks: [{}], custom: [{}, {}] });
  });
});
