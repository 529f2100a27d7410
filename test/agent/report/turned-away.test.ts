/** The agent when the server, or somebody who speaks in its place, does not take what it sends. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { doctorCommand, statusCommand } from '../../../agent/commands/inspect.ts';
import { deviceOf, gapsOf, movableClock, type Rewrite, reportingOf, town } from './watched-town.ts';

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
    const reporting = () => reportingOf(here);
    const since = clock.now().toISOString();
    here.between.instead = { status: 404, code: 'unknown-device' };
    for (let hour = 0; hour < 25; hour += 1) {
      await expect(here.agent.exchange()).rejects.toThrow();
      expect(reporting().needsAttention).toBeUndefined();
      clock.forward(hour < 23 ? 3_600_000 : 0);
    }
    clock.forward(3_600_000);
    expect(reporting().needsAttention).toEqual({ code: 'unknown-device', since });
    reporting();
    // The log says it once, and the event log of Windows with it.
    expect(here.lines.filter(({ event }) => event === 'needs-attention')).toMatchObject([
      { level: 'warn', code: 'unknown-device', since },
    ]);
    here.between.instead = undefined;
    clock.set(-24 * 3_600_000);
    await here.agent.exchange();
    expect(reporting().needsAttention).toBeUndefined();
  });
});

test('whoever breaks TLS cannot make a report be put aside: the server has not signed it', async () => {
  const clock = movableClock(new Date().toISOString());
  const here = await town({ clock });
  await here.agent.round('cheap');
  const { epoch } = here.agent.store;
  for (const [status, code] of [
    [400, 'malformed'],
    [409, 'report-conflict'],
    [409, 'sequence-rewound'],
    [413, 'too-large'],
    [422, 'malformed'],
  ] as const) {
    here.between.instead = { status, code, path: '/agent/v1/reports' };
    await expect(here.agent.exchange(), code).rejects.toMatchObject({ code: 'refusal-unsigned' });
    expect([code, here.agent.store.queue()]).toMatchObject([code, { waiting: 1, refused: 0 }]);
    expect([code, here.agent.store.epoch]).toEqual([code, epoch]);
  }
  // Kept back for ever, it is for people to see to.
  clock.forward(25 * 3_600_000);
  await expect(here.agent.exchange()).rejects.toThrow('signature is missing');
  expect(reportingOf(here).needsAttention).toMatchObject({ code: 'refusal-unsigned' });
  here.between.instead = undefined;
  expect(await here.agent.exchange()).toMatchObject({ accepted: 1, refused: 0 });
});

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
  return { here, clock, queued, tryOnce, reporting: () => reportingOf(here) };
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

/** A filter that looks into packed bodies and passes them on unpacked, with or without the header that says otherwise. */
const unpack =
  (keepsHeader: boolean): Rewrite =>
  ({ headers, body }) => {
    const { 'content-encoding': encoding, ...rest } = headers;
    if (encoding !== 'zstd') return { headers, body };
    return { headers: keepsHeader ? headers : rest, body: zstdDecompressSync(body) };
  };

/** What the two commands for people say. */
async function said(here: Awaited<ReturnType<typeof town>>): Promise<{ status: string; doctor: string }> {
  const run = async (command: typeof doctorCommand | typeof statusCommand): Promise<string> => {
    const lines: string[] = [];
    const print = (line: string): void => void lines.push(line);
    const signal = new AbortController().signal;
    await command({ options: { 'data-dir': here.dataDir }, out: print, err: print, signal });
    return lines.join('\n');
  };
  here.agent.publishStatus();
  return { status: await run(statusCommand), doctor: await run(doctorCommand) };
}

test.each([
  ['and drops the header', unpack(false)],
  ['and leaves the header', unpack(true)],
  [
    'only in the header',
    ({ headers: { 'content-encoding': _dropped, ...headers }, body }: Parameters<Rewrite>[0]) => ({ headers, body }),
  ],
] as const)('reports get through a filter that unpacks them %s; who looks is told', async (_name, rewrite) => {
  const clock = movableClock(new Date().toISOString());
  const here = await town({ clock });
  await here.agent.round('full');
  await here.agent.round('cheap');
  here.between.rewrite = rewrite;
  expect(await here.agent.exchange()).toMatchObject({ accepted: 2, refused: 0 });
  expect(here.agent.store.queue()).toEqual({ waiting: 0, refused: 0 });
  expect((await said(here)).doctor).toMatch(/^problem +way .*changes packed requests, since .*sent unpacked/m);
  expect((await deviceOf(here)).events).toMatchObject([{ code: 'request-altered' }]);
  expect(reportingOf(here)).not.toHaveProperty('failure');
  // Packed at once again when the filter is gone, a day later.
  here.between.rewrite = undefined;
  clock.forward(25 * 3_600_000);
  await here.agent.round('cheap');
  await here.agent.exchange();
  expect(here.agent.store.readExchange()).not.toHaveProperty('unpacked');
  expect((await said(here)).doctor).not.toMatch(/ way /);
});

test('a filter that rewrites everything is named at once, and nothing is put aside for it', async () => {
  const clock = movableClock(new Date().toISOString());
  const here = await town({ clock });
  await here.agent.round('cheap');
  here.between.rewrite = ({ headers, body }) => ({ headers, body: Buffer.concat([body, Buffer.from(' ')]) });
  for (let attempt = 1; attempt <= 14; attempt += 1) {
    await expect(here.agent.exchange()).rejects.toMatchObject({ name: 'ServerRefused', code: 'request-altered' });
  }
  // Check-ins get through, reports do not.
  const everything = here.between.rewrite;
  here.between.rewrite = (request) => (request.path.endsWith('/reports') ? everything(request) : request);
  for (let attempt = 1; attempt <= 14; attempt += 1) {
    await expect(here.agent.exchange()).rejects.toMatchObject({ code: 'request-altered' });
  }
  expect(here.agent.store.queue()).toEqual({ waiting: 1, refused: 0, oldestAt: expect.any(String) });
  const { status, doctor } = await said(here);
  expect(status).toContain('Ein Proxy oder Filter zwischen PC und Server verändert die Anfragen.');
  expect(doctor).toMatch(/^problem +way .*reports do not get through/m);
  clock.forward(25 * 3_600_000);
  await expect(here.agent.exchange()).rejects.toThrow();
  expect((await said(here)).status).toMatch(/Seit \S+ kommen Berichte nicht durch \(request-altered\)/);
  here.between.rewrite = undefined;
  expect(await here.agent.exchange()).toMatchObject({ accepted: 1 });
});

test('that requests are altered counts only where the server has signed it', async () => {
  const here = await town();
  await here.agent.round('cheap');
  here.between.instead = { status: 401, code: 'request-altered', path: '/agent/v1/reports' };
  await expect(here.agent.exchange()).rejects.toMatchObject({ name: 'ServerRefused', code: 'refusal-unsigned' });
  expect(here.agent.store.readExchange()).not.toHaveProperty('unpacked');
  here.between.instead = undefined;
  expect(await here.agent.exchange()).toMatchObject({ accepted: 1 });
});
