/** The agent against a real KITS server on loopback, with a middleman who can lose and forge what passes. */

import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { type Agent, openAgent } from '../../../agent/agent.ts';
import { doctorCommand } from '../../../agent/commands/inspect.ts';
import { jwsTypes, type Receipt } from '../../../agent/contract/wire.ts';
import { createLog } from '../../../agent/log.ts';
import { loadSettings } from '../../../agent/settings/settings.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import { describeDevice } from '../../../server/fleet/devices.ts';
import { createMunicipality } from '../../../server/fleet/municipalities.ts';
import { type Actor, everything } from '../../../server/fleet/scope.ts';
import { createEnrolmentToken } from '../../../server/fleet/tokens.ts';
import { createServer, type KitsServer } from '../../../server/server.ts';
import { type RecordedTree, recordedMachine } from '../../fakes/recorded-machine.ts';
import { notebook } from '../../fixtures/notebook.ts';
import { vm } from '../../fixtures/vm.ts';

const actor: Actor = { name: 'test', scope: everything };
const silent = (): PassThrough => new PassThrough().resume();

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'kits-link-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function startServer(dataDir: string): Promise<KitsServer> {
  const server = await createServer({ dataDir, consoleDir: '/nowhere', logStream: silent() });
  onTestFinished(() => server.close());
  return server;
}

async function tokenOf(server: KitsServer, approvalRequired = false): Promise<string> {
  const { id } = await createMunicipality(server.context, actor, {
    name: `Gemeinde ${Math.random()}`,
    approvalRequired,
  });
  return (await createEnrolmentToken(server.context, actor, { municipalityId: id, uses: 1, expiresInDays: 1 })).token;
}

type Verdict = Buffer | 'drop' | 'forward';
type Meddle = (path: string, answer: Buffer) => Verdict | Promise<Verdict>;

/** Passes requests on to wherever `target` points; each answer may be lost after the server has done its work. */
async function middleman(initial: string): Promise<{ url: string; target: string; meddle: Meddle }> {
  const self = { url: '', target: initial, meddle: ((): 'forward' => 'forward') as Meddle };
  const proxy = createHttp((incoming, outgoing) => {
    const upstream = httpRequest(
      `${self.target}${incoming.url}`,
      { method: incoming.method, headers: incoming.headers },
      async (answer) => {
        const body = Buffer.concat(await answer.toArray());
        const verdict = await self.meddle(incoming.url ?? '', body);
        if (verdict === 'drop') return void outgoing.destroy();
        const { 'content-length': _length, ...headers } = answer.headers;
        outgoing.writeHead(answer.statusCode ?? 500, headers).end(verdict === 'forward' ? body : verdict);
      },
    );
    upstream.on('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  self.url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return self;
}

async function startAgent(dataDir: string, tree: RecordedTree = vm): Promise<Agent> {
  const agent = await openAgent({
    dataDir,
    settings: loadSettings(),
    machine: recordedMachine(tree, { hostname: 'rathaus-07' }),
    log: createLog('error', () => undefined),
  });
  onTestFinished(() => {
    if (open.delete(agent)) agent.close();
  });
  open.add(agent);
  return agent;
}
const open = new Set<Agent>();
function close(agent: Agent): void {
  open.delete(agent);
  agent.close();
}

/** A server, a middleman before it, and an agent enrolled through him. */
async function town(options: { approvalRequired?: boolean; tree?: RecordedTree } = {}) {
  const [serverDir, agentDir] = [join(folder(), 'server'), join(folder(), 'agent')];
  const server = await startServer(serverDir);
  const between = await middleman(server.url);
  const agent = await startAgent(agentDir, options.tree);
  const enrolment = await agent.enrol({
    server: between.url,
    token: await tokenOf(server, options.approvalRequired),
    serverKey: server.keyThumbprint,
  });
  return { serverDir, agentDir, server, between, agent, enrolment };
}

const stored = (server: KitsServer) =>
  server.context.db
    .selectFrom('reports')
    .select(['id', 'sequence', 'store_epoch'])
    .orderBy('received_at')
    .orderBy('sequence')
    .execute();

test('a round arrives, its facts can be queried, and the next one sends only what changed', async () => {
  const { server, agent, enrolment } = await town();
  await agent.round('full');
  const first = await agent.exchange();
  expect(first).toMatchObject({ accepted: 1, refused: 0 });
  expect(agent.store.queue()).toEqual({ waiting: 0, refused: 0 });
  const hardware = await server.context.db
    .selectFrom('device_hardware')
    .selectAll()
    .where('device_id', '=', enrolment.deviceId)
    .executeTakeFirstOrThrow();
  expect(hardware).toMatchObject({
    memory_bytes: 4_030_000 * 1024,
    cpu_threads: 2,
    os_id: 'debian',
    virtualization: 'vm',
  });
  const packages = await server.context.db
    .selectFrom('device_packages')
    .select('name')
    .where('device_id', '=', enrolment.deviceId)
    .execute();
  expect(packages).toHaveLength(3);
  await agent.round('full');
  const second = await agent.exchange();
  expect(second.accepted).toBe(1);
  expect(second.bytesSent).toBeLessThan(first.bytesSent);
  const kept = await server.context.db
    .selectFrom('sections')
    .select('data')
    .where('section_id', '=', 'memory')
    .executeTakeFirstOrThrow();
  expect(JSON.parse(kept.data ?? 'null')).toMatchObject({ totalBytes: 4_030_000 * 1024 });
});

test('an acknowledgement that is lost on the way costs a second sending, never a second report', async () => {
  const { server, between, agent } = await town();
  const { report } = await agent.round('full');
  between.meddle = (path) => (path === '/agent/v1/reports' ? 'drop' : 'forward');
  await expect(agent.exchange()).rejects.toMatchObject({ name: 'ServerUnreachable', code: 'reset' });
  expect(await stored(server)).toHaveLength(1);
  expect(agent.store.queue().waiting).toBe(1);
  expect(agent.store.readExchange()).toMatchObject({ failure: 'reset', failures: 1 });
  between.meddle = () => 'forward';
  expect(await agent.exchange()).toMatchObject({ accepted: 1 });
  expect((await stored(server)).map(({ id }) => id)).toEqual([report?.envelope.reportId]);
  expect(agent.store.readExchange().failure).toBeUndefined();
});

test('what was collected while the server was away arrives afterwards, in order', async () => {
  const { serverDir, server, between, agent } = await town();
  await server.close();
  for (let day = 0; day < 5; day += 1) {
    await agent.round('cheap');
    await expect(agent.exchange()).rejects.toMatchObject({ name: 'ServerUnreachable' });
  }
  expect(agent.store.queue().waiting).toBe(5);
  const again = await startServer(serverDir);
  between.target = again.url;
  expect(await agent.exchange()).toMatchObject({ accepted: 5 });
  expect((await stored(again)).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
});

test('an answer by somebody else counts as none', async () => {
  const { server, between, agent } = await town();
  const stranger = await startServer(join(folder(), 'stranger'));
  await agent.round('full');
  const strangers = stranger.context.signingKey.thumbprint;
  expect(strangers).not.toBe(server.keyThumbprint);
  between.meddle = (path, answer) =>
    path === '/agent/v1/reports'
      ? Buffer.from(answer.toString().replace(/"receipt":"[^"]+"/, '"receipt":"a.b.c"'))
      : 'forward';
  await expect(agent.exchange()).rejects.toMatchObject({ code: 'answer-invalid' });
  expect(agent.store.queue().waiting).toBe(1);
  between.meddle = () => Buffer.from('<html>Bitte melden Sie sich an</html>');
  await expect(agent.exchange()).rejects.toMatchObject({ code: 'answer-invalid' });
  expect(agent.store.queue().waiting).toBe(1);
});

/** What the package does when it is installed. */
function asInstalled(dataDir: string): void {
  chmodSync(dataDir, 0o755);
  writeFileSync(join(dataDir, 'public', 'requests'), '');
  chmodSync(join(dataDir, 'public', 'requests'), 0o622);
}

test('doctor looks at an enrolled device without disturbing the service', async () => {
  const { agentDir, server, agent } = await town();
  await agent.round('cheap');
  await agent.exchange();
  asInstalled(agentDir);
  const lines: string[] = [];
  const signal = new AbortController().signal;
  const code = await doctorCommand(
    { options: { 'data-dir': agentDir, json: true }, out: (line) => lines.push(line), err: () => undefined, signal },
    // The temporary folder of this test is open to all, which would be a finding.
    { objection: () => undefined },
  );
  const { findings } = JSON.parse(lines.join('')) as { findings: { check: string; result: string; detail: string }[] };
  expect(Object.fromEntries(findings.map(({ check, result }) => [check, result]))).toMatchObject({
    rights: 'ok',
    key: 'ok',
    enrolment: 'ok',
    queue: 'ok',
    clock: 'ok',
    server: 'ok',
  });
  expect(findings.find(({ check }) => check === 'server')?.detail).toContain(server.keyThumbprint);
  expect(code).toBe(0);
});

test('facts the server has lost are sent again when it asks for them', async () => {
  const { server, agent, enrolment } = await town();
  await agent.round('full');
  await agent.exchange();
  await server.context.db
    .updateTable('sections')
    .set({ facts_held: 0, data: null })
    .where('device_id', '=', enrolment.deviceId)
    .where('section_id', '=', 'memory')
    .execute();
  await agent.exchange();
  await agent.round('full');
  await agent.exchange();
  const memory = await server.context.db
    .selectFrom('sections')
    .select(['facts_held', 'data'])
    .where('section_id', '=', 'memory')
    .executeTakeFirstOrThrow();
  expect(memory.facts_held).toBe(1);
  expect(JSON.parse(memory.data ?? 'null')).toMatchObject({ totalBytes: 4_030_000 * 1024 });
});

test('bodies the server has held for a week leave the PC with the next exchange', async () => {
  const { agentDir, agent } = await town();
  await agent.round('cheap');
  await agent.exchange();
  const bodies = (): unknown[] => {
    const db = new DatabaseSync(join(agentDir, 'private', 'agent.db'), { readOnly: true });
    const rows = db.prepare('SELECT sequence FROM outbox WHERE body IS NOT NULL ORDER BY sequence').all();
    db.close();
    return rows.map((row) => row['sequence']);
  };
  const db = new DatabaseSync(join(agentDir, 'private', 'agent.db'));
  db.prepare('UPDATE outbox SET ended_at = ?').run(new Date(Date.now() - 8 * 86_400_000).toISOString());
  db.close();
  expect(bodies()).toEqual([1]);
  await agent.round('cheap');
  await agent.exchange();
  expect(bodies()).toEqual([2]);
});

test.each(['reportId', 'envelopeHash', 'sequence', 'storeEpoch', 'deviceId'] as const)(
  'a genuine receipt with another %s acknowledges nothing',
  async (field) => {
    const { server, between, agent } = await town();
    await agent.round('cheap');
    const other: Receipt = {
      reportId: '11111111-1111-4111-8111-111111111111',
      envelopeHash: 'A'.repeat(43),
      sequence: 99,
      storeEpoch: '11111111-1111-4111-8111-111111111111',
      deviceId: '11111111-1111-4111-8111-111111111111',
      receivedAt: new Date().toISOString(),
      need: [],
    };
    between.meddle = async (path, answer) => {
      if (path !== '/agent/v1/reports') return 'forward';
      const { receipt, ...rest } = JSON.parse(answer.toString());
      const claims = JSON.parse(Buffer.from(receipt.split('.')[1], 'base64url').toString());
      const changed = await signJws(jwsTypes.receipt, { ...claims, [field]: other[field] }, server.context.signingKey);
      return Buffer.from(JSON.stringify({ receipt: changed, ...rest }));
    };
    await expect(agent.exchange()).rejects.toMatchObject({ code: 'answer-invalid' });
    expect(agent.store.queue().waiting).toBe(1);
  },
);

test('yesterday’s signed answer is no answer to today’s question', async () => {
  const { between, agent } = await town();
  let recorded: Buffer | undefined;
  between.meddle = (_path, answer) => {
    recorded ??= answer;
    return recorded;
  };
  await agent.exchange();
  await expect(agent.exchange()).rejects.toMatchObject({ code: 'answer-invalid' });
});

test('a server that cannot show the pinned key gets neither token nor key', async () => {
  const server = await startServer(join(folder(), 'server'));
  const agent = await startAgent(join(folder(), 'agent'));
  const token = await tokenOf(server);
  await expect(agent.enrol({ server: server.url, token, serverKey: 'A'.repeat(43) })).rejects.toMatchObject({
    code: 'server-key',
  });
  expect(await server.context.db.selectFrom('devices').selectAll().execute()).toEqual([]);
  await expect(agent.enrol({ server: server.url, token: 'kits-enrol-wrong-wrong-wrong' })).rejects.toMatchObject({
    code: 'token-invalid',
  });
  expect(agent.enrolment()).toBeUndefined();
  await agent.enrol({ server: server.url, token });
  expect(agent.enrolment()).toMatchObject({ serverKeyThumbprint: server.keyThumbprint, state: 'active' });
});

test('a machine that enrols twice is one device', async () => {
  const { server, agent, enrolment } = await town();
  const again = await agent.enrol({
    server: server.url,
    token: await tokenOf(server),
    serverKey: server.keyThumbprint,
  });
  expect(again.deviceId).toBe(enrolment.deviceId);
  expect(await server.context.db.selectFrom('devices').select('id').execute()).toHaveLength(1);
});

test('reports of a device that waits for approval wait with it', async () => {
  const { server, agent, enrolment } = await town({ approvalRequired: true });
  expect(enrolment.state).toBe('pending');
  await agent.round('full');
  expect(await agent.exchange()).toMatchObject({ accepted: 0, refused: 0 });
  expect(agent.store.queue()).toMatchObject({ waiting: 1, refused: 0 });
  await server.context.db
    .updateTable('devices')
    .set({ state: 'active' })
    .where('id', '=', enrolment.deviceId)
    .execute();
  expect(await agent.exchange()).toMatchObject({ accepted: 1 });
  expect(agent.enrolment()?.state).toBe('active');
});

test('a PC restored from an image begins a new epoch; nothing is lost, nothing is twice', async () => {
  const { agentDir, server, agent } = await town();
  await agent.round('full');
  await agent.exchange();
  await agent.round('cheap');
  close(agent);
  const image = join(folder(), 'image');
  cpSync(agentDir, image, { recursive: true });
  const ahead = await startAgent(agentDir);
  await ahead.round('cheap');
  expect(await ahead.exchange()).toMatchObject({ accepted: 2 });
  const before = ahead.store.epoch;
  close(ahead);
  rmSync(agentDir, { recursive: true });
  cpSync(image, agentDir, { recursive: true });

  const restored = await startAgent(agentDir);
  const { report } = await restored.round('cheap');
  await restored.exchange();
  expect(restored.store.epoch).not.toBe(before);
  expect(restored.store.queue()).toEqual({ waiting: 0, refused: 0 });
  const reports = await stored(server);
  expect(new Set(reports.map(({ id }) => id)).size).toBe(reports.length);
  expect(reports.map(({ id }) => id)).toContain(report?.envelope.reportId);
  expect(reports).toHaveLength(4);
});

test('a PC set back to before reports the server has, which it would send again, leaves no gap unexplained', async () => {
  const { agentDir, server, agent, enrolment } = await town();
  await agent.round('full');
  await agent.exchange();
  await agent.round('cheap');
  await agent.round('cheap');
  close(agent);
  const image = join(folder(), 'image');
  cpSync(agentDir, image, { recursive: true });
  const ahead = await startAgent(agentDir);
  await ahead.round('cheap');
  await ahead.round('cheap');
  await ahead.exchange();
  close(ahead);
  rmSync(agentDir, { recursive: true });
  cpSync(image, agentDir, { recursive: true });

  const restored = await startAgent(agentDir);
  const { report } = await restored.round('cheap');
  await restored.exchange();
  await restored.exchange();
  expect(restored.store.queue()).toEqual({ waiting: 0, refused: 0 });
  const reports = await stored(server);
  expect(new Set(reports.map(({ id }) => id)).size).toBe(reports.length);
  expect(reports.map(({ id }) => id)).toContain(report?.envelope.reportId);
  const device = await describeDevice(server.context, everything, enrolment.deviceId);
  expect(device.gaps).toMatchObject([{ from: 1, to: 2, reason: 'held-before', standing: 'declared' }]);
  expect(device.events.map(({ code }) => code)).not.toContain('clone-suspected');
});

test('a server restored from its backup gets again what it had acknowledged since', async () => {
  const { serverDir, server, between, agent } = await town();
  await agent.round('full');
  await agent.exchange();
  await server.close();
  const backup = join(folder(), 'backup');
  mkdirSync(backup);
  cpSync(serverDir, backup, { recursive: true });
  const later = await startServer(serverDir);
  between.target = later.url;
  await agent.round('cheap');
  await agent.round('cheap');
  expect(await agent.exchange()).toMatchObject({ accepted: 2 });
  await later.close();
  rmSync(serverDir, { recursive: true });
  cpSync(backup, serverDir, { recursive: true });
  expect(existsSync(serverDir)).toBe(true);

  const restored = await startServer(serverDir);
  between.target = restored.url;
  expect(await agent.exchange()).toMatchObject({ accepted: 2 });
  expect((await stored(restored)).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
});

/** Puts the data directory of a server back to how it was, and serves it again. */
async function restoreTo(backup: string, serverDir: string, between: { target: string }): Promise<KitsServer> {
  rmSync(serverDir, { recursive: true });
  cpSync(backup, serverDir, { recursive: true });
  const restored = await startServer(serverDir);
  between.target = restored.url;
  return restored;
}

test('a restored server gets again what was of an earlier epoch of the device, too', async () => {
  const { serverDir, server, between, agent, enrolment } = await town();
  await agent.round('full');
  await agent.exchange();
  await server.close();
  const backup = join(folder(), 'backup');
  cpSync(serverDir, backup, { recursive: true });
  const later = await startServer(serverDir);
  between.target = later.url;
  await agent.round('cheap');
  await agent.exchange();
  await agent.store.renewEpoch(() => Promise.reject(new Error('nothing waits')));
  await agent.round('cheap');
  await agent.exchange();
  const before = await stored(later);
  expect(new Set(before.map(({ store_epoch }) => store_epoch)).size).toBe(2);
  const facts = (of: KitsServer) =>
    of.context.db.selectFrom('sections').select(['section_id', 'collected_at', 'hash']).orderBy('section_id').execute();
  const newest = await facts(later);
  await later.close();

  const restored = await restoreTo(backup, serverDir, between);
  await agent.exchange();
  await agent.exchange();
  expect(agent.store.queue()).toEqual({ waiting: 0, refused: 0 });
  const after = await stored(restored);
  expect(after.map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());
  expect(after.at(-1)?.store_epoch).toBe(agent.store.epoch);
  // What came again last is not what is newest.
  expect(await facts(restored)).toEqual(newest);
  const device = await describeDevice(restored.context, everything, enrolment.deviceId);
  expect([device.state, device.gaps]).toEqual(['active', []]);
});

test('a device enrolled after the backup a server was restored from comes back once KITS approves it, with all it kept', async () => {
  const [serverDir, agentDir, backup] = [join(folder(), 'server'), join(folder(), 'agent'), join(folder(), 'backup')];
  const first = await startServer(serverDir);
  const token = await tokenOf(first);
  await first.close();
  cpSync(serverDir, backup, { recursive: true });
  const second = await startServer(serverDir);
  const between = await middleman(second.url);
  const agent = await startAgent(agentDir);
  const { deviceId } = await agent.enrol({ server: between.url, token, serverKey: second.keyThumbprint });
  await agent.round('full');
  await agent.exchange();
  await agent.round('cheap');
  const before = await stored(second);
  await second.close();

  const restored = await restoreTo(backup, serverDir, between);
  await expect(agent.exchange()).rejects.toMatchObject({ code: 'unknown-device' });
  // It has shown that it was enrolled; whether it belongs here is for people to say.
  expect(await agent.exchange()).toMatchObject({ accepted: 0 });
  expect(agent.enrolment()).toMatchObject({ deviceId, state: 'pending' });
  expect(agent.store.queue()).toMatchObject({ refused: 0 });
  const device = await describeDevice(restored.context, everything, deviceId);
  expect(device.events.map(({ code }) => code)).toContain('readmitted');
  await restored.context.db.updateTable('devices').set({ state: 'active' }).where('id', '=', deviceId).execute();
  await agent.exchange();
  expect(agent.store.queue()).toEqual({ waiting: 0, refused: 0 });
  expect((await stored(restored)).map(({ id }) => id)).toEqual(expect.arrayContaining(before.map(({ id }) => id)));
  expect(await stored(restored)).toHaveLength(2);
});

test('a copied disk in other hardware is a clone: quarantined, the facts stay those of the original', async () => {
  const { agentDir, server, agent, enrolment } = await town({ tree: notebook });
  await agent.round('full');
  await agent.exchange();
  close(agent);
  const copy = join(folder(), 'copy');
  cpSync(agentDir, copy, { recursive: true });
  const otherHardware = Object.fromEntries(
    Object.entries(notebook).map(([path, content]) =>
      /serial|uuid|\/address$/.test(path) && typeof content === 'string'
        ? [path, content.replace(/[1-9]/g, '7')]
        : [path, content],
    ),
  );
  const clone = await startAgent(copy, otherHardware);
  await clone.round('full');
  await expect(clone.exchange()).rejects.toMatchObject({ name: 'ServerRefused', code: 'device-not-active' });
  expect(clone.store.queue().waiting).toBe(1);
  const device = await server.context.db
    .selectFrom('devices')
    .select(['state', 'serial_number'])
    .where('id', '=', enrolment.deviceId)
    .executeTakeFirstOrThrow();
  expect(device).toEqual({ state: 'quarantined', serial_number: 'PF2ABCDE' });
});

test('a device the server has never heard of keeps its reports', async () => {
  const { between, agent } = await town();
  const other = await startServer(join(folder(), 'other'));
  await agent.round('cheap');
  between.target = other.url;
  await expect(agent.exchange()).rejects.toMatchObject({ name: 'ServerRefused', code: 'unknown-device' });
  expect(agent.store.queue()).toMatchObject({ waiting: 1, refused: 0 });
});
