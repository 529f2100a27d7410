import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { problemDocument, proofHeader } from '../../../agent/contract/wire.ts';
import { createTestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';

let server: TestServer;
let consoleDir: string;
const logLines: string[] = [];

beforeAll(async () => {
  consoleDir = await mkdtemp(join(tmpdir(), 'kits-console-'));
  const logStream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logLines.push(chunk.toString());
      done();
    },
  });
  server = await startTestServer({ consoleDir, logLevel: 'debug', logStream });
});
afterAll(async () => {
  await server.close();
  await rm(consoleDir, { recursive: true, force: true });
});

const get = (path: string, init: RequestInit = {}) => fetch(server.url + path, init);

async function expectProblem(response: Response, status: number, code: string): Promise<void> {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const problem = problemDocument.parse(await response.json());
  expect([response.status, problem.status, problem.code]).toEqual([status, status, code]);
}

describe('errors are problem documents', () => {
  test.each(['/nothing', '/api/v1/nothing', '/agent/v1/nothing', '/agent', '/geraetex', '/assets/none.js'])(
    'at %s, where there is nothing',
    async (path) => expectProblem(await get(path), 404, 'not-found'),
  );

  test('for a method an address does not have', async () => {
    const response = await get('/agent/v1/keys', { method: 'PUT' });
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    await expectProblem(response, 405, 'method-not-allowed');
    await expectProblem(await get('/agent/v1/reports'), 405, 'method-not-allowed');
    await expectProblem(await get('/api/v1/devices/x', { method: 'DELETE' }), 405, 'method-not-allowed');
  });

  test('for an address that is not valid', async () => expectProblem(await get('/%E0%A4%A'), 400, 'bad-request'));

  const post = (body: string, type = 'application/json') =>
    get('/api/v1/session', { method: 'POST', headers: { 'content-type': type }, body });

  test('for JSON that is none', async () => expectProblem(await post('{"user":'), 400, 'malformed'));
  test('for no JSON at all', async () => expectProblem(await post(''), 400, 'malformed'));
  test('for another media type', async () => expectProblem(await post('a', 'text/csv'), 415, 'unsupported-media-type'));
  test('for too much', async () => expectProblem(await post(`"${'x'.repeat(300_000)}"`), 413, 'too-large'));

  test('for JSON that does not fit, naming the field and not the value', async () => {
    const response = await post('{"user":"","password":"hunter2hunter2"}');
    const text = await response.clone().text();
    await expectProblem(response, 400, 'invalid');
    expect(text).not.toContain('hunter2');
  });

  test('for what is no HTTP', async () => {
    const { hostname, port } = new URL(server.url);
    const said = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(Number(port), hostname, () => socket.write('NONSENSE\r\n\r\n'));
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    expect(said).toMatch(/^HTTP\/1.1 400 /);
    expect(problemDocument.parse(JSON.parse(said.split('\r\n\r\n')[1] ?? '')).code).toBe('bad-request');
  });
});

test('an unexpected failure tells nothing of the inside, and the log has it under the id of the request', async () => {
  const own = await startTestServer({
    logLevel: 'error',
    logStream: new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        logLines.push(chunk.toString());
        done();
      },
    }),
  });
  await own.context.db.schema.dropTable('verdicts').execute();
  const agent = await createTestAgent(own);
  const { answered } = await agent.tryEnrol();
  expect([answered.status, answered.code]).toEqual([500, 'internal']);
  expect(JSON.stringify(answered.body)).not.toMatch(/verdicts|sql|table/i);
  const id = answered.headers.get('x-request-id');
  const logged = logLines.map((line) => JSON.parse(line) as { reqId?: string; err?: { message: string } });
  expect(logged.find(({ reqId }) => reqId === id)?.err?.message).toContain('verdicts');
  await own.close();
});

test('each answer carries the security headers', async () => {
  for (const path of ['/healthz', '/', '/nothing']) {
    const { headers } = await get(path);
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';base-uri 'none';form-action 'self';frame-ancestors 'none'",
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  }
});

test('the log names method, path, status and time, and no secret', async () => {
  const agent = await createTestAgent(server);
  await agent.enrol();
  const { proof } = await agent.proofFor('/agent/v1/check-in', Buffer.from('{}'));
  await get('/agent/v1/check-in?secret=in-the-query', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      [proofHeader]: proof,
      authorization: 'Bearer kits_secret',
      cookie: 'kits-session=secret',
    },
    body: '{}',
  });
  const log = logLines.join('');
  expect(log).toContain('"path":"/agent/v1/check-in"');
  for (const secret of [server.token, proof, 'in-the-query', 'kits_secret', 'kits-session'])
    expect(log).not.toContain(secret);
  const line = logLines
    .map((text) => JSON.parse(text) as Record<string, unknown>)
    .find((entry) => entry['msg'] === 'request');
  expect(line).toMatchObject({
    req: { method: expect.any(String) },
    status: expect.any(Number),
    ms: expect.any(Number),
  });
});

describe('the console', () => {
  const pages = ['/', '/geraete', '/geraete/0a', '/stammdaten', '/anmeldung-tokens', '/protokoll', '/anmelden'];

  test('that is not built says so in a sentence', async () => {
    const response = await get('/');
    expect([response.status, response.headers.get('content-type')]).toEqual([503, 'text/plain; charset=utf-8']);
    const sentence = (await response.text()).trim();
    expect(sentence.split('\n')).toHaveLength(1);
    const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8'));
    const named = [...sentence.matchAll(/npm (?:run )?([a-z:]+)/g)].map(([, script]) => script);
    expect(named).not.toEqual([]);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
  });

  test('that is built is one page at each of its addresses, and its files', async () => {
    await mkdir(join(consoleDir, 'assets'));
    await writeFile(join(consoleDir, 'index.html'), '<!doctype html><title>KITS</title>');
    await writeFile(join(consoleDir, 'assets', 'index-1.js'), 'export {}');
    await writeFile(join(consoleDir, 'secret.txt'), 'not for the web');
    for (const path of pages) {
      const response = await get(path);
      expect([path, response.status, response.headers.get('content-type')]).toEqual([
        path,
        200,
        'text/html; charset=utf-8',
      ]);
      expect(await response.text()).toContain('<title>KITS</title>');
      expect(response.headers.get('cache-control')).toBe('no-cache');
    }
    const script = await get('/assets/index-1.js');
    expect(script.headers.get('content-type')).toMatch(/javascript/);
    expect(script.headers.get('cache-control')).toContain('immutable');
  });

  test.each([
    '/assets/../secret.txt',
    '/assets/%2e%2e/secret.txt',
    '/assets/..%2fsecret.txt',
    '/secret.txt',
    '/assets/%2e%2e%2f%2e%2e%2fetc/passwd',
  ])('gives nothing beside its files: %s', async (path) => {
    const { hostname, port } = new URL(server.url);
    // By hand: fetch would tidy the path.
    const said = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(Number(port), hostname, () =>
        socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`),
      );
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    expect(said).toMatch(/^HTTP\/1.1 40[034] /);
    expect(said).not.toContain('not for the web');
  });
});

describe('monitoring', () => {
  test('is told that the process is there and that the database works', async () => {
    expect(await (await get('/healthz')).json()).toEqual({ status: 'ok' });
    expect(await (await get('/readyz')).json()).toEqual({ status: 'ready' });
  });

  test('makes one write in 5 seconds, however often it asks', async () => {
    let time = Date.parse('2026-11-24T09:00:00Z');
    const own = await startTestServer({ now: () => new Date(time) });
    const written = async () => {
      expect((await fetch(`${own.url}/readyz`)).status).toBe(200);
      return own.context.db.selectFrom('readiness').select('at').execute();
    };
    expect(await written()).toEqual([{ at: '2026-11-24T09:00:00.000Z' }]);
    time += 4999;
    expect(await written()).toEqual([{ at: '2026-11-24T09:00:00.000Z' }]);
    time += 1;
    expect(await written()).toEqual([{ at: '2026-11-24T09:00:05.000Z' }]);
    // The clock of the server was set back.
    time -= 60_000;
    expect(await written()).toEqual([{ at: '2026-11-24T08:59:05.000Z' }]);
    await own.close();
  });

  test('is told when the database does not take a change', async () => {
    const own = await startTestServer();
    await own.context.db.schema.dropTable('readiness').execute();
    const response = await fetch(`${own.url}/readyz`);
    expect(response.headers.get('retry-after')).toBe('30');
    await expectProblem(response, 503, 'not-ready');
    expect((await fetch(`${own.url}/healthz`)).status).toBe(200);
    await own.close();
  });

  test('reads the figures', async () => {
    const own = await startTestServer();
    const agent = await createTestAgent(own);
    await agent.enrol();
    const { report } = await agent.report();
    await agent.sendReport(report);
    await agent.report([], { body: { platform: 'plan9' } });
    await fetch(`${own.url}/wp-login.php`);
    const response = await fetch(`${own.url}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0.0.4/);
    const figures = await response.text();
    expect(figures).toContain('kits_reports_total{result="accepted"} 1');
    expect(figures).toContain('kits_reports_total{result="repeated"} 1');
    expect(figures).toContain('kits_reports_total{result="malformed"} 1');
    expect(figures).toContain('kits_devices{light="ok"} 1');
    expect(figures).toContain('kits_devices{light="critical"} 0');
    expect(figures).toContain('kits_http_requests_total{method="POST",route="/agent/v1/enrol",status="201"} 1');
    expect(figures).toContain('kits_http_requests_total{method="GET",route="unknown",status="404"} 1');
    expect(figures).not.toContain('wp-login');
    await own.close();
  });
});

describe('the interfaces describe themselves', () => {
  test('as OpenAPI, for agents and for people', async () => {
    const document = (await (await get('/api/v1/openapi.json')).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { requestBody?: unknown; responses?: Record<string, unknown> }>>;
    };
    expect(document.openapi).toMatch(/^3\./);
    for (const path of [
      '/agent/v1/enrol',
      '/agent/v1/check-in',
      '/agent/v1/reports',
      '/agent/v1/keys',
      '/api/v1/devices',
      '/api/v1/municipalities',
    ]) {
      expect(Object.keys(document.paths)).toContain(path);
    }
    expect(Object.keys(document.paths['/agent/v1/reports']?.['post']?.responses ?? {})).toEqual(
      expect.arrayContaining(['200', '201', '409', '422']),
    );
    expect(document.paths['/agent/v1/check-in']?.['post']?.requestBody).toBeDefined();
  });

  test('as JSON Schema of the contract', async () => {
    const schemas = (await (await get('/agent/v1/schemas')).json()) as Record<string, { $schema: string }>;
    expect(Object.keys(schemas)).toEqual(expect.arrayContaining(['report', 'envelope', 'receipt', 'facts-storage']));
    expect(schemas['report']?.$schema).toContain('2020-12');
  });

  test('with the key they sign with', async () => {
    const { keys } = (await (await get('/agent/v1/keys')).json()) as { keys: Record<string, string>[] };
    expect(keys).toEqual([{ kty: 'OKP', crv: 'Ed25519', x: expect.any(String), kid: server.keyThumbprint }]);
  });
});
