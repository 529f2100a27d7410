/** The site of docs/operations/server.md, as it stands there, in a real nginx: what a real agent and a browser get through it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { openAgent } from '../../../agent/agent.ts';
import { createLog } from '../../../agent/log.ts';
import type { HeardEvent } from '../../../agent/report/event-stream.ts';
import { loadSettings } from '../../../agent/settings/settings.ts';
import { streamLimits } from '../../../server/push/device-streams.ts';
import { createServer } from '../../../server/server.ts';
import { createSignInLink, createUser } from '../../../server/staff/users.ts';
import { noticeOf, publish } from '../../fakes/office-words.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';
import { expectAllHeld, writeSettings } from '../../faults/town.ts';
import { type Certificates, makeCertificates } from '../../fixtures/certificates.ts';
import { reservedPort } from '../../fixtures/reserved-port.ts';
import { vm } from '../../fixtures/vm.ts';
import { auditOf } from '../api/staffed-server.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/operations/server.md'), 'utf8');
const site = /^```nginx\n([\s\S]*?)^```/m.exec(page)?.[1] ?? '';

let dir: string;
let certificates: Certificates;
let server: TestServer;
let url: string;
let endNginx: () => Promise<void>;

/** Answers once connections are taken. */
async function startNginx(port: number): Promise<() => Promise<void>> {
  const { key, cert } = certificates.issue('nginx', 10);
  writeFileSync(join(dir, 'privkey.pem'), key, { mode: 0o600 });
  writeFileSync(join(dir, 'fullchain.pem'), cert);
  const here = site
    .replace('127.0.0.1:7480', new URL(server.url).host)
    .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
    .replace('server_name kits.example', 'server_name localhost')
    .replaceAll('/etc/ssl/kits/', `${dir}/`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (what) => `${what}_temp_path ${dir}/${what};`,
  );
  // What Debian's own nginx.conf puts around a site, with places of this test.
  const user = process.getuid?.() === 0 ? ['user root;'] : [];
  const around = [
    ...user,
    'daemon off;',
    `pid ${dir}/pid;`,
    'worker_processes 1;',
    'events { worker_connections 512; }',
  ];
  const http = [`access_log off;`, 'gzip on;', 'gzip_types application/json;', ...temporary, here];
  writeFileSync(join(dir, 'nginx.conf'), [...around, 'http {', ...http, '}'].join('\n'));
  const child = spawn('/usr/sbin/nginx', ['-e', join(dir, 'error.log'), '-p', dir, '-c', join(dir, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = text(child.stderr);
  const ended = once(child, 'exit');
  const end = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  await vi
    .waitFor(
      async () => {
        if (child.exitCode !== null) throw new Error(`nginx ended: ${await said}`);
        const socket = connect(port, '127.0.0.1');
        await once(socket, 'connect').finally(() => socket.destroy());
      },
      { timeout: 30_000 },
    )
    .catch(async (error: unknown) => {
      await end();
      throw error;
    });
  return end;
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kits-nginx-'));
  mkdirSync(join(dir, 'agent'));
  certificates = makeCertificates();
  server = await startTestServer({ dataDir: join(dir, 'server'), port: await reservedPort() });
  const port = await reservedPort();
  url = `https://localhost:${port}`;
  endNginx = await startNginx(port);
});
afterAll(async () => {
  await endNginx?.();
  await server.close();
  certificates.remove();
  rmSync(dir, { recursive: true });
});

async function ask(path: string, options: { method?: string; headers?: object; body?: Buffer | string } = {}) {
  const { method = 'GET', headers = {}, body } = options;
  const sent = request(`${url}${path}`, { method, ca: certificates.ca, headers: { ...headers } });
  sent.end(body);
  const [response] = await once(sent, 'response');
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

test('an agent joins, reports, hears at once what is published, and loses nothing while the server is away', async () => {
  const agentDir = join(dir, 'agent');
  const settings = loadSettings({ configFile: writeSettings(agentDir, { caFile: certificates.caFile }) });
  const log = createLog('error', (line) => void process.stderr.write(line));
  const agent = await openAgent({ dataDir: agentDir, settings, machine: recordedMachine(vm), log });
  onTestFinished(() => agent.close());
  await agent.enrol({ server: url, token: server.token, serverKey: server.keyThumbprint });
  const heard: HeardEvent[] = [];
  const stream = agent.events((event) => heard.push(event));
  onTestFinished(() => stream.stop());
  await agent.round('cheap');
  await agent.exchange();
  await stream.look(true);
  await expect.poll(() => stream.state()).toBe('open');
  await publish(server, noticeOf(server.municipalityId));
  await expect.poll(() => heard.map(({ name }) => name)).toEqual(['missed', 'notice']);

  const port = Number(new URL(server.url).port);
  await server.close();
  await agent.round('cheap');
  await expect(agent.exchange()).rejects.toMatchObject({ code: expect.any(String) });
  expect(agent.store.queue().waiting).toBeGreaterThan(0);
  const again = await createServer({ dataDir: server.dataDir, port, logLevel: 'silent' });
  server = { ...server, ...again, close: () => again.close() };
  await expect
    .poll(() =>
      agent.exchange().then(
        () => agent.store.queue().waiting,
        () => -1,
      ),
    )
    .toBe(0);
  expect(expectAllHeld({ serverDir: server.dataDir, agentDir })).toBeGreaterThanOrEqual(2);
});

test('the stream outlives more than one heartbeat that comes late', () => {
  const minutes = Number(/location = \/agent\/v1\/events \{[^}]*proxy_read_timeout (\d+)m;/.exec(site)?.[1]);
  expect(minutes * 60_000).toBeGreaterThan(2 * streamLimits.heartbeatMs);
});

test('a large report is judged by the server, not by nginx', async () => {
  const answer = await ask('/agent/v1/reports', {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.kits.report' },
    body: Buffer.alloc(7 * 1024 * 1024),
  });
  expect(answer.headers['content-type']).toContain('application/problem+json');
});

test('where a request came from is what nginx saw, and cookies are kept to https', async () => {
  await createUser(server.context, 'test', { name: 'technik', role: 'technician', municipalityIds: [] });
  const { secret } = await createSignInLink(server.context, 'test', 'technik');
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'http' };
  const signIn = (link: string) => ask('/api/v1/session', { method: 'POST', headers, body: JSON.stringify({ link }) });
  expect((await signIn('there-is-no-such-link')).status).toBe(401);
  expect(await auditOf(server.context, 'session.refused')).toMatchObject([
    { detail: '{"by":"link","address":"127.0.0.1"}' },
  ]);
  const signedIn = await signIn(secret);
  expect(signedIn.headers['set-cookie']?.every((cookie: string) => cookie.includes('Secure'))).toBe(true);
});

test('figures and readiness are not for the network', async () => {
  expect((await ask('/healthz')).status).toBe(200);
  for (const path of ['/metrics', '/readyz']) expect((await ask(path)).status).toBe(404);
  expect((await fetch(`${server.url}/metrics`)).status).toBe(200);
});
