/** Databases of products while their owner writes, of versions nobody knows, and with things in them that must not leave. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { collectBackups } from '../../../../agent/backup/collector.ts';
import { veeamAgentLinux } from '../../../../agent/backup/linux/veeam-agent.ts';
import type { BackupProduct } from '../../../../agent/backup/product.ts';
import { duplicati } from '../../../../agent/backup/products/duplicati.ts';
import { urbackup } from '../../../../agent/backup/products/urbackup.ts';
import { createLinuxMachine } from '../../../../agent/platform/linux-machine.ts';
import { duplicatiStatements } from '../../../fixtures/backup/duplicati.ts';
import { dpkgStatus } from '../../../fixtures/backup/linux.ts';
import { readAt } from '../../../fixtures/backup/scenario.ts';
import { veeamStatements } from '../../../fixtures/backup/veeam-agent-linux.ts';
import { contextOf } from '../../collectors/context.ts';

const products = [
  {
    product: veeamAgentLinux,
    path: '/var/lib/veeam/veeam_db.sqlite',
    packages: { veeam: '6.3.2' },
    statements: veeamStatements([['11-23', 6]]),
    addition: `INSERT INTO JobSessions SELECT '{9}', job_id, job_name, ${Date.parse('2026-11-24T01:05:00Z') / 1000},
      ${Date.parse('2026-11-24T01:31:00Z') / 1000}, 6, '', '' FROM JobSessions LIMIT 1`,
    table: 'JobSessions',
    newest: '2026-11-24T01:31:00.000Z',
  },
  {
    product: duplicati,
    path: '/var/lib/duplicati/Duplicati-server.sqlite',
    packages: { duplicati: '2.1.0' },
    statements: duplicatiStatements({ finished: '11-23' }),
    addition: "UPDATE Metadata SET Value = '20261124T011130Z' WHERE Name = 'LastBackupFinished'",
    table: 'Metadata',
    newest: '2026-11-24T01:11:30.000Z',
  },
  {
    product: urbackup,
    path: '/var/urbackup/backup_client.db',
    packages: { 'urbackup-client': '2.5.25' },
    statements: ['CREATE TABLE status (last_backup DATE)', "INSERT INTO status VALUES ('2026-11-23 03:15:09')"],
    addition: "INSERT INTO status VALUES ('2026-11-24 03:15:09')",
    table: 'status',
    newest: '2026-11-24T03:15:09.000Z',
  },
] as const;
const named = products.map((each) => [each.product.id, each] as const);

test.each(named)('%s: the newest row is read from the log of a database somebody is writing to', async (_id, each) => {
  const database = open(each, each.statements);
  database.exec('PRAGMA wal_autocheckpoint = 0');
  database.exec(each.addition);
  database.exec('BEGIN IMMEDIATE');
  database.exec(`CREATE TABLE halfway (x)`);
  const [found] = await asked(each.product, database.root);
  expect(found?.jobs.map(({ lastSuccess }) => lastSuccess?.endedAt)).toEqual([each.newest]);
  database.exec('ROLLBACK');
});

test.each(named)('%s: a layout nobody knows says nothing and says so', async (_id, each) => {
  const database = open(each, [...each.statements, `ALTER TABLE ${each.table} RENAME TO ${each.table}2`]);
  const [found] = await asked(each.product, database.root);
  expect(found?.jobs.filter(({ lastSuccess }) => lastSuccess !== undefined)).toEqual([]);
  expect([...(found?.reasons ?? []), ...(found?.jobs ?? []).flatMap(({ reasons }) => reasons)]).toContain(
    'schema-unknown',
  );
});

test.each(named)('%s: a file that is no database', async (_id, each) => {
  const database = open(each, []);
  database.close();
  writeFileSync(join(database.root, each.path), 'encrypted, or something else altogether');
  const [found] = await asked(each.product, database.root);
  expect(found?.jobs.filter(({ state }) => state !== 'unknown')).toEqual([]);
  expect(JSON.stringify(found)).toMatch(/schema-unknown|source-unreadable/);
});

test('Veeam before version 6 names its columns differently', async () => {
  const [veeam] = products;
  const database = open(
    veeam,
    veeamStatements(
      [
        ['11-24', 9],
        ['11-23', 7],
      ],
      '',
    ),
  );
  const [found] = await asked(veeamAgentLinux, database.root);
  expect(found?.jobs[0]).toMatchObject({ state: 'warning', lastSuccess: { endedAt: '2026-11-24T01:31:00.000Z' } });
});

test('a state Veeam never told of is unknown, and a good session behind hundreds of failed ones is found', async () => {
  const [veeam] = products;
  const failed = Array.from({ length: 450 }, () => ['11-23', 7] as const);
  const database = open(veeam, veeamStatements([['10-19', 6], ...failed, ['11-24', 12]]));
  const [found] = await asked(veeamAgentLinux, database.root);
  expect(found?.jobs[0]).toMatchObject({ state: 'unknown', lastSuccess: { endedAt: '2026-10-19T01:31:00.000Z' } });
});

test('neither passphrase nor credentials of a target leave Duplicati', async () => {
  const [, each] = products;
  for (const address of [
    'file:///mnt/sicherung/?auth-username=u&auth-password=geheim',
    's3://eimer/ordner?auth-password=geheim',
    'ssh://konto:geheim@nas.example/pfad',
    'enc-v1:geheim',
  ]) {
    const database = open(each, duplicatiStatements({ finished: '11-24', address }));
    const [found] = await asked(duplicati, database.root);
    expect(found?.jobs).toHaveLength(1);
    expect(JSON.stringify(found)).not.toMatch(/geheim|konto/);
    expect(found?.jobs[0]?.targets[0]?.kind).toBe(
      address.startsWith('file')
        ? 'unknown'
        : address.startsWith('s3')
          ? 'cloud'
          : address.startsWith('ssh')
            ? 'share'
            : 'unknown',
    );
  }
});

/** A PC with the product and its database, which stays open. */
function open(each: (typeof products)[number], statements: readonly string[]) {
  const root = mkdtempSync(join(tmpdir(), 'kits-databases-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const path of ['/var/lib/dpkg/status', each.path]) mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, '/var/lib/dpkg/status'), dpkgStatus(each.packages));
  const database = new DatabaseSync(join(root, each.path));
  let isOpen = true;
  const close = (): void => {
    if (isOpen) database.close();
    isOpen = false;
  };
  onTestFinished(close);
  database.exec('PRAGMA journal_mode = WAL');
  for (const statement of statements) database.exec(statement);
  return { root, exec: (sql: string): void => database.exec(sql), close };
}

async function asked(product: BackupProduct, root: string) {
  const machine = createLinuxMachine({ root, privileged: true, run: async () => ({ kind: 'not-found' }) });
  const context = {
    ...contextOf(machine),
    now: readAt,
    signal: new AbortController().signal,
    problem: () => undefined,
  };
  return (await collectBackups(context, [product])).products;
}
