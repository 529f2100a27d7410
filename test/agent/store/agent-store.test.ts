import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Section, Verdict } from '../../../agent/contract/report.ts';
import { canonicalHash, canonicalJson } from '../../../agent/signing/canonical.ts';
import { generateKey } from '../../../agent/signing/keys.ts';
import { type SignedReport, signAgain, signReport } from '../../../agent/signing/report-frame.ts';
import { type AgentStore, openStore } from '../../../agent/store/agent-store.ts';

const key = await generateKey();
const deviceId = randomUUID();
const at = new Date('2026-11-24T09:00:00.000Z');

let dir: string;
let store: AgentStore;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kits-store-'));
  store = openStore(dir);
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true });
});

const sectionOf = (id: string, data: unknown): Section => ({
  id,
  state: 'complete',
  collectedAt: at.toISOString(),
  durationMs: 1,
  hash: canonicalHash(data),
  data,
  problems: [],
});

async function report(
  sections: Section[] = [sectionOf('memory', { totalBytes: 1 })],
  to = store,
): Promise<SignedReport> {
  const { sequence, previousHash } = to.nextPlace();
  return signReport(
    {
      contractVersion: 1,
      reportId: randomUUID(),
      deviceId,
      storeEpoch: to.epoch,
      sequence,
      class: 'routine',
      createdAt: at.toISOString(),
      ...(previousHash === undefined ? {} : { previousHash }),
    },
    Buffer.from(canonicalJson({ sections })),
    key,
  );
}

async function append(sections?: Section[]): Promise<SignedReport> {
  const made = await report(sections);
  store.append(made);
  return made;
}

describe('outbox', () => {
  test('numbers from 1 without a hole and chains each report to the one before', async () => {
    const first = await append();
    const second = await append();
    expect([first.envelope.sequence, second.envelope.sequence]).toEqual([1, 2]);
    expect(first.envelope.previousHash).toBeUndefined();
    expect(second.envelope.previousHash).toBe(first.envelopeHash);
  });

  test('a report waits until it is acknowledged, also after the process is gone', async () => {
    const made = await append();
    store.close();
    store = openStore(dir);
    expect(store.waiting(10).map(({ reportId }) => reportId)).toEqual([made.envelope.reportId]);
    expect(Buffer.from(store.waiting(1)[0]!.body!)).toEqual(Buffer.from(made.body));
    store.acknowledge(1, at, []);
    expect(store.waiting(10)).toEqual([]);
    expect(store.queue()).toEqual({ waiting: 0, refused: 0 });
  });

  test('a refused report is kept aside and counted, and does not block the next', async () => {
    await append();
    const second = await append();
    store.refuse(1, at, 'malformed');
    expect(store.waiting(10).map(({ reportId }) => reportId)).toEqual([second.envelope.reportId]);
    expect(store.queue()).toMatchObject({ waiting: 1, refused: 1, oldestAt: at.toISOString() });
  });

  test('the same place cannot be taken twice', async () => {
    const one = await report();
    const other = await report();
    store.append(one);
    expect(() => store.append(other)).toThrow();
  });

  test('a report signed for another epoch is not taken', async () => {
    const made = await report();
    expect(() => store.append({ ...made, envelope: { ...made.envelope, storeEpoch: randomUUID() } })).toThrow(/epoch/);
  });

  test('old bodies go, their signed envelopes and the chain stay; waiting ones are untouched', async () => {
    const first = await append();
    await append();
    store.acknowledge(1, at, []);
    const later = new Date(at.getTime() + 8 * 86_400_000);
    store.dropOldBodies(later, 7 * 86_400_000);
    const file = new DatabaseSync(join(dir, 'agent.db'), { readOnly: true });
    expect(file.prepare('SELECT envelope_jws, body FROM outbox WHERE sequence = 1').get()).toEqual({
      envelope_jws: first.envelopeJws,
      body: null,
    });
    file.close();
    expect(store.waiting(10).map(({ sequence }) => sequence)).toEqual([2]);
    // A server that lost it gets what is left, and is told what is missing.
    expect(store.requeueAfter(0)).toBe(1);
    expect(store.waiting(10).map(({ sequence, body }) => [sequence, body === undefined])).toEqual([
      [1, true],
      [2, false],
    ]);
    expect(store.undeclaredGaps(9)).toMatchObject([{ from: 1, to: 1, reason: 'body-expired' }]);
  });
});

describe('what the server holds', () => {
  test('a section counts as known only after its report was acknowledged', async () => {
    await append([sectionOf('memory', { totalBytes: 5 })]);
    expect(store.acknowledgedHashes().size).toBe(0);
    store.acknowledge(1, at, []);
    expect(store.acknowledgedHashes().get('memory')).toBe(canonicalHash({ totalBytes: 5 }));
  });

  test('sections the server asks for do not count as known', async () => {
    await append([sectionOf('memory', 1), sectionOf('cpu', 2)]);
    store.acknowledge(1, at, ['cpu']);
    expect([...store.acknowledgedHashes().keys()]).toEqual(['memory']);
    store.forgetAcknowledged(['memory']);
    expect(store.acknowledgedHashes().size).toBe(0);
  });

  test('a server restored from backup gets again what it had acknowledged beyond its backup', async () => {
    await append();
    const second = await append();
    store.acknowledge(1, at, []);
    store.acknowledge(2, at, []);
    expect(store.requeueAfter(1)).toBe(1);
    expect(store.waiting(10).map(({ envelopeHash }) => envelopeHash)).toEqual([second.envelopeHash]);
    expect(store.acknowledgedHashes().size).toBe(0);
    expect(store.requeueAfter(2)).toBe(0);
  });

  test('what it lacks in between waits again, and what it knows of those behind it stays known', async () => {
    for (const size of [1, 2, 3, 4, 5]) await append([sectionOf('memory', size)]);
    for (const sequence of [1, 2, 4]) store.acknowledge(sequence, at, []);
    store.setAside(3, at);
    expect(store.requeueBetween(2, 3)).toBe(1);
    expect(store.waiting(10).map(({ sequence }) => sequence)).toEqual([2, 5]);
    store.acknowledge(2, at, []);
    expect(store.acknowledgedHashes().get('memory')).toBe(canonicalHash(4));
    expect(store.queue()).toMatchObject({ waiting: 1, aside: 1 });
  });
});

test('a new epoch signs what waits anew, in order, and keeps what was refused as evidence', async () => {
  const [first, second, third] = [await append(), await append(), await append()];
  store.refuse(second.envelope.sequence, at, 'malformed');
  const before = store.epoch;
  await store.renewEpoch((envelopeJws, place) => signAgain(envelopeJws, place, key));
  expect(store.epoch).not.toBe(before);
  const waiting = store.waiting(10);
  expect(waiting.map(({ reportId, sequence, resigned }) => ({ reportId, sequence, resigned }))).toEqual([
    { reportId: first.envelope.reportId, sequence: 1, resigned: true },
    { reportId: third.envelope.reportId, sequence: 2, resigned: true },
  ]);
  expect(store.queue().refused).toBe(1);
  expect(store.nextPlace()).toEqual({ sequence: 3, previousHash: waiting[1]!.envelopeHash });
  store.close();
  store = openStore(dir);
  expect(store.nextPlace().sequence).toBe(3);
});

test('verdicts keep the time since which they say the same', () => {
  const verdict: Verdict = { ruleId: 'r', verdict: 'met', severity: 'info', reason: 'fine', values: {}, evidence: [] };
  const later = new Date(at.getTime() + 60_000);
  store.trackVerdicts([verdict], at);
  expect(store.trackVerdicts([verdict], later).get('r')).toBe(at.toISOString());
  expect(store.trackVerdicts([{ ...verdict, verdict: 'unknown' }], later).get('r')).toBe(later.toISOString());
});

test('what is missing keeps the day it was first seen, and begins anew after it was gone', () => {
  const day = (date: string): Date => new Date(`${date}T12:00:00Z`);
  expect([...store.firstSeen('patches', ['a', 'b'], day('2026-11-20'))]).toEqual([
    ['a', '2026-11-20'],
    ['b', '2026-11-20'],
  ]);
  store.close();
  store = openStore(dir);
  expect(store.firstSeen('patches', ['a', 'c'], day('2026-11-24')).get('a')).toBe('2026-11-20');
  expect(store.firstSeen('security', ['a'], day('2026-11-24')).get('a')).toBe('2026-11-24');
  expect(store.firstSeen('patches', ['a', 'b'], day('2026-11-25')).get('b')).toBe('2026-11-25');
  expect(store.firstSeen('patches', ['a'], day('2020-01-01')).get('a')).toBe('2020-01-01');
});

test('what was remembered of the server survives a restart; changes add up', () => {
  store.changeExchange({ nonce: 'n', counter: 3 });
  store.changeExchange({ failure: 'dns' });
  store.close();
  store = openStore(dir);
  expect(store.readExchange()).toMatchObject({ nonce: 'n', counter: 3, failure: 'dns' });
  store.changeExchange({ failure: undefined });
  expect(store.readExchange().failure).toBeUndefined();
});

describe('the data directory', () => {
  const open = (): string =>
    `const { openStore } = await import(${JSON.stringify(join(import.meta.dirname, '../../../agent/store/agent-store.ts'))});
     openStore(${JSON.stringify(dir)});`;

  test('belongs to one process at a time', () => {
    expect(() => openStore(dir)).toThrow(/Another KITS Agent works on this data directory/);
    expect(() => execFileSync(process.execPath, ['--input-type=module', '-e', open()], { stdio: 'pipe' })).toThrow(
      /AgentRunning/,
    );
  });

  test('is held until what was to be done last has been done, with no file of the store open', () => {
    const openFiles = (): string[] =>
      readdirSync('/proc/self/fd').flatMap((name) => {
        try {
          return [readlinkSync(join('/proc/self/fd', name))];
        } catch {
          return [];
        }
      });
    const ofStore = (): string[] => openFiles().filter((file) => file.startsWith(join(dir, 'agent.db')));
    expect(ofStore()).not.toEqual([]);
    let looked = false;
    store.close(() => {
      looked = true;
      expect(ofStore()).toEqual([]);
      expect(() => openStore(dir)).toThrow(/Another KITS Agent/);
    });
    expect(looked).toBe(true);
    store = openStore(dir);
  });

  test('is free again when that process was killed', async () => {
    store.close();
    const child = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `${open()} process.stdout.write('open'); setInterval(() => undefined, 1000);`,
    ]);
    await once(child.stdout, 'data');
    expect(() => openStore(dir)).toThrow(/Another KITS Agent/);
    child.kill('SIGKILL');
    await once(child, 'exit');
    store = openStore(dir);
    expect(store.queue().waiting).toBe(0);
  });

  test('holds nothing that others may read, whatever the umask and whoever wrote it before', () => {
    const open = (): string[] =>
      readdirSync(dir)
        .filter((name) => (statSync(join(dir, name)).mode & 0o077) !== 0)
        .sort();
    store.close();
    for (const name of readdirSync(dir)) chmodSync(join(dir, name), 0o644);
    expect(open()).toContain('agent.db');
    store = openStore(dir);
    store.changeExchange({ counter: 1 });
    expect(readdirSync(dir)).toEqual(expect.arrayContaining(['agent.db', 'agent.db-wal', 'lock.db']));
    expect(open()).toEqual([]);
    store.close();
    for (const name of readdirSync(dir)) rmSync(join(dir, name));
    const before = process.umask(0);
    try {
      store = openStore(dir);
      store.changeExchange({ counter: 1 });
      expect(open()).toEqual([]);
    } finally {
      process.umask(before);
    }
  });

  test('of a newer agent is refused and not touched', () => {
    store.close();
    const file = join(dir, 'agent.db');
    const newer = new DatabaseSync(file);
    const version = Number(newer.prepare('PRAGMA user_version').get()?.['user_version']);
    newer.exec('PRAGMA user_version = 99');
    newer.close();
    copyFileSync(file, `${file}.before`);
    expect(() => openStore(dir)).toThrow(/newer KITS Agent/);
    expect(readFileSync(file)).toEqual(readFileSync(`${file}.before`));
    const older = new DatabaseSync(file);
    older.exec(`PRAGMA user_version = ${version}`);
    older.close();
    store = openStore(dir);
  });
});
