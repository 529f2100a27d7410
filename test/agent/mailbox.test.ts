/** From a line in the mailbox to the server's counts: the real agent, a real server, and the server out of reach meanwhile. */
import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openAgent } from '../../agent/agent.ts';
import { type SentReport, type Status, status } from '../../agent/contract/status.ts';
import { createLog } from '../../agent/log.ts';
import type { Clock } from '../../agent/platform/clock.ts';
import { ServerUnreachable } from '../../agent/report/server-client.ts';
import { createHurry } from '../../agent/schedule/hurry.ts';
import { createTick, startService } from '../../agent/service.ts';
import { loadSettings } from '../../agent/settings/settings.ts';
import { countsFor } from '../../server/fleet/notice-answers.ts';
import { noticeOf, publish } from '../fakes/office-words.ts';
import { recordedMachine } from '../fakes/recorded-machine.ts';
import { startTestServer } from '../fakes/test-server.ts';
import { vm } from '../fixtures/vm.ts';

/** `off`: how far ahead the clock of the PC goes, ms. */
async function office(off = 0) {
  const dataDir = mkdtempSync(join(tmpdir(), 'kits-desk-'));
  const time = { at: Date.now(), passed: 0 };
  const clock: Clock = {
    now: () => new Date(time.at + off),
    monotonicMs: () => time.passed,
    sinceBootMs: () => time.passed,
  };
  const server = await startTestServer({ now: () => new Date(time.at) });
  const lines: { event: string; task?: string }[] = [];
  const log = createLog('debug', (line) => lines.push(JSON.parse(line)));
  const agent = await openAgent({ dataDir, settings: loadSettings(), machine: recordedMachine(vm), log, clock });
  onTestFinished(async () => {
    agent.close();
    await server.close();
    rmSync(dataDir, { recursive: true });
  });
  await agent.enrol({ server: server.url, token: server.token, serverKey: server.keyThumbprint });
  const reach = { isCut: false };
  const cut: typeof agent = {
    ...agent,
    exchange: (options) =>
      reach.isCut ? Promise.reject(new ServerUnreachable('unreachable', 'The cable is out.')) : agent.exchange(options),
  };
  const tick = createTick({ agent: cut, log, clock, hurry: createHurry(clock, Math.random) });
  agent.publishStatus();
  writeFileSync(agent.mailboxFile, '', { mode: 0o622 });
  const publicDir = join(dataDir, 'public');
  return {
    server,
    agent,
    log,
    clock,
    lines,
    reach,
    publicDir,
    db: server.context.db,
    minutes: async (count: number) => {
      for (let minute = 0; minute < count; minute += 1) {
        await tick();
        time.at += 60_000;
        time.passed += 60_000;
      }
    },
    say: (request: object) => appendFileSync(agent.mailboxFile, `${JSON.stringify(request)}\n`),
    status: (): Status => status.parse(JSON.parse(readFileSync(join(publicDir, 'status.json'), 'utf8'))),
    sleep: (minutes: number) => {
      time.at += minutes * 60_000;
      time.passed += minutes * 60_000;
    },
    rounds: () => lines.filter(({ event, task }) => event === 'collected' && task === 'full-round').length,
  };
}

test('what a clerk says of a notice reaches the server; said while it is out of reach, later', async () => {
  const { server, db, minutes, say, status, reach, clock } = await office();
  const notice = noticeOf(server.municipalityId, {}, clock.now());
  await publish(server, notice);
  await minutes(2);
  expect(status().notices).toHaveLength(1);
  await minutes(20);
  expect((await countsFor(db, notice.id)).delivered.devices).toBe(1);

  const [seen, acknowledged] = [randomUUID(), randomUUID()];
  say({ requestId: seen, kind: 'notice-seen', noticeId: notice.id });
  await minutes(1);
  expect(status().handledRequests).toEqual([seen]);
  expect((await countsFor(db, notice.id)).seen).toEqual({ devices: 1, answers: 1 });

  reach.isCut = true;
  say({ requestId: acknowledged, kind: 'notice-acknowledged', noticeId: notice.id });
  await minutes(3);
  expect(status().handledRequests).toEqual([seen, acknowledged]);
  expect((await countsFor(db, notice.id)).acknowledged.devices).toBe(0);
  reach.isCut = false;
  await minutes(30);
  expect((await countsFor(db, notice.id)).acknowledged).toEqual({ devices: 1, answers: 1 });
});

test.each([-2, 2])(
  'a clock %s hours off: the status says the time of the server, and notices hold by it',
  async (hours) => {
    const { server, minutes, status, clock } = await office(hours * 3_600_000);
    const real = (): Date => new Date(clock.now().getTime() - hours * 3_600_000);
    const notice = noticeOf(
      server.municipalityId,
      { validUntil: new Date(real().getTime() + 3_600_000).toISOString() },
      real(),
    );
    await publish(server, notice);
    await minutes(2);
    const { serverTime = '', writtenAt, notices } = status();
    expect(notices).toHaveLength(1);
    expect(Math.round((Date.parse(writtenAt) - Date.parse(serverTime)) / 60_000)).toBe(hours * 60);
  },
);

test('what was said in time counts, though the PC was switched off before the service read it and the notice has ended', async () => {
  const { server, db, minutes, sleep, say, status, clock } = await office();
  const validUntil = new Date(clock.now().getTime() + 60 * 60_000).toISOString();
  const notice = noticeOf(server.municipalityId, { mustAcknowledge: true, validUntil }, clock.now());
  await publish(server, notice);
  await minutes(2);
  const requestId = randomUUID();
  say({ requestId, kind: 'notice-acknowledged', noticeId: notice.id, issuedAt: notice.issuedAt });
  sleep(12 * 60);
  await minutes(5);
  expect(status()).toMatchObject({ notices: [], handledRequests: [requestId] });
  expect((await countsFor(db, notice.id)).acknowledged).toEqual({ devices: 1, answers: 1 });
});

test('a suspicion reaches the server, and its words stand in no file that others at the PC can read', async () => {
  const { db, minutes, say, publicDir, lines, status } = await office();
  await minutes(1);
  const requestId = randomUUID();
  say({ requestId, kind: 'report-suspicion', text: 'Ich habe auf den Anhang geklickt' });
  await minutes(1);
  expect(await db.selectFrom('suspicions').select(['request_id', 'text']).execute()).toEqual([
    { request_id: requestId, text: 'Ich habe auf den Anhang geklickt' },
  ]);
  expect(status().handledRequests).toEqual([requestId]);
  const sent = readdirSync(join(publicDir, 'sent')).map((name) => readFileSync(join(publicDir, 'sent', name), 'utf8'));
  const incident = sent
    .map((text) => JSON.parse(text) as SentReport)
    .find(({ envelope }) => envelope.class === 'incident');
  expect(incident?.body.suspicions?.map(({ requestId: id }) => id)).toEqual([requestId]);
  expect(sent.join('') + JSON.stringify(lines)).not.toContain('Anhang');
});

test('"check now" makes a full round and an exchange at once, however often it is said', async () => {
  const { minutes, say, status, rounds, lines } = await office();
  await minutes(5);
  const before = { rounds: rounds(), collected: status().reporting.lastCollectedAt ?? '' };
  const requestId = randomUUID();
  say({ requestId, kind: 'check-now' });
  const exchanges = () => lines.filter(({ event }) => event === 'reported').length;
  const exchanged = exchanges();
  await minutes(1);
  expect(rounds()).toBe(before.rounds + 1);
  expect(exchanges()).toBe(exchanged + 1);
  expect(status().handledRequests).toEqual([requestId]);
  expect((status().reporting.lastCollectedAt ?? '') > before.collected).toBe(true);
  for (let time = 0; time < 10; time += 1) {
    say({ requestId: randomUUID(), kind: 'check-now' });
    say({ requestId: randomUUID(), kind: 'check-now' });
    await minutes(1);
  }
  expect(rounds()).toBe(before.rounds + 1 + 2);
});

test('the running service looks as soon as something is written', async () => {
  const { agent, log, say, status } = await office();
  const looked = Promise.withResolvers<void>();
  const requestId = randomUUID();
  const watched: typeof agent = {
    ...agent,
    publishStatus: () => {
      agent.publishStatus();
      if (status().handledRequests.includes(requestId)) looked.resolve();
    },
    readMailbox: async () => {
      const look = await agent.readMailbox();
      if (!look.handled) setImmediate(() => say({ requestId, kind: 'check-now' }));
      return look;
    },
  };
  const service = startService({ agent: watched, log });
  await looked.promise;
  await service.stop();
});
