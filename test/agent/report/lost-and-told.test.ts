/** The agent against a real server when something has gone: full queue, damaged store, refusals, lost facts. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Agent, openAgent } from '../../../agent/agent.ts';
import { createLog } from '../../../agent/log.ts';
import { type Clock, systemClock } from '../../../agent/platform/clock.ts';
import { loadSettings } from '../../../agent/settings/settings.ts';
import { describeDevice } from '../../../server/fleet/devices.ts';
import { everything } from '../../../server/fleet/scope.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';
import { vm } from '../../fixtures/vm.ts';

/** What the man in the middle answers instead of the server: status and code of a problem document. */
type Instead =
  | { readonly status: number; readonly code: string; readonly path?: string; readonly times?: number }
  | undefined;

/** A server, an agent enrolled with it, and somebody between them who may answer in its place. */
async function town(options: { clock?: Clock; configuration?: object } = {}) {
  const server = await startTestServer();
  const dataDir = mkdtempSync(join(tmpdir(), 'kits-lost-'));
  const configFile = join(dataDir, 'agent.json');
  writeFileSync(configFile, JSON.stringify(options.configuration ?? {}));
  const between = { instead: undefined as Instead, asked: 0 };
  const proxy = createHttp((incoming, outgoing) => {
    between.asked += 1;
    if (between.instead !== undefined && (incoming.url ?? '').startsWith(between.instead.path ?? '/')) {
      const { status, code, times } = between.instead;
      if (times !== undefined) between.instead = times > 1 ? { ...between.instead, times: times - 1 } : undefined;
      const problem = { type: 'about:blank', title: code, status, code };
      incoming.resume();
      outgoing.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
      return;
    }
    const upstream = httpRequest(
      server.url + incoming.url,
      { method: incoming.method, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      },
    );
    upstream.on('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const lines: { event: string }[] = [];
  const open = (damaged = false): Promise<Agent> =>
    openAgent({
      dataDir,
      settings: loadSettings({ configFile }),
      machine: recordedMachine(vm, { hostname: 'rathaus-07' }),
      log: createLog('info', (line) => lines.push(JSON.parse(line))),
      clock: options.clock ?? systemClock,
      damaged,
    });
  const self = { server, between, dataDir, lines, agent: await open(), open };
  onTestFinished(async () => {
    self.agent.close();
    proxy.closeAllConnections();
    proxy.close();
    await server.close();
    rmSync(dataDir, { recursive: true });
  });
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  await self.agent.enrol({ server: url, token: server.token, serverKey: server.keyThumbprint });
  return self;
}

async function deviceOf({ server, agent }: { server: TestServer; agent: Agent }) {
  return describeDevice(server.context, everything, agent.enrolment()?.deviceId ?? '');
}
const gapsOf = async (here: { server: TestServer; agent: Agent }) =>
  (await deviceOf(here)).gaps.map(({ from, to, reports, reason, standing }) => ({
    from,
    to,
    reports,
    reason,
    standing,
  }));
const sequences = async (server: TestServer): Promise<[number, string, boolean][]> => {
  const rows = await server.context.db
    .selectFrom('reports')
    .selectAll()
    .orderBy('received_at')
    .orderBy('sequence')
    .execute();
  return rows.map((row) => [row.sequence, row.class, row.body.byteLength > 0]);
};

function movableClock(start: string): Clock & { forward(ms: number): void; set(ms: number): void } {
  let at = Date.parse(start);
  let passed = 0;
  return {
    now: () => new Date(at),
    monotonicMs: () => passed,
    sinceBootMs: () => passed,
    forward: (ms) => {
      at += ms;
      passed += ms;
    },
    set: (ms) => {
      at += ms;
    },
  };
}
const dayMs = 86_400_000;

test('bodies given up by a full queue arrive as envelopes, and the gap is accounted for on the device page', async () => {
  const clock = movableClock('2026-06-01T08:00:00Z');
  const here = await town({ clock, configuration: { outboxDays: 7 } });
  for (let day = 0; day < 9; day += 1) {
    clock.forward(dayMs);
    await here.agent.round('cheap');
  }
  expect(here.agent.store.queue()).toMatchObject({ waiting: 9, thinned: 2 });
  expect(await here.agent.exchange({ limit: 4 })).toMatchObject({ accepted: 4, more: true });
  expect(await gapsOf(here)).toEqual([{ from: 1, to: 2, reports: 2, reason: 'undeclared', standing: 'undeclared' }]);
  expect(await here.agent.exchange()).toMatchObject({ accepted: 6, more: false });
  expect(await gapsOf(here)).toEqual([{ from: 1, to: 2, reports: 2, reason: 'outbox-age', standing: 'declared' }]);
  expect(await sequences(here.server)).toEqual([
    [1, 'routine', false],
    [2, 'routine', false],
    ...[3, 4, 5, 6, 7, 8, 9].map((sequence) => [sequence, 'routine', true]),
    [10, 'gap', true],
  ]);
  expect((await deviceOf(here)).events).toEqual([]);
  here.agent.publishStatus();
  const status = JSON.parse(readFileSync(join(here.dataDir, 'public', 'status.json'), 'utf8'));
  expect(status.reporting).not.toHaveProperty('thinned');
});

test('a report the server refuses for good does not block the next, is shown, and is accounted for', async () => {
  const here = await town();
  await here.agent.exchange();
  await here.agent.round('cheap');
  const { store } = here.agent;
  // What the server refuses is decided there; here one that it has refused is enough.
  store.refuse(1, new Date(), 'malformed');
  await here.agent.round('cheap');
  expect(await here.agent.exchange()).toMatchObject({ accepted: 2, refused: 0 });
  expect(await gapsOf(here)).toEqual([{ from: 1, to: 1, reports: 1, reason: 'refused', standing: 'declared' }]);
  here.agent.publishStatus();
  const status = JSON.parse(readFileSync(join(here.dataDir, 'public', 'status.json'), 'utf8'));
  expect(status.reporting.refused).toBe(1);
  await here.agent.round('full');
  expect(store.readSections().find(({ id }) => id === 'agent')?.data).toMatchObject({ queue: { refused: 1 } });
  await here.agent.exchange();
  expect(await gapsOf(here)).toHaveLength(1);
});

test('facts the server asks for are with it after the same exchange', async () => {
  const here = await town();
  await here.agent.round('full');
  await here.agent.exchange();
  const db = here.server.context.db;
  await db
    .updateTable('sections')
    .set({ facts_held: 0, data: null })
    .where('section_id', 'in', ['memory', 'cpu'])
    .execute();
  expect(await here.agent.exchange()).toMatchObject({ accepted: 1 });
  const rows = await db
    .selectFrom('sections')
    .select(['section_id', 'facts_held'])
    .where('facts_held', '=', 0)
    .execute();
  expect(rows).toEqual([]);
  expect(await here.agent.exchange()).toMatchObject({ accepted: 0 });
});

test('a section the server asks for and this PC does not have is no reason for one report after the other', async () => {
  const here = await town();
  await here.agent.round('full');
  await here.agent.exchange();
  const db = here.server.context.db;
  await db
    .updateTable('sections')
    .set({ section_id: 'unheard-of', facts_held: 0, data: null })
    .where('section_id', '=', 'memory')
    .execute();
  expect(await here.agent.exchange()).toMatchObject({ accepted: 0, more: false });
});

describe('a damaged store', () => {
  test.each<[string, (file: string) => void]>([
    [
      'overwritten in the middle',
      (file) => {
        const bytes = readFileSync(file);
        bytes.fill(0x5a, 4096, Math.min(bytes.byteLength, 4096 * 6));
        writeFileSync(file, bytes);
      },
    ],
    ['that is no database at all', (file) => writeFileSync(file, 'Ransom note\n'.repeat(2000))],
    ['cut off', (file) => writeFileSync(file, readFileSync(file).subarray(0, 5000))],
    ['that is gone', (file) => rmSync(file)],
  ])('%s is put aside; identity and enrolment live on, and the loss is told', async (name, damage) => {
    const here = await town();
    await here.agent.round('full');
    await here.agent.exchange();
    await here.agent.round('cheap');
    const before = here.agent.enrolment();
    const epoch = here.agent.store.epoch;
    here.agent.close();
    const file = join(here.dataDir, 'private', 'agent.db');
    // As after a power cut with the log already written back.
    for (const end of ['-wal', '-shm']) rmSync(file + end, { force: true });
    damage(file);
    const key = readFileSync(join(here.dataDir, 'private', 'device-key.pem'), 'utf8');
    here.agent = await here.open();
    expect(here.agent.enrolment()).toEqual(before);
    expect(here.agent.store.epoch).not.toBe(epoch);
    expect(readFileSync(join(here.dataDir, 'private', 'device-key.pem'), 'utf8')).toBe(key);
    const aside = readdirSync(join(here.dataDir, 'private')).filter((entry) => /damaged-\d+$/.test(entry));
    expect(aside).toHaveLength(name === 'that is gone' ? 0 : 1);
    await here.agent.round('full');
    expect((await here.agent.exchange()).accepted).toBe(2);
    const [gap] = (await deviceOf(here)).gaps;
    expect(gap).toMatchObject({ storeEpoch: epoch, reason: 'store-damaged', standing: 'declared' });
    expect((await deviceOf(here)).events.map(({ code }) => code)).toEqual(['store-epoch-new']);
    expect(await here.server.context.db.selectFrom('devices').select('id').execute()).toHaveLength(1);
  });

  test('does not fill the disk with what was put aside', async () => {
    const here = await town();
    for (let round = 0; round < 4; round += 1) {
      here.agent.close();
      here.agent = await here.open(true);
    }
    const aside = readdirSync(join(here.dataDir, 'private')).filter((name) => /damaged-\d+$/.test(name));
    expect(aside).toHaveLength(2);
    expect(here.agent.enrolment()).toBeDefined();
  });

  test('a lock file that is no lock is replaced', async () => {
    const here = await town();
    here.agent.close();
    writeFileSync(join(here.dataDir, 'private', 'lock.db'), 'x'.repeat(5000));
    here.agent = await here.open();
    expect(here.agent.enrolment()).toBeDefined();
    await expect(here.open()).rejects.toMatchObject({ name: 'AgentRunning' });
  });

  test('one body that has rotted is given up, not refused by the server', async () => {
    const here = await town();
    await here.agent.round('cheap');
    await here.agent.round('cheap');
    here.agent.close();
    const { DatabaseSync } = await import('node:sqlite');
    const db = new DatabaseSync(join(here.dataDir, 'private', 'agent.db'));
    db.prepare(`UPDATE outbox SET body = zeroblob(200) WHERE sequence = 1`).run();
    db.close();
    here.agent = await here.open();
    // The envelope, the other report, and at once the account of what is gone.
    expect(await here.agent.exchange()).toMatchObject({ accepted: 3, refused: 0 });
    expect(await gapsOf(here)).toEqual([{ from: 1, to: 1, reports: 1, reason: 'store-damaged', standing: 'declared' }]);
  });
});

describe('a server that says it does not know the device', () => {
  test.each([
    [401, 'proof-invalid'],
    [404, 'unknown-device'],
    [403, 'device-not-active'],
  ])('%i %s once, five and fifty times: the key stays, byte for byte, and so do the reports', async (status, code) => {
    const clock = movableClock(new Date().toISOString());
    const here = await town({ clock });
    const keyFile = join(here.dataDir, 'private', 'device-key.pem');
    const key = { bytes: readFileSync(keyFile), inode: statSync(keyFile).ino };
    await here.agent.round('cheap');
    for (const times of [1, 5, 50]) {
      here.between.instead = { status, code };
      for (let time = 0; time < times; time += 1) {
        await expect(here.agent.exchange()).rejects.toMatchObject({ name: 'ServerRefused', code });
      }
      expect({ bytes: readFileSync(keyFile), inode: statSync(keyFile).ino }).toEqual(key);
      here.between.instead = undefined;
      const { waiting } = here.agent.store.queue();
      expect(await here.agent.exchange()).toMatchObject({ accepted: waiting, refused: 0 });
      await here.agent.round('cheap');
    }
    expect(existsSync(join(here.dataDir, 'private', 'identity.json'))).toBe(true);
    expect(here.agent.store.readExchange().refusedSince).toBeUndefined();
  });

  test('for more than a day needs the attention of people, and says so; the first answer ends it', async () => {
    const clock = movableClock(new Date().toISOString());
    const here = await town({ clock });
    const reporting = () => {
      here.agent.publishStatus();
      return JSON.parse(readFileSync(join(here.dataDir, 'public', 'status.json'), 'utf8')).reporting;
    };
    const since = clock.now().toISOString();
    here.between.instead = { status: 404, code: 'unknown-device' };
    for (let hour = 0; hour < 25; hour += 1) {
      await expect(here.agent.exchange()).rejects.toThrow();
      expect(reporting().needsAttention).toBeUndefined();
      clock.forward(hour < 23 ? 3_600_000 : 0);
    }
    clock.forward(3_600_000);
    expect(reporting().needsAttention).toEqual({ code: 'unknown-device', since });
    here.between.instead = undefined;
    clock.set(-24 * 3_600_000);
    await here.agent.exchange();
    expect(reporting().needsAttention).toBeUndefined();
  });
});

test.each([
  [400, 'malformed'],
  [409, 'report-conflict'],
  [409, 'sequence-rewound'],
  [413, 'too-large'],
  [422, 'malformed'],
])(
  'whoever breaks TLS cannot make a report be put aside with %i %s: the server has not signed it',
  async (status, code) => {
    const clock = movableClock(new Date().toISOString());
    const here = await town({ clock });
    await here.agent.round('cheap');
    const { epoch } = here.agent.store;
    here.between.instead = { status, code, path: '/agent/v1/reports' };
    await expect(here.agent.exchange()).rejects.toMatchObject({ name: 'ServerRefused', code: 'refusal-unsigned' });
    expect(here.agent.store.queue()).toMatchObject({ waiting: 1, refused: 0 });
    expect(here.agent.store.epoch).toBe(epoch);
    // Kept back for ever, it is for people to see to.
    clock.forward(25 * 3_600_000);
    await expect(here.agent.exchange()).rejects.toThrow('signature is missing');
    here.agent.publishStatus();
    const { reporting } = JSON.parse(readFileSync(join(here.dataDir, 'public', 'status.json'), 'utf8'));
    expect(reporting.needsAttention).toMatchObject({ code: 'refusal-unsigned' });
    here.between.instead = undefined;
    expect(await here.agent.exchange()).toMatchObject({ accepted: 1, refused: 0 });
  },
);

/** What a filtering proxy does to one report and not to the others. */
async function blocked() {
  const clock = movableClock(new Date().toISOString());
  const here = await town({ clock });
  await here.agent.round('full');
  await here.agent.exchange();
  for (let more = 0; more < 3; more += 1) await here.agent.round('cheap');
  const queued = here.agent.store.queue().waiting;
  const tryOnce = async (): Promise<string> => {
    clock.forward(3_600_000);
    const { name, code } = await here.agent.exchange().then(
      () => ({ name: 'through', code: '' }),
      (error: { name: string; code: string }) => error,
    );
    return `${name} ${code}`.trim();
  };
  const reporting = () => {
    here.agent.publishStatus();
    return JSON.parse(readFileSync(join(here.dataDir, 'public', 'status.json'), 'utf8')).reporting;
  };
  return { here, clock, queued, tryOnce, reporting };
}

test('a report that a proxy always turns away is set aside with its body after its attempts, and the others go on', async () => {
  const { here, clock, queued, tryOnce, reporting } = await blocked();
  const head = here.agent.store.waiting(1)[0]!;
  here.between.instead = { status: 413, code: 'not-kits', path: '/agent/v1/reports', times: 12 };
  for (let attempt = 1; attempt < 12; attempt += 1) {
    expect(await tryOnce()).toBe('ServerRefused refusal-unsigned');
    expect(here.agent.store.queue()).toMatchObject({ waiting: queued, refused: 0 });
  }
  expect(await tryOnce()).toBe('through');
  expect(here.agent.store.queue()).toEqual({ waiting: 0, refused: 0, aside: 1 });
  expect(reporting()).toMatchObject({ waiting: 0, aside: 1 });
  expect(reporting()).not.toHaveProperty('refused');
  const told = { from: head.sequence, to: head.sequence, reports: 1, reason: 'refused', standing: 'declared' };
  expect(await gapsOf(here)).toEqual([told]);

  // Not at once, but a day later; one more refusal by nobody in particular costs nothing.
  const asked = here.between.asked;
  await here.agent.exchange();
  expect(here.between.asked - asked).toBe(1);
  clock.forward(25 * 3_600_000);
  here.between.instead = { status: 413, code: 'not-kits', path: '/agent/v1/reports', times: 1 };
  expect(await here.agent.exchange()).toMatchObject({ accepted: 0, refused: 0 });
  expect(here.agent.store.queue()).toEqual({ waiting: 0, refused: 0, aside: 1 });
  clock.forward(25 * 3_600_000);
  await here.agent.exchange();
  expect(here.agent.store.queue()).toEqual({ waiting: 0, refused: 0 });
  expect(await gapsOf(here)).toEqual([]);
  const held = await here.server.context.db.selectFrom('reports').selectAll().where('id', '=', head.reportId).execute();
  expect(held).toMatchObject([{ sequence: head.sequence, envelope_hash: head.envelopeHash }]);
  expect(held[0]?.body.byteLength).toBeGreaterThan(0);
});

test('a signed refusal of what was set aside is final', async () => {
  const { here, clock, tryOnce } = await blocked();
  const head = here.agent.store.waiting(1)[0]!;
  here.between.instead = { status: 413, code: 'not-kits', path: '/agent/v1/reports', times: 12 };
  for (let attempt = 1; attempt <= 12; attempt += 1) await tryOnce();
  expect(here.agent.store.queue()).toMatchObject({ aside: 1 });
  // Somebody else's report holds its id by now: the server says no, and signs it.
  const { db } = here.server.context;
  const row = await db.selectFrom('reports').selectAll().limit(1).executeTakeFirstOrThrow();
  await db
    .insertInto('reports')
    .values({ ...row, id: head.reportId, store_epoch: randomUUID() })
    .execute();
  clock.forward(25 * 3_600_000);
  await here.agent.exchange();
  expect(here.agent.store.queue()).toMatchObject({ refused: 1 });
  expect(here.agent.store.queue().aside).toBeUndefined();
});

test('a server that asks for patience, or does not take this device, costs no report its turn', async () => {
  const { here, queued, tryOnce } = await blocked();
  for (const [status, code] of [
    [503, 'busy'],
    [429, 'too-many-requests'],
    [403, 'device-not-active'],
  ] as const) {
    here.between.instead = { status, code, path: '/agent/v1/reports' };
    for (let attempt = 1; attempt <= 13; attempt += 1) await tryOnce();
    expect(here.agent.store.queue()).toMatchObject({ waiting: queued, refused: 0 });
  }
});

test('the server hears once that the clock was set, and judges by its own', async () => {
  const clock = movableClock(new Date().toISOString());
  const here = await town({ clock });
  await here.agent.round('full');
  await here.agent.exchange();
  here.agent.watchClock();
  clock.set(-6 * 365 * dayMs);
  here.agent.watchClock();
  const { report } = await here.agent.round('full');
  const body = JSON.parse(Buffer.from(report?.body ?? []).toString());
  expect(Date.parse(body.createdAt)).toBeLessThan(Date.now() - 5 * 365 * dayMs);
  expect(Math.abs(Date.parse(body.serverTime) - Date.now())).toBeLessThan(60_000);
  expect(await here.agent.exchange()).toMatchObject({ accepted: 1 });
  await here.agent.round('cheap');
  await here.agent.exchange();
  const { events, clockOffsetSeconds, verdicts } = await deviceOf(here);
  expect(events).toMatchObject([{ code: 'clock-jump', detail: expect.stringContaining(`By ${-6 * 365 * 86_400} s`) }]);
  expect(clockOffsetSeconds).toBeLessThan(-5 * 365 * 86_400);
  expect(verdicts.find(({ ruleId }) => ruleId === 'clock-correct')).toMatchObject({ verdict: 'not-met' });
  expect(here.lines.filter(({ event }) => event === 'clock-jumped')).toHaveLength(1);
});
