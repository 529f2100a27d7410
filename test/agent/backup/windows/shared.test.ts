/** What is particular on Windows in products of both systems. */
import { expect, test } from 'vitest';
import { parseStatusReport } from '../../../../agent/backup/windows/cove.ts';
import { baculaState } from '../../../fixtures/backup/bacula-state.ts';
import { sqliteFile } from '../../../fixtures/backup/linux.ts';
import { readAt } from '../../../fixtures/backup/scenario.ts';
import { synologyAnswer } from '../../../fixtures/backup/synology-abb.ts';
import { service, windowsPc } from '../../../fixtures/backup/windows.ts';
import {
  covePc,
  duplicatiPc,
  duplicatiPlace,
  statusReport,
  synologyPc,
} from '../../../fixtures/backup/windows-shared.ts';
import { fc, tries } from '../../../fixtures/properties.ts';
import { damagedText } from '../damaged.ts';
import { jobOn, productOn } from './collected.ts';

const at = 1_795_500_000;

test.each([
  [0, 'never'],
  [1, 'failed'],
  [2, 'failed'],
  [3, 'cancelled'],
  [4, 'unknown'],
  [5, 'success'],
  [6, 'failed'],
  [7, 'never'],
  [8, 'warning'],
  [10, 'failed'],
  [11, 'unknown'],
  [99, 'unknown'],
])('Cove: code %i is %s', async (code, state) => {
  // A session of a year ago that is said to run was cut off.
  const job = await jobOn(
    'cove',
    covePc(statusReport({ LastSessionStatus: code, LastSessionTimestamp: 1_760_000_000 }))(),
  );
  expect(job.state).toBe(state);
});

test('Cove: each data source is a job, the sum is none', async () => {
  const text = statusReport({ LastSessionStatus: 5, LastSessionTimestamp: 1_790_000_000 }).replace(
    '<PluginTotal',
    '<PluginVssMsSql-LastSessionStatus>2</PluginVssMsSql-LastSessionStatus><PluginTotal',
  );
  const { product } = await productOn('cove', covePc(text)());
  expect(product?.jobs.map(({ id, state }) => [id, state])).toEqual([
    ['FileSystem', 'success'],
    ['VssMsSql', 'failed'],
  ]);
});

test('Cove: a time of the future is no success', async () => {
  const job = await jobOn(
    'cove',
    covePc(
      statusReport({ LastSessionStatus: 5, LastSessionTimestamp: at + 1e9, LastSuccessfulSessionTimestamp: at + 1e9 }),
    )(),
  );
  expect(job).toMatchObject({ state: 'unknown', reasons: ['time-in-future'] });
  expect(job.lastSuccess).toBeUndefined();
});

test('Cove: damaged reports are refused or read, never a success that was not there', () => {
  const failed = statusReport({ LastSessionStatus: 2, LastSessionTimestamp: at });
  fc.assert(
    fc.property(damagedText([failed]), (text) => {
      for (const { id, runs, statedSuccess } of parseStatusReport(text, readAt) ?? []) {
        if (id !== 'FileSystem') continue;
        expect(statedSuccess).toBeUndefined();
        expect(runs.map(({ result }) => result)).not.toContain('success');
      }
    }),
    { numRuns: tries(2000) },
  );
});

test('Bareos: a layout that is not known for certain is no answer', async () => {
  const entry = { job: 'x', jobId: 1, status: 'T', start: '2026-11-24T01:05:02Z', end: '2026-11-24T01:09:41Z' };
  const bytes = baculaState([entry], { magic: 'Bareos State\n' });
  const files = {
    'C:\\ProgramData\\Bareos\\working\\bareos-fd.9102.state': { content: bytes.subarray(0, bytes.length - 4) },
  };
  const { product } = await productOn('bareos', windowsPc({ services: [service('Bareos-fd', 'C:\\x.exe')], files }));
  expect(product).toMatchObject({ jobs: [], reasons: ['schema-unknown'] });
});

test('Synology: another layout of the database is said, and the log answers', async () => {
  const other = sqliteFile('CREATE TABLE task_table (task_id INTEGER)');
  const { product } = await productOn(
    'synology-abb',
    synologyPc(other, synologyAnswer('Nov 23', 'complete', '2026-11-23T22:07:41Z'))(),
  );
  expect(product?.reasons).toEqual(['schema-unknown']);
  expect(product?.jobs[0]).toMatchObject({ state: 'success', lastSuccess: { endedAt: '2026-11-23T22:07:41.000Z' } });
});

test('Synology: two tasks keep their own successes', async () => {
  const two = sqliteFile(
    'CREATE TABLE task_table (task_name TEXT, last_backup_success_time INTEGER)',
    "INSERT INTO task_table VALUES ('Rathaus', 1790000000), ('Bauhof', 0)",
  );
  const { product } = await productOn('synology-abb', synologyPc(two)());
  expect(product?.jobs.map(({ id, lastSuccess }) => [id, lastSuccess?.endedAt])).toEqual([
    ['Bauhof', undefined],
    ['Rathaus', new Date(1_790_000_000_000).toISOString()],
  ]);
});

test('Kopia: the file that keeps the password is not opened', async () => {
  const config = 'C:\\Users\\erika.muster\\AppData\\Roaming\\kopia\\repository.config';
  const machine = windowsPc({ files: { [config]: { content: 'geheim' } } });
  const opened: string[] = [];
  const { product } = await productOn('kopia', {
    ...machine,
    readText: async (path) => {
      opened.push(path);
      return 'x';
    },
    readBytes: async (path) => {
      opened.push(path);
      return new Uint8Array();
    },
  });
  expect(product?.jobs).toHaveLength(1);
  expect(opened).toEqual([]);
});

test('Duplicati: the database of a person proves nothing alone, and no address shows its password', async () => {
  const address = 'ftp://nas.kreis.example/rathaus?auth-username=svc&auth-password=geheim';
  const place = 'C:\\Users\\erika.muster\\AppData\\Local\\Duplicati\\Duplicati-server.sqlite';
  const { product } = await productOn(
    'duplicati',
    duplicatiPc({ finished: '11-24', address }, { programs: { 'Duplicati 2': '2.1' } }, place)(),
  );
  expect(product?.jobs[0]).toMatchObject({
    writableBy: 'user',
    targets: [{ kind: 'share', name: 'ftp://nas.kreis.example/rathaus' }],
  });
  expect(JSON.stringify(product)).not.toMatch(/geheim|svc|erika/);
});

test('Duplicati: a file that is no database, as a wholly encrypted one is, is an unknown layout', async () => {
  const machine = windowsPc({
    programs: { 'Duplicati 2': '2.1' },
    databases: { [duplicatiPlace]: new Uint8Array(8192).fill(7) },
  });
  const { product } = await productOn('duplicati', machine);
  expect(product).toMatchObject({ installed: true, jobs: [], reasons: ['schema-unknown'] });
});
