/** Vorta's database as a person may leave it: in use, of another version, damaged, or made to mislead. */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { vorta } from '../../../../agent/backup/linux/vorta.ts';
import { noBackupSources } from '../../../../agent/backup/sources.ts';
import { createLinuxMachine } from '../../../../agent/platform/linux-machine.ts';
import type { Machine, Reader } from '../../../../agent/platform/machine.ts';
import { createReader } from '../../../../agent/platform/reader.ts';
import { recordedMachine } from '../../../fakes/recorded-machine.ts';
import { dpkgStatus } from '../../../fixtures/backup/linux.ts';
import { readAt } from '../../../fixtures/backup/scenario.ts';
import { vortaDatabase, vortaTables } from '../../../fixtures/backup/vorta.ts';
import { fc, tries } from '../../../fixtures/properties.ts';
import { damagedBytes } from '../damaged.ts';

const settings = '.local/share/Vorta/settings.db';
const run = { start: '2026-11-23 18:30:00', end: '2026-11-23 18:41:00', code: 0 };

/** Asks for one person whose home is `home`; `reader` is made when it is first wanted. */
async function ask(machine: Machine, home: string, reader: () => Reader) {
  let made: Reader | undefined;
  try {
    return await vorta.read({
      machine,
      now: readAt,
      signal: new AbortController().signal,
      sources: noBackupSources,
      reader: machine.reader(),
      profile: () => (made ??= reader()),
      windows: async () => {
        throw new Error('this is no Windows PC');
      },
      users: async () => [{ uid: 65_534, gid: 65_534, home }],
      packages: async () => new Map(),
      rememberedJobs: () => [],
      problem: () => undefined,
    });
  } finally {
    made?.close();
  }
}

const inTree = (database: Uint8Array) => {
  const machine = recordedMachine({ '/var/lib/dpkg/status': dpkgStatus({}), [`/home/anna/${settings}`]: database });
  return ask(machine, '/home/anna', () => machine.reader());
};

test('a person without it costs no process', async () => {
  const machine = recordedMachine({ '/home/anna/.profile': '' });
  const never = (): Reader => {
    throw new Error('a process was started');
  };
  expect(await ask(machine, '/home/anna', never)).toBeUndefined();
});

test('each profile is a job, with its plan and its place, and the passwords are never named', async () => {
  const found = await inTree(vortaDatabase([run, { ...run, subcommand: 'check', code: 2 }, { ...run, profile: '7' }]));
  expect(found?.jobs).toMatchObject([
    {
      id: 'account 65534 profile 1',
      schedule: 'daily 18:30',
      encrypted: true,
      targets: [{ kind: 'repository', name: 'ssh://backup.example/./repo' }],
      runs: [{ result: 'success' }],
    },
  ]);
  expect(JSON.stringify(found)).not.toMatch(/sehr-geheim|anna/);
});

test.each([
  [0, 'success', []],
  [1, 'warning', ['files-skipped']],
  [2, 'failed', []],
  [-2, 'failed', []],
])('return code %i is %s', async (code, result, reasons) => {
  const [found] = (await inTree(vortaDatabase([{ ...run, code }])))?.jobs[0]?.runs ?? [];
  expect(found?.result).toBe(result);
  expect(found?.reasons ?? []).toEqual(reasons);
});

test.each([
  ['a column is gone', vortaTables.replace('returncode INTEGER NOT NULL,', '')],
  [
    'the log is a view',
    `${vortaTables} ALTER TABLE eventlogmodel RENAME TO log; CREATE VIEW eventlogmodel AS SELECT * FROM log`,
  ],
])('where %s nothing is believed', async (_name, tables) => {
  const database = vortaDatabase([], { tables });
  expect(await inTree(database)).toMatchObject({ jobs: [], reasons: ['schema-unknown'] });
});

test('a damaged database never tells of a success that was not there', async () => {
  const failed = vortaDatabase([{ ...run, code: 2 }]);
  await fc.assert(
    fc.asyncProperty(damagedBytes([failed]), async (bytes) => {
      const found = await inTree(bytes);
      const runs = found?.jobs.flatMap((job) => job.runs) ?? [];
      // The number itself may be damaged into a 0 or 1; its time must then still be one.
      for (const { result, endedAt } of runs) if (result === 'success') expect(endedAt?.getTime()).not.toBeNaN();
      expect(found === undefined || found.jobs.length > 0 || (found.reasons ?? []).length > 0).toBe(true);
    }),
    { numRuns: tries(12) },
  );
});

describe.runIf(process.geteuid?.() === 0)('on this PC', () => {
  const nobody = { uid: 65_534, gid: 65_534 };
  function home(): string {
    const folder = mkdtempSync(join(tmpdir(), 'kits-vorta-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    mkdirSync(dirname(join(folder, settings)), { recursive: true });
    for (const part of ['', '.local', '.local/share', '.local/share/Vorta']) {
      chownSync(join(folder, part), nobody.uid, nobody.gid);
      chmodSync(join(folder, part), 0o700);
    }
    return folder;
  }
  const real = (folder: string) => ask(createLinuxMachine(), folder, () => createReader({ person: nobody }));

  test('while Vorta is at work its newest entry is read, with the rights of the person', async () => {
    const folder = home();
    const file = join(folder, settings);
    writeFileSync(file, vortaDatabase([run]));
    const writer = new DatabaseSync(file);
    onTestFinished(() => writer.close());
    writer.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0');
    writer.exec(`INSERT INTO eventlogmodel (start_time, end_time, category, subcommand, returncode, profile)
      VALUES ('2026-11-24 08:00:00', '2026-11-24 08:00:00', 'user', 'create', 2, '1'); BEGIN IMMEDIATE`);
    for (const part of ['', '-wal', '-shm']) chownSync(file + part, nobody.uid, nobody.gid);
    expect((await real(folder))?.jobs[0]?.runs.map(({ result }) => result)).toEqual(['failed', 'success']);
  });

  test('a link to what the person must not see is a gap', async () => {
    const folder = home();
    const secret = join(home(), 'root.db');
    writeFileSync(secret, vortaDatabase([run]), { mode: 0o600 });
    symlinkSync(secret, join(folder, settings));
    await expect(real(folder)).rejects.toMatchObject({ name: 'CollectError', code: 'denied' });
  });
});
