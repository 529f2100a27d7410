/** The scripts of docs/operations/sicherungsserver.md, as they stand there, with real archives and a real server. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBackupServer } from '../../../server/fleet/backup-servers.ts';
import { everything } from '../../../server/fleet/scope.ts';
import { createServer, type KitsServer } from '../../../server/server.ts';
import { addDevice } from './staffed-server.ts';

const run = promisify(execFile);
const page = readFileSync(join(import.meta.dirname, '../../../docs/operations/sicherungsserver.md'), 'utf8');

/** The shell blocks below a heading, in order. */
function scripts(heading: string): string[] {
  const part = page.split(/^###? /m).find((text) => text.startsWith(heading)) ?? '';
  return [...part.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, script]) => script ?? '');
}

let dir: string;
let kits: KitsServer;
let device: string;
let startedAt: number;

/** Real places in the place of those in the text. */
function here(script: string): string {
  return script
    .replaceAll('https://kits.example', kits.url)
    .replaceAll('/srv/', `${dir}/srv/`)
    .replaceAll('/etc/kits/', `${dir}/etc/`);
}

async function shell(...parts: string[]): Promise<string> {
  const env = {
    PATH: process.env['PATH'],
    HOME: dir,
    RESTIC_PASSWORD: 'geheim',
    BORG_BASE_DIR: dir,
    BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
    TZ: 'Europe/Berlin',
  };
  const { stdout } = await run('sh', ['-euc', parts.join('\n')], { cwd: dir, env });
  return stdout;
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kits-evidence-'));
  for (const folder of ['etc', 'srv/restic', 'srv/borg', 'data']) mkdirSync(join(dir, folder), { recursive: true });
  writeFileSync(join(dir, 'data', 'akte.txt'), 'Inhalt');
  writeFileSync(join(dir, 'etc', 'restic-kennwort'), 'geheim');
  writeFileSync(join(dir, 'etc', 'borg-kennwort'), 'geheim');
  kits = await createServer({ dataDir: join(dir, 'server'), logLevel: 'silent' });
  const { db } = kits.context;
  const municipalityId = crypto.randomUUID();
  await db
    .insertInto('municipalities')
    .values({ id: municipalityId, name: 'Wasungen', approval_required: 0, created_at: new Date().toISOString() })
    .execute();
  device = await addDevice(kits.context, municipalityId, { hostname: 'was-pc-01' });
  const { token } = await createBackupServer(
    kits.context,
    { name: 'test', scope: everything },
    { municipalityId, name: 'Archiv' },
  );
  // As the text says: the header in a file, never on a command line.
  writeFileSync(join(dir, 'etc', 'backup-token'), `Authorization: Bearer ${token}\n`);
  startedAt = Date.now();
  await shell(
    'restic -q init --repo srv/restic/was-pc-01',
    'restic -q --repo srv/restic/was-pc-01 backup --host was-pc-01 data',
    'borg init --encryption none srv/borg/was-pc-01',
    'borg create srv/borg/was-pc-01::taeglich data',
  );
});
afterAll(async () => {
  await kits.close();
  rmSync(dir, { recursive: true });
});

const send = () => here(scripts('Beispiele')[0] ?? '');

test.each<[string, number, string, number | null]>([
  ['restic, auf dem Host des Archivs', 0, 'was-pc-01', null],
  ['restic, auf dem Host des Archivs', 1, '', 1],
  ['BorgBackup, auf dem Host des Archivs', 0, 'taeglich', null],
])('%s, script %d', async (heading, index, source, points) => {
  const { db } = kits.context;
  await db.deleteFrom('backup_evidence').execute();
  const script = scripts(heading)[index];
  expect(script).toContain('| melden');
  expect(JSON.parse(await shell(send(), here(script ?? '')))).toEqual({ accepted: 1, refused: [] });
  const stored = await db.selectFrom('backup_evidence').selectAll().execute();
  expect(stored).toMatchObject([{ device_id: device, source, restore_points: points }]);
  // The right moment, whatever zone the host lives in: between the start of this test and now, to the second.
  const newest = Date.parse(stored[0]?.newest_at ?? '');
  expect(newest).toBeGreaterThanOrEqual(startedAt - 1000);
  expect(newest).toBeLessThanOrEqual(Date.now());
});

test('a refused token ends the script with an error', async () => {
  writeFileSync(join(dir, 'etc', 'backup-token'), 'Authorization: Bearer kits-backup-falsch\n');
  await expect(shell(send(), here(scripts('restic, auf dem Host des Archivs')[1] ?? ''))).rejects.toMatchObject({
    stdout: expect.stringContaining('not-signed-in'),
  });
});
