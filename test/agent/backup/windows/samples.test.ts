/** Published records of backup products, where they lie beside the repository. They are never part of it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { parseBackupInfo } from '../../../../agent/backup/windows/arcserve-udp.ts';
import { parseStatusReport } from '../../../../agent/backup/windows/cove.ts';
import { parseEvents } from '../../../../agent/backup/windows/event-source.ts';
import { parseFileHistory } from '../../../../agent/backup/windows/file-history.ts';
import { parsePlans } from '../../../../agent/backup/windows/msp360.ts';
import { parseVeeamExport } from '../../../../agent/backup/windows/veeam-export.ts';
import { parseFailedWriters } from '../../../../agent/backup/windows/writers.ts';
import { readAt } from '../../../fixtures/backup/scenario.ts';
import { serverPc } from '../../../fixtures/backup/windows-server-backup.ts';
import { jobOn } from './collected.ts';

const root = join(process.env['KITS_SAMPLES'] ?? join(import.meta.dirname, '../../../../../shared/samples'), 'backup');
const names = existsSync(root) ? readdirSync(root).filter((name) => /\.(txt|xml|json)$/.test(name)) : [];
const read = (name: string): string | undefined =>
  names.includes(name) ? readFileSync(join(root, name), 'utf8') : undefined;
const inSamples = (name: string, check: (text: string) => void | Promise<void>) => async () => {
  const text = read(name);
  if (text !== undefined) await check(text);
};

test(
  'the German list of writers',
  inSamples('vssadmin-list-writers-de.txt', (text) => {
    // The file explains itself in lines that are none of the program's.
    expect(parseFailedWriters(text.replace(/^#.*$/gm, ''))).toEqual([
      { id: 'e8132975-6f93-4464-a53e-1050253ae220', state: 7 },
    ]);
  }),
);

test(
  'the head of a Veeam export',
  inSamples('veeam-configurator-export-head.xml', (text) => {
    expect(parseVeeamExport(text)?.jobs).toMatchObject([
      { id: 'Backup Job', name: 'Backup Job', enabled: true, manual: false },
    ]);
  }),
);

test(
  'an end marker of Windows Server Backup',
  inSamples('windows-backup-event14.xml', async (text) => {
    const [found] = parseEvents(text) as { id: number; record: number; at: Date }[];
    expect(found).toMatchObject({ id: 14, record: 39 });
    const fields = [...text.matchAll(/<Data Name='\w+'>([^<]*)<\/Data>/g)].map(([, value]) => value ?? '');
    const job = await jobOn(
      'windows-server-backup',
      serverPc([{ id: 14, record: 39, at: '2026-09-27T16:03:13.7563617Z', fields }])(),
    );
    expect(job).toMatchObject({
      state: 'success',
      targets: [{ name: 'D:' }],
      lastRun: { startedAt: '2026-09-27T15:50:53.000Z' },
    });
  }),
);

test(
  'a failure of Windows Server Backup',
  inSamples('windows-backup-event5-excerpt.xml', async (text) => {
    const fields = [...text.matchAll(/<Data Name="\w+">([^<]*)<\/Data>/g)].map(([, value]) => value ?? '').slice(0, 8);
    const job = await jobOn(
      'windows-server-backup',
      serverPc([{ id: 5, level: 2, record: 254, at: '2019-10-10T00:02:42.9028600Z', fields }])(),
    );
    expect(job).toMatchObject({ state: 'failed', lastRun: { code: '5 0x8078011E' } });
  }),
);

test('no sample makes a parser of another product see a success', () => {
  for (const name of names) {
    const text = read(name) ?? '';
    const runs = [
      ...(parseStatusReport(text, readAt) ?? []).flatMap((job) => job.runs),
      ...parsePlans(text).flatMap((job) => job.runs),
      parseBackupInfo(text, readAt, name),
    ];
    expect(
      runs.filter((run) => run?.result === 'success'),
      name,
    ).toEqual([]);
    expect(parseFileHistory(text, { drives: [] }).enabled, name).toBeUndefined();
  }
});
