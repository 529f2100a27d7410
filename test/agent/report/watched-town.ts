/** A server, an agent enrolled with it, and somebody between them who may answer in its place or change what passes. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Agent, openAgent } from '../../../agent/agent.ts';
import { status } from '../../../agent/contract/status.ts';
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

/** What he makes of a request before he passes it on. */
export type Rewrite = (request: { path: string; headers: IncomingHttpHeaders; body: Buffer }) => {
  headers: IncomingHttpHeaders;
  body: Buffer;
};

export type WatchedTown = Awaited<ReturnType<typeof town>>;

export async function town(options: { clock?: Clock; configuration?: object } = {}) {
  const server = await startTestServer();
  const dataDir = mkdtempSync(join(tmpdir(), 'kits-lost-'));
  const configFile = join(dataDir, 'agent.json');
  writeFileSync(configFile, JSON.stringify(options.configuration ?? {}));
  const between = { instead: undefined as Instead, rewrite: undefined as Rewrite | undefined, asked: 0 };
  const proxy = createHttp(async (incoming, outgoing) => {
    between.asked += 1;
    if (between.instead !== undefined && (incoming.url ?? '').startsWith(between.instead.path ?? '/')) {
      const { status, code, times } = between.instead;
      if (times !== undefined) between.instead = times > 1 ? { ...between.instead, times: times - 1 } : undefined;
      const problem = { type: 'about:blank', title: code, status, code };
      incoming.resume();
      outgoing.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
      return;
    }
    const path = incoming.url ?? '';
    const came = { path, headers: incoming.headers, body: Buffer.concat(await incoming.toArray()) };
    const { headers, body } = between.rewrite?.(came) ?? came;
    const { 'content-length': _before, 'transfer-encoding': _chunked, ...rest } = headers;
    const length = incoming.method === 'GET' ? {} : { 'content-length': String(body.byteLength) };
    const upstream = httpRequest(
      server.url + path,
      { method: incoming.method, headers: { ...rest, ...length } },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      },
    );
    upstream.on('error', () => outgoing.destroy());
    upstream.end(body);
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

export async function deviceOf({ server, agent }: { server: TestServer; agent: Agent }) {
  return describeDevice(server.context, everything, agent.enrolment()?.deviceId ?? '');
}
export const gapsOf = async (here: { server: TestServer; agent: Agent }) =>
  (await deviceOf(here)).gaps.map(({ from, to, reports, reason, standing }) => ({
    from,
    to,
    reports,
    reason,
    standing,
  }));

/** What the status file says of the transmission. */
export function reportingOf({ agent, dataDir }: Pick<WatchedTown, 'agent' | 'dataDir'>) {
  agent.publishStatus();
  return status.parse(JSON.parse(readFileSync(join(dataDir, 'public', 'status.json'), 'utf8'))).reporting;
}

export function movableClock(start: string): Clock & { forward(ms: number): void; set(ms: number): void } {
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
