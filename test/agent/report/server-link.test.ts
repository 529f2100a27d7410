/** The agent against a real KITS server on loopback, with a middleman who can lose and forge what passes. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { doctorCommand } from '../../../agent/commands/inspect.ts';
import { jwsTypes, type Receipt } from '../../../agent/contract/wire.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import { folder, startAgent, startServer, stored, tokenOf, town } from './linked-town.ts';

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

test('a genuine receipt for something else acknowledges nothing, whatever of it is other', async () => {
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
  for (const field of ['reportId', 'envelopeHash', 'sequence', 'storeEpoch', 'deviceId'] as const) {
    between.meddle = async (path, answer) => {
      if (path !== '/agent/v1/reports') return 'forward';
      const { receipt, ...rest } = JSON.parse(answer.toString());
      const claims = JSON.parse(Buffer.from(receipt.split('.')[1], 'base64url').toString());
      const changed = await signJws(jwsTypes.receipt, { ...claims, [field]: other[field] }, server.context.signingKey);
      return Buffer.from(JSON.stringify({ receipt: changed, ...rest }));
    };
    await expect(agent.exchange(), field).rejects.toMatchObject({ code: 'answer-invalid' });
    expect([field, agent.store.queue().waiting]).toEqual([field, 1]);
  }
  between.meddle = () => 'forward';
  expect(await agent.exchange()).toMatchObject({ accepted: 1 });
});

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

test('a device the server has never heard of keeps its reports', async () => {
  const { between, agent } = await town();
  const other = await startServer(join(folder(), 'other'));
  await agent.round('cheap');
  between.target = other.url;
  await expect(agent.exchange()).rejects.toMatchObject({ name: 'ServerRefused', code: 'unknown-device' });
  expect(agent.store.queue()).toMatchObject({ waiting: 1, refused: 0 });
});
