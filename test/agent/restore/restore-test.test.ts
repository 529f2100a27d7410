/** Restore tests on real repositories: what came back is compared with what is there, and the source stays as it was. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createBackupMemory } from '../../../agent/backup/memory.ts';
import { main } from '../../../agent/cli.ts';
import { restoreTest } from '../../../agent/contract/facts/backup.ts';
import { leaveRecord, takeRecords } from '../../../agent/restore/records.ts';
import type { RestoreSource } from '../../../agent/restore/restore-source.ts';
import { lineReader } from '../../../agent/restore/restore-source.ts';
import { testRestore } from '../../../agent/restore/restore-test.ts';

const password = 'nur-im-test';
const root = mkdtempSync(join(tmpdir(), 'kits-restore-'));
afterAll(() => rmSync(root, { recursive: true }));
const folder = join(root, 'hier');
const documents = join(folder, 'daten');
const dataDir = join(folder, 'agent');

/** Names that mean something in patterns and shells, in subfolders. */
const names = ['brief.txt', 'a [1]*.txt', 'über mich?.odt', '-n.txt', 'unter/ordner/plan {x}.csv'];

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  for (const [index, name] of names.entries()) {
    const file = join(documents, name);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, `Inhalt ${index} `.repeat(1000));
  }
  symlinkSync('/etc/passwd', join(documents, 'verweis'));
  for (const name of ['RESTIC_PASSWORD', 'BORG_PASSPHRASE']) process.env[name] = password;
});

const tool = (program: string, args: string[]) =>
  execFileSync(program, args, { env: { ...process.env, HOME: folder }, stdio: ['ignore', 'pipe', 'pipe'] });

/** Making a repository costs a second of work on its key: made once, each test works on a copy of it and of its documents. */
function copied(name: string, make: (repository: string) => void): () => string {
  const template = join(root, `vorlage-${name}`);
  return () => {
    const repository = join(folder, name);
    if (existsSync(template)) {
      rmSync(folder, { recursive: true });
      execFileSync('cp', ['-aT', template, folder]);
    } else {
      make(repository);
      execFileSync('cp', ['-aT', folder, template]);
    }
    return repository;
  };
}

const resticRepository = copied('restic', (repository) => {
  tool('restic', ['init', '-q', '-r', repository]);
  tool('restic', ['backup', '-q', '-r', repository, documents]);
});

const borgRepository = copied('borg', (repository) => {
  tool('borg', ['init', '-e', 'repokey', repository]);
  tool('borg', ['create', `${repository}::heute`, documents]);
});

function plainCopy(): string {
  const copy = join(folder, 'kopie');
  mkdirSync(join(copy, documents), { recursive: true });
  execFileSync('cp', ['-aT', documents, join(copy, documents)]);
  return copy;
}

/** Every file below with its content and time, to see that nothing was changed. */
function stateOf(path: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' }).sort()) {
    const found = statSync(join(path, name));
    hash.update(`${name} ${found.mode} ${found.size} ${found.isFile() ? found.mtimeMs : ''}`);
    if (found.isFile()) hash.update(readFileSync(join(path, name)));
  }
  return hash.digest('hex');
}

const answer = restoreTest.extend({ changed: z.int(), differing: z.array(z.string()) });

async function run(args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(['restore-test', '--data-dir', dataDir, ...args], {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    signal: new AbortController().signal,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const recorded = () => {
  const memory = createBackupMemory(inMemory());
  takeRecords(join(dataDir, 'private'), memory.addRestoreTest);
  return memory.restoreTests();
};

function inMemory() {
  const values = new Map<string, unknown>();
  return {
    recall: (key: string) => values.get(key),
    remember: (key: string, value: unknown) => values.set(key, value),
  };
}

describe.each([
  ['restic', resticRepository],
  ['borg', borgRepository],
  ['files', plainCopy],
])('%s', (product, make) => {
  test('all files come back equal, the source is untouched, nothing is left behind', async () => {
    const place = make();
    const before = stateOf(place);
    const { code, out, err } = await run(['--source', place, '--sample', '20', '--json', '--by', 'Hauptamt']);
    expect([code, err]).toEqual([0, '']);
    const said = answer.parse(JSON.parse(out));
    expect(said).toMatchObject({
      product,
      result: 'equal',
      files: names.length,
      different: 0,
      changed: 0,
      by: 'Hauptamt',
    });
    expect(said.bytes).toBe(names.reduce((sum, name) => sum + statSync(join(documents, name)).size, 0));
    expect(stateOf(place)).toBe(before);
    expect(readdirSync(join(dataDir, 'private'))).toEqual(['restore-tests']);
    expect(recorded()).toMatchObject([{ product, result: 'equal', files: names.length }]);
    expect(readdirSync(join(dataDir, 'private', 'restore-tests'))).toEqual([]);
  });

  test('files that changed since are left out, and a sample is as large as asked for', async () => {
    const place = make();
    appendFileSync(join(documents, 'brief.txt'), 'neu');
    rmSync(join(documents, '-n.txt'));
    const { code, out } = await run(['--source', place, '--sample', '20', '--json']);
    expect(code).toBe(0);
    expect(answer.parse(JSON.parse(out))).toMatchObject({ result: 'equal', files: names.length - 2, changed: 2 });
    const small = await run(['--source', place, '--sample', '1', '--json']);
    expect(answer.parse(JSON.parse(small.out))).toMatchObject({ files: 1 });
  });

  test('a file that was changed behind its time is found different, with an exit code of its own', async () => {
    const place = make();
    const file = join(documents, 'brief.txt');
    const { atime, mtime, size } = statSync(file);
    writeFileSync(file, 'x'.repeat(size));
    utimesSync(file, atime, mtime);
    const { code, out } = await run(['--source', place, '--sample', '20']);
    expect(code).toBe(7);
    expect(out).toContain('brief.txt');
    expect(recorded()).toMatchObject([{ result: 'different', different: 1, files: names.length }]);
  });

  test('when everything has changed nothing is proven and nothing recorded', async () => {
    const place = make();
    for (const name of names) appendFileSync(join(documents, name), '!');
    const { code, err } = await run(['--source', place]);
    expect(code).toBe(1);
    expect(err).toContain('Nothing is proven and nothing was recorded');
    expect(recorded()).toEqual([]);
  });
});

describe('what goes wrong is said', () => {
  test.each([
    ['restic', resticRepository, 'RESTIC_PASSWORD'],
    ['borg', borgRepository, 'BORG_PASSPHRASE'],
  ])('a wrong password of %s', async (_name, make, variable) => {
    const place = make();
    process.env[variable] = 'falsch';
    const { code, err } = await run(['--source', place]);
    expect(code).toBe(1);
    expect(err).toMatch(/did not succeed: exit code \d+/);
    expect(err).toContain('The password comes from the environment of this command');
    expect(readdirSync(join(dataDir, 'private'))).toEqual([]);
  });

  test('a damaged pack: what does not come back is no success', async () => {
    const repository = resticRepository();
    for (const name of readdirSync(join(repository, 'data'), { recursive: true, encoding: 'utf8' })) {
      const file = join(repository, 'data', name);
      if (!statSync(file).isFile()) continue;
      chmodSync(file, 0o600);
      const content = readFileSync(file);
      content.fill(0, 0, Math.floor(content.length / 3));
      writeFileSync(file, content);
    }
    const { code } = await run(['--source', repository]);
    expect(code).not.toBe(0);
    expect(recorded().some(({ result }) => result === 'equal')).toBe(false);
  });

  test.each([
    [['--sample', '3'], '--source is missing'],
    [['--source', '/nirgends', '--sample', '0'], 'from 1 to 200'],
    [['--source', '/nirgends', '--sample', 'alle'], 'from 1 to 200'],
    [['--source', 'sftp:pc@host:/repo'], 'say with --product'],
    [['--source', '/nirgends', '--product', 'tar'], 'expected one of restic, borg, files'],
    [['--source', '/nirgends', '--original', 'daten'], 'absolute path'],
  ])('%j', async (args, words) => {
    const { code, err } = await run(args);
    expect(code).toBe(2);
    expect(err).toContain(words);
  });

  test('a folder that is not there', async () => {
    const { code, err } = await run(['--source', '/nirgends/kopie']);
    expect(code).toBe(1);
    expect(err).toContain('/nirgends/kopie cannot be read');
  });

  test('an empty repository', async () => {
    const repository = join(folder, 'leer');
    tool('restic', ['init', '-q', '-r', repository]);
    expect((await run(['--source', repository])).err).toContain('holds no snapshot');
  });

  test('a password in an address is not recorded', async () => {
    const place = plainCopy();
    const outcome = await run(['--source', place, '--product', 'files', '--json']);
    expect(outcome.code).toBe(0);
    const remote = await run(['--source', 'rest:https://pc:geheim@host:8000/', '--product', 'restic']);
    expect(remote.code).toBe(1);
    expect(JSON.stringify(recorded())).not.toContain('geheim');
  });
});

describe('a source that lies', () => {
  const lying =
    (paths: string[], restore: RestoreSource['restore'] = async () => undefined): (() => RestoreSource) =>
    () => ({
      product: 'files',
      list: async (onFile) => {
        for (const path of paths) {
          const modifiedAt = existsSync(path) ? statSync(path).mtime : new Date();
          onFile({ path, sizeBytes: 3, modifiedAt });
        }
        return { name: 'x', base: '/' };
      },
      restore,
    });
  const options = (source: () => RestoreSource) => ({
    source,
    sample: 5,
    temporary: folder,
    now: () => new Date(),
    signal: new AbortController().signal,
  });

  test('with paths that lead out of the folder is given nothing to restore', async () => {
    await expect(testRestore(options(lying(['../../etc/passwd', 'a/../../b', 'x\0y'])))).rejects.toThrow(
      'holds no file to test',
    );
  });

  test('with a link in the place of a file does not get the file behind it compared', async () => {
    const file = join(folder, 'ziel.txt');
    writeFileSync(file, 'abc');
    const source = lying([file], async (_files, target) => {
      mkdirSync(join(target, folder), { recursive: true });
      symlinkSync(file, join(target, file));
    });
    const outcome = await testRestore(options(source));
    expect(outcome).toMatchObject({ result: 'failed', files: 1, different: 1 });
  });

  test('that fails leaves nothing behind', async () => {
    const file = join(folder, 'ziel.txt');
    writeFileSync(file, 'abc');
    const source = lying([file], async () => {
      throw new Error('kaputt');
    });
    await expect(testRestore(options(source))).rejects.toThrow('kaputt');
    expect(readdirSync(folder).filter((name) => name.startsWith('restore-test-'))).toEqual([]);
  });
});

test('an interrupted test leaves neither files nor programs behind', async () => {
  const repository = resticRepository();
  const cli = new URL('../../../agent/cli.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [cli, 'restore-test', '--data-dir', dataDir, '--source', repository], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  const privateDir = join(dataDir, 'private');
  while (!(existsSync(privateDir) && readdirSync(privateDir).some((name) => name.startsWith('restore-test-')))) {
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  child.kill('SIGTERM');
  const [code] = await exited;
  // Ended in time to be interrupted, or faster than the signal: either way the folder is gone.
  expect([0, 1]).toContain(code);
  expect(readdirSync(privateDir).filter((name) => name.startsWith('restore-test-'))).toEqual([]);
});

test('records that do not fit are removed and named, good ones are taken once', () => {
  const privateDir = join(dataDir, 'private');
  const good = {
    at: '2026-11-24T09:00:00.000Z',
    product: 'files',
    source: '/kopie',
    result: 'equal' as const,
    files: 3,
    bytes: 9,
    different: 0,
    durationSeconds: 1,
  };
  leaveRecord(privateDir, good);
  writeFileSync(join(privateDir, 'restore-tests', 'torn.json'), '{"at":');
  writeFileSync(join(privateDir, 'restore-tests', 'other.json'), JSON.stringify({ ...good, files: -1 }));
  const taken: unknown[] = [];
  expect(takeRecords(privateDir, (each) => taken.push(each)).sort()).toEqual(['other.json', 'torn.json']);
  expect(taken).toEqual([good]);
  expect(takeRecords(privateDir, (each) => taken.push(each))).toEqual([]);
  expect(taken).toHaveLength(1);
});

test('lines of any length and cut are read as they are', () => {
  const lines: string[] = [];
  const reader = lineReader((line) => lines.push(line));
  const text = Buffer.from(`eins\nzwei ü\n${'x'.repeat(200_000)}\nende`);
  for (let at = 0; at < text.length; at += 7) reader.push(text.subarray(at, at + 7));
  reader.end();
  expect(lines).toEqual(['eins', 'zwei ü', 'ende']);
});
