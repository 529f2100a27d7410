/** The agent's stream of events against a real KITS server, straight and through proxies that hold back, stall and cut. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import {
  createServer as createHttp,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openAgent } from '../../../agent/agent.ts';
import type { Notice } from '../../../agent/contract/policy.ts';
import { jwsTypes } from '../../../agent/contract/wire.ts';
import { createLog } from '../../../agent/log.ts';
import type { Clock } from '../../../agent/platform/clock.ts';
import type { HeardEvent } from '../../../agent/report/event-stream.ts';
import { startService } from '../../../agent/service.ts';
import { loadSettings } from '../../../agent/settings/settings.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import { generateKey } from '../../../agent/signing/keys.ts';
import { requestReport } from '../../../server/fleet/report-requests.ts';
import { everything } from '../../../server/fleet/scope.ts';
import { composeNotice, recallNotice } from '../../../server/notices/compose.ts';
import { describeNotice } from '../../../server/notices/list.ts';
import { streamLimits } from '../../../server/push/device-streams.ts';
import { createServer } from '../../../server/server.ts';
import { noticeOf, publish } from '../../fakes/office-words.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { startTestServer, type TestServerOptions } from '../../fakes/test-server.ts';
import { reservedPort } from '../../fixtures/reserved-port.ts';
import { vm } from '../../fixtures/vm.ts';

const actor = { name: 'Tilo Technik', scope: everything };
const minuteMs = 60_000;
const hourMs = 3_600_000;

/** Real time, moved on by hand. */
function movedClock(): Clock & { pass(ms: number): void } {
  let ahead = 0;
  return {
    now: () => new Date(Date.now() + ahead),
    monotonicMs: () => performance.now() + ahead,
    sinceBootMs: () => performance.now() + ahead,
    pass: (ms) => {
      ahead += ms;
    },
  };
}

async function town(options: { server?: TestServerOptions; through?: (target: string) => Promise<string> } = {}) {
  const clock = movedClock();
  // The server's limits go by the same time: what is hours later for the device is so for the server.
  const server = await startTestServer({ now: () => clock.now(), ...options.server });
  const dataDir = mkdtempSync(join(tmpdir(), 'kits-events-'));
  const lines: { event: string; why?: string; seconds?: number; task?: string }[] = [];
  const log = createLog('debug', (line) => lines.push(JSON.parse(line)));
  const settings = loadSettings();
  const agent = await openAgent({ dataDir, settings, machine: recordedMachine(vm), log, clock });
  const url = (await options.through?.(server.url)) ?? server.url;
  await agent.enrol({ server: url, token: server.token, serverKey: server.keyThumbprint });
  const { deviceId } = agent.enrolment()!;
  const heard: HeardEvent[] = [];
  const stream = agent.events((event) => heard.push(event));
  onTestFinished(async () => {
    await stream.stop();
    agent.close();
    await server.close();
    rmSync(dataDir, { recursive: true });
  });
  const waits = () => lines.filter(({ event }) => event === 'events-waiting');
  return {
    server,
    agent,
    stream,
    heard,
    names: () => heard.map(({ name }) => name),
    clock,
    log,
    lines,
    dataDir,
    waits,
    deviceId,
    ask: (...sections: string[]) => requestReport(server.context, actor, deviceId, sections),
    openRequests: () => server.context.db.selectFrom('report_requests').select('section_id').execute(),
    opened: () => expect.poll(() => stream.state()).toBe('open'),
    /** The stream has ended and the agent has decided when to try again. */
    waited: async (times: number) => {
      await expect.poll(() => waits().length).toBe(times);
      return waits().at(-1)!;
    },
  };
}
type Town = Awaited<ReturnType<typeof town>>;

/**
 * The service beside this agent. A check-in that it draws at random, within a minute after the stream has opened, does not come
 * in between: what arrives, arrives by the stream.
 */
function serviceOf({ agent, log, clock }: Town): void {
  const service = startService({ agent, log, clock: { ...clock, monotonicMs: () => 0 } });
  onTestFinished(() => service.stop());
}

/** Delivers without the stream: what staff asked for arrives with the next check-in. */
async function deliversByCheckIn({ agent, ask, openRequests }: Town): Promise<void> {
  await ask('memory');
  expect(await agent.exchange()).toMatchObject({ accepted: 1 });
  expect(await openRequests()).toEqual([]);
}

/** A proxy between agent and server; `answer` decides what becomes of the stream, everything else passes. */
function proxy(answer: (upstream: IncomingMessage, outgoing: ServerResponse) => void) {
  return async (target: string): Promise<string> => {
    const between = createHttp((incoming, outgoing) => {
      const { method, headers, url } = incoming;
      const upstream = httpRequest(`${target}${url}`, { method, headers }, (from) => {
        if (url === '/agent/v1/events' && from.statusCode === 200) return answer(from, outgoing);
        outgoing.writeHead(from.statusCode ?? 500, from.headers);
        from.pipe(outgoing);
      });
      upstream.on('error', () => outgoing.destroy());
      outgoing.on('close', () => upstream.destroy());
      incoming.pipe(upstream);
    }).listen(0, '127.0.0.1');
    await once(between, 'listening');
    onTestFinished(() => {
      between.closeAllConnections();
      between.close();
    });
    return `http://127.0.0.1:${(between.address() as AddressInfo).port}`;
  };
}

test('opens at a look, hears what is for it, and says once that something may have been missed', async () => {
  const here = await town();
  await here.stream.look(false);
  expect(here.stream.state()).toBe('waiting');
  await here.stream.look(true);
  await here.opened();
  await here.ask('memory');
  const { push } = here.server.context;
  push.publish({ municipalityId: here.server.municipalityId }, { name: 'policy', data: { spreadSeconds: 300 } });
  push.publish({ municipalityId: here.server.municipalityId }, { name: 'notice', data: { notice: 'a.b.c' } });
  await expect
    .poll(() => here.heard)
    .toEqual([
      { name: 'missed' },
      { name: 'report' },
      { name: 'policy', spreadSeconds: 300 },
      { name: 'notice', notice: 'a.b.c' },
    ]);
});

test('comes back within a minute after the server ended a stream that had worked, and misses nothing', async () => {
  const here = await town({ server: { streamLimits: { ...streamLimits, heartbeatMs: 1000 } } });
  await here.stream.look(true);
  await here.opened();
  // A heartbeat was heard: the way is free.
  here.clock.pass(2000);
  here.server.context.push.publish({ municipalityId: here.server.municipalityId }, { name: 'policy', data: {} });
  await expect.poll(here.names).toEqual(['missed', 'policy']);
  here.server.context.push.deviceMoved(here.deviceId, null);
  expect((await here.waited(1)).seconds).toBeLessThanOrEqual(60);
  await here.ask('memory');
  here.clock.pass(minuteMs);
  await here.stream.look(true);
  await expect.poll(here.names).toEqual(['missed', 'policy', 'report']);
});

test('after a restart of the server it is told that something may be missing', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'kits-events-'));
  const port = await reservedPort();
  const here = await town({ server: { dataDir, port } });
  await here.stream.look(true);
  await here.opened();
  await here.server.close();
  const again = await createServer({ dataDir, port, logLevel: 'silent' });
  onTestFinished(async () => {
    await again.close();
    rmSync(dataDir, { recursive: true });
  });
  await here.waited(1);
  here.clock.pass(hourMs);
  await here.stream.look(true);
  await expect.poll(here.names).toEqual(['missed', 'missed']);
});

test('a proxy that holds the answer back is noticed within a minute or two, tried again rarely, and check-ins deliver', async () => {
  const held: ServerResponse[] = [];
  const here = await town({
    through: proxy((from, outgoing) => {
      // As many filters do: pass on when the whole answer is here, which it never is.
      held.push(outgoing);
      outgoing.writeHead(200, { 'content-type': from.headers['content-type'] }).flushHeaders();
      from.resume();
    }),
  });
  await here.stream.look(true);
  expect(here.stream.state()).toBe('opening');
  here.clock.pass(minuteMs + 1);
  await here.stream.look(true);
  const { why, seconds } = await here.waited(1);
  expect(why).toBe('silent');
  expect(seconds).toBeGreaterThanOrEqual(3600);
  await deliversByCheckIn(here);
  for (let minute = 0; minute < 59; minute += 1) {
    here.clock.pass(minuteMs);
    await here.stream.look(true);
  }
  expect(held).toHaveLength(1);
  here.clock.pass(hourMs + minuteMs);
  await here.stream.look(true);
  expect(held).toHaveLength(2);
  expect(here.heard).toEqual([]);
});

test('a connection that goes silent after its greeting is given up after two heartbeats and a half', async () => {
  const here = await town({
    through: proxy((from, outgoing) => {
      outgoing.writeHead(200, from.headers);
      from.once('data', (greeting) => outgoing.write(greeting));
    }),
  });
  await here.stream.look(true);
  await here.opened();
  here.clock.pass(4 * minuteMs);
  await here.stream.look(true);
  expect(here.stream.state()).toBe('open');
  here.clock.pass(1.1 * minuteMs);
  await here.stream.look(true);
  expect((await here.waited(1)).why).toBe('silent');
  await deliversByCheckIn(here);
});

test('a proxy that cuts the stream again and again is tried less and less often, and check-ins deliver', async () => {
  const here = await town({
    through: proxy((from, outgoing) => {
      outgoing.writeHead(200, from.headers);
      from.once('data', (greeting) => outgoing.write(greeting, () => outgoing.destroy()));
    }),
  });
  const waited: number[] = [];
  for (let attempt = 1; attempt <= 9; attempt += 1) {
    await here.stream.look(true);
    const { why, seconds } = await here.waited(attempt);
    expect(why).toBe('cut');
    waited.push(seconds!);
    here.clock.pass(seconds! * 1000 + 500);
  }
  // Drawn at random from up to an hour by then.
  expect(Math.max(...waited.slice(-4))).toBeGreaterThan(300);
  expect(Math.max(...waited)).toBeLessThanOrEqual(3600);
  await deliversByCheckIn(here);
});

test('what is no stream of events ends the attempt, whatever it says', async () => {
  const here = await town({
    through: proxy((from, outgoing) => {
      from.resume();
      outgoing.writeHead(200, { 'content-type': 'text/html' });
      outgoing.write(
        'event: report\ndata: {"sections":"all"}\n\nevent: run\ndata: {"command":"x"}\n\nevent: policy\ndata: {\n\n',
      );
      outgoing.end('x'.repeat(300_000));
    }),
  });
  await here.stream.look(true);
  expect((await here.waited(1)).why).toBe('not-events');
  expect(here.heard).toEqual([]);
});

test('a server that is full or away is asked again after a while, as it says', async () => {
  const here = await town({ server: { streamLimits: { ...streamLimits, total: 0 } } });
  await here.stream.look(true);
  const { why, seconds } = await here.waited(1);
  expect(why).toBe('no-room');
  expect(seconds).toBeGreaterThanOrEqual(600);
  await deliversByCheckIn(here);
  await here.server.close();
  here.clock.pass(hourMs);
  await here.stream.look(true);
  expect((await here.waited(2)).why).toBe('refused');
});

test('the service sends what staff ask for within seconds, without anybody touching the PC', async () => {
  const here = await town();
  serviceOf(here);
  await expect.poll(() => here.lines.some(({ event }) => event === 'events-open')).toBe(true);
  const reports = () => here.server.context.db.selectFrom('reports').select('id').execute();
  const before = (await reports()).length;
  await here.ask('memory', 'storage');
  await expect.poll(here.openRequests).toEqual([]);
  expect(await reports()).toHaveLength(before + 1);
  expect(here.lines).toContainEqual(expect.objectContaining({ event: 'collected', task: 'asked', sections: 2 }));
});

test('a notice is on the screen of the PC seconds after it was published, and a forged one never', async () => {
  const here = await town();
  const { dataDir, municipalityId, context } = here.server;
  serviceOf(here);
  await expect.poll(() => here.lines.some(({ event }) => event === 'events-open')).toBe(true);
  const shown = (): string[] => JSON.parse(readFileSync(join(here.dataDir, 'public', 'status.json'), 'utf8')).notices;
  const checkIns = () => here.lines.filter(({ event }) => event === 'reported').length;
  const before = checkIns();
  const forged = await signJws(jwsTypes.notice, noticeOf(municipalityId), await generateKey());
  context.push.publish({ municipalityId }, { name: 'notice', data: { notice: forged } });
  const jws = await publish({ dataDir, context }, noticeOf(municipalityId));
  await expect.poll(shown).toEqual([jws]);
  // By the stream itself: no check-in was needed.
  expect(checkIns()).toBe(before);
});

/** What a member of staff publishes in the console, and what the PC shows of it. */
async function staffTown(through?: (target: string) => Promise<string>) {
  const here = await town(through === undefined ? {} : { through });
  const { context, municipalityId } = here.server;
  serviceOf(here);
  const { id: _id, issuedAt: _at, validFrom: _from, ...draft } = noticeOf(municipalityId, { severity: 'urgent' });
  return {
    ...here,
    context,
    compose: () => composeNotice(context, actor, draft),
    shown: (): Notice[] =>
      JSON.parse(readFileSync(join(here.dataDir, 'public', 'status.json'), 'utf8')).notices.map((jws: string) =>
        JSON.parse(Buffer.from(jws.split('.')[1]!, 'base64url').toString()),
      ),
    progress: async (id: string) => (await describeNotice(context, everything, id)).progress,
  };
}

test('what staff publish and recall reaches the PC by the stream, and counts as delivered with its next check-in', async () => {
  const here = await staffTown();
  await expect.poll(() => here.lines.some(({ event }) => event === 'events-open')).toBe(true);
  const { id } = await here.compose();
  await expect.poll(here.shown).toMatchObject([{ id, severity: 'urgent' }]);
  expect(await here.progress(id)).toMatchObject({ devices: 1, delivered: 0 });
  await here.agent.exchange();
  expect(await here.progress(id)).toMatchObject({ devices: 1, delivered: 1 });
  await recallNotice(here.context, actor, id);
  await expect.poll(here.shown).toEqual([]);
  await here.agent.exchange();
  expect(await here.progress(id)).toMatchObject({ delivered: 1 });
});

test('where a proxy cuts the stream, the check-in delivers what staff publish', async () => {
  const here = await staffTown(
    proxy((from, outgoing) => {
      from.destroy();
      outgoing.destroy();
    }),
  );
  await expect.poll(() => here.waits().length).toBeGreaterThan(0);
  const { id } = await here.compose();
  await here.agent.exchange();
  await expect.poll(here.shown).toMatchObject([{ id, severity: 'urgent' }]);
  expect(here.lines.some(({ event }) => event === 'events-open')).toBe(false);
  await here.agent.exchange();
  expect(await here.progress(id)).toMatchObject({ devices: 1, delivered: 1 });
});
