/** The real rsnapshot and duplicity on this machine: what they leave behind, read back. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { listsOf } from '../../../../agent/backup/linux/duplicity.ts';
import { parseRsnapshotConfig, parseRsnapshotLog } from '../../../../agent/backup/linux/rsnapshot-log.ts';

function folderOf(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `kits-${name}-`));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'source'));
  writeFileSync(join(folder, 'source/akte.txt'), 'Inhalt');
  return folder;
}

test('rsnapshot: a good run, one with warnings, one that fails, one that is refused, and one of a higher interval', () => {
  const folder = folderOf('rsnapshot');
  const partly = join(folder, 'rsync-partly');
  writeFileSync(partly, '#!/bin/sh\nexit 23\n');
  chmodSync(partly, 0o755);
  const config = join(folder, 'rsnapshot.conf');
  const write = (rsync: string): string => {
    const text = [
      'config_version\t1.2',
      `snapshot_root\t${folder}/copies/`,
      `cmd_rsync\t${rsync}`,
      'retain\talpha\t2',
      'retain\tbeta\t2',
      'loglevel\t3',
      `logfile\t${folder}/log`,
      `lockfile\t${folder}/pid`,
      `backup\t${folder}/source/\tlocalhost/`,
      '',
    ].join('\n');
    writeFileSync(config, text);
    return text;
  };
  const run = (interval: string): void => {
    spawnSync('/usr/bin/rsnapshot', ['-c', config, interval], { stdio: 'ignore' });
  };
  const { lowest = '' } = parseRsnapshotConfig(write('/usr/bin/rsync'));
  run('alpha');
  write(partly);
  run('alpha');
  write('/bin/false');
  run('alpha');
  write('/usr/bin/rsync');
  writeFileSync(join(folder, 'pid'), String(process.pid));
  run('alpha');
  rmSync(join(folder, 'pid'));
  run('beta');
  const runs = parseRsnapshotLog(readFileSync(join(folder, 'log'), 'utf8'), { lowest, config });
  expect(runs?.map(({ result, reasons }) => [result, ...reasons].join(' '))).toEqual([
    'success',
    'warning files-skipped',
    'failed',
  ]);
  const age = Date.now() - (runs?.[0]?.endedAt?.getTime() ?? 0);
  expect(Math.abs(age)).toBeLessThan(10 * 60_000);
});

test('duplicity: a full and an incremental backup leave their lists in the cache', () => {
  const folder = folderOf('duplicity');
  const run = (seconds: number): void => {
    writeFileSync(join(folder, `source/${seconds}.txt`), String(seconds));
    const args = ['--archive-dir', `${folder}/cache`, '--no-encryption', '--current-time', String(seconds)];
    const { status, stderr } = spawnSync(
      '/usr/bin/duplicity',
      [...args, `${folder}/source`, `file://${folder}/target`],
      {
        encoding: 'utf8',
      },
    );
    expect(status, stderr).toBe(0);
  };
  mkdirSync(join(folder, 'target'));
  const first = Date.parse('2026-11-23T01:05:00Z') / 1000;
  run(first);
  run(first + 86_400);
  const [archive = ''] = readdirSync(join(folder, 'cache'));
  const lists = listsOf(readdirSync(join(folder, 'cache', archive)));
  expect(lists.map(({ endedAt, result }) => [endedAt?.toISOString(), result])).toEqual([
    ['2026-11-23T01:05:00.000Z', 'success'],
    ['2026-11-24T01:05:00.000Z', 'success'],
  ]);
});
