/** A new notice or policy is told to those it is for within about a second, whoever wrote it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { main } from '../../../server/cli.ts';
import { watchWords } from '../../../server/push/watch-words.ts';
import { groupOf, noticeOf, publish, setPolicy } from '../../fakes/office-words.ts';
import { createTestAgent, type Listening } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.close());

async function listening(token = server.token): Promise<Listening & { readonly id: string }> {
  const agent = await createTestAgent({ url: server.url, token });
  await agent.enrol();
  const stream = await agent.listen();
  onTestFinished(() => stream.close());
  expect((await stream.next())?.name).toBe('ready');
  return { ...stream, id: agent.state.deviceId };
}

/** What a mark sent to everybody finds before it. */
async function heardBefore(stream: Listening, mark: string): Promise<unknown[]> {
  const heard: unknown[] = [];
  for (;;) {
    const event = await stream.next();
    if (event === undefined) throw new Error('the stream ended');
    if (event.name === 'report' && event.data.sections[0] === mark) return heard;
    heard.push(event.name === 'notice' ? event.data.notice : { [event.name]: event.data });
  }
}

test('a notice reaches its municipality, its group or its device, as it was signed', async () => {
  const elsewhere = await server.addMunicipality('Grabfeld');
  const [first, second] = [await listening(), await listening()];
  const stranger = await listening(await server.addToken(elsewhere));
  const group = await groupOf(server.context, server.municipalityId, [second.id]);
  // That it belongs to a group now is news of its own.
  expect((await second.next())?.name).toBe('policy');
  const here = { municipality: server.municipalityId };
  const toAll = await publish(server, noticeOf(server.municipalityId));
  const toGroup = await publish(server, noticeOf(server.municipalityId, { audience: { ...here, group } }));
  const toDevice = await publish(server, noticeOf(server.municipalityId, { audience: { ...here, device: first.id } }));
  expect([(await first.next())?.data.notice, (await first.next())?.data.notice]).toEqual([toAll, toDevice]);
  expect([(await second.next())?.data.notice, (await second.next())?.data.notice]).toEqual([toAll, toGroup]);
  for (const municipalityId of [server.municipalityId, elsewhere]) {
    server.context.push.publish({ municipalityId }, { name: 'report', data: { sections: ['mark'] } });
  }
  expect(await Promise.all([first, second, stranger].map((stream) => heardBefore(stream, 'mark')))).toEqual([
    [],
    [],
    [],
  ]);
});

test('a notice published by a command beside the running server is told as well', async () => {
  const stream = await listening();
  const file = join(server.dataDir, 'notice.json');
  const { audience: _audience, id: _id, issuedAt: _at, validFrom: _from, ...draft } = noticeOf(server.municipalityId);
  writeFileSync(file, JSON.stringify(draft));
  const lines: string[] = [];
  const code = await main(['publish-notice', file, '--municipality', 'Wasungen', '--data-dir', server.dataDir], {
    out: (line) => void lines.push(line),
    err: (line) => void lines.push(line),
    signal: new AbortController().signal,
  });
  expect([code, lines.join('\n')]).toEqual([0, expect.stringContaining('Published')]);
  expect((await stream.next())?.name).toBe('notice');
});

test('a policy is told to those it reaches, once for each change, and spread over time where they are many', async () => {
  const { municipalityId } = server;
  const [first, second] = [await listening(), await listening()];
  const { db } = server.context;
  const row = await db.selectFrom('devices').selectAll().limit(1).executeTakeFirstOrThrow();
  for (let count = 0; count < 400; count += 1) {
    const id = `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`;
    await db
      .insertInto('devices')
      .values({ ...row, id, key_thumbprint: id, key_x: id })
      .execute();
  }
  await setPolicy(server.context, `municipality-${municipalityId}`, { checkInSeconds: 300 });
  expect((await first.next())?.data).toEqual({ spreadSeconds: 20 });
  expect((await second.next())?.data).toEqual({ spreadSeconds: 20 });
  await setPolicy(server.context, `device-${first.id}`, { checkInSeconds: 120 });
  expect((await first.next())?.data).toEqual({ spreadSeconds: 0 });
  await setPolicy(server.context, 'district', { fullRoundMinutes: 120 });
  expect((await second.next())?.data).toEqual({ spreadSeconds: 20 });
});

test('whoever comes into a group, leaves it, or gets or loses an exception is told, and nobody else', async () => {
  const { db, log } = server.context;
  const told: { deviceIds?: readonly string[]; name: string }[] = [];
  const push = {
    publish: (target: { deviceIds?: readonly string[] }, { name }: { name: string }) =>
      void told.push({ ...(target.deviceIds === undefined ? {} : { deviceIds: target.deviceIds }), name }),
    deviceMoved: () => undefined,
  };
  const agents = [await createTestAgent(server), await createTestAgent(server)];
  for (const agent of agents) await agent.enrol();
  const [first, second] = agents.map(({ state }) => state.deviceId);
  const watch = watchWords({ db, log, push });
  onTestFinished(() => watch.stop());
  const news = async () => {
    await watch.look();
    return told.splice(0);
  };
  expect(await news()).toEqual([]);
  await groupOf(server.context, server.municipalityId, [first!]);
  expect(await news()).toEqual([{ name: 'policy', deviceIds: [first] }]);
  expect(await news()).toEqual([]);
  await db.updateTable('group_members').set({ removed_at: new Date().toISOString() }).execute();
  expect(await news()).toEqual([{ name: 'policy', deviceIds: [first] }]);
  const exception = {
    rule_id: 'storage-free',
    municipality_id: server.municipalityId,
    reason: 'wird ersetzt',
    approved_by: 'KITS',
    approved_at: new Date().toISOString(),
    expires_at: new Date(Date.now() + 86_400_000).toISOString(),
    entered_by: 'KITS',
    withdrawn_at: null,
    withdrawn_by: null,
  };
  await db
    .insertInto('exceptions')
    .values({ ...exception, id: 'one', device_id: second! })
    .execute();
  expect(await news()).toEqual([{ name: 'policy', deviceIds: [second] }]);
  await db
    .insertInto('exceptions')
    .values({ ...exception, id: 'all', device_id: null })
    .execute();
  expect(await news()).toEqual([{ name: 'policy' }]);
  await db.updateTable('exceptions').set({ withdrawn_at: new Date().toISOString() }).where('id', '=', 'one').execute();
  expect(await news()).toEqual([{ name: 'policy', deviceIds: [second] }]);
});

test('what was there before the first look is no news', async () => {
  await publish(server, noticeOf(server.municipalityId));
  await setPolicy(server.context, `municipality-${server.municipalityId}`, { checkInSeconds: 300 });
  const told: unknown[] = [];
  const { db, log } = server.context;
  const push = { publish: (...event: unknown[]) => void told.push(event), deviceMoved: () => undefined };
  const watch = watchWords({ db, log, push });
  onTestFinished(() => watch.stop());
  await watch.look();
  await watch.look();
  expect(told).toEqual([]);
  await publish(server, noticeOf(server.municipalityId));
  await watch.look();
  await watch.look();
  expect(told).toHaveLength(1);
});
