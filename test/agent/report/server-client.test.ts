import { once } from 'node:events';
import { createServer as createHttp, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  createServerClient,
  isLoopback,
  type ServerClient,
  ServerUnreachable,
} from '../../../agent/report/server-client.ts';
import { type Certificates, makeCertificates } from '../../fixtures/certificates.ts';

let certificates: Certificates;
let issued: Record<'good' | 'expired', { key: string; cert: string }>;
beforeAll(() => {
  certificates = makeCertificates();
  issued = { good: certificates.issue('good', 30), expired: certificates.issue('expired', -1) };
});
afterAll(() => certificates.remove());

async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host);
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const https = (name: 'good' | 'expired', listener: RequestListener): Server => createHttps(issued[name], listener);

function client(baseUrl: string, more: { proxy?: string; caFile?: string; timeoutMs?: number } = {}): ServerClient {
  const made = createServerClient({ baseUrl, userAgent: 'kits-agent/test', ...more });
  onTestFinished(() => made.close());
  return made;
}

async function failure(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ServerUnreachable);
  return (error as ServerUnreachable).code;
}

const hello: RequestListener = (_request, response) => void response.end('hello');
const get = { method: 'GET', path: '/x' } as const;

test('sends exactly the bytes given and hands back status, headers and body, whatever the status', async () => {
  let seen: { request: IncomingMessage; body: Buffer } | undefined;
  const port = await listen(
    createHttp(async (request, response) => {
      seen = { request, body: Buffer.concat(await request.toArray()) };
      response.writeHead(409, { 'KITS-Nonce': 'n' }).end('no');
    }),
  );
  const bytes = Uint8Array.from([0, 255, 10, 13]);
  const answer = await client(`http://127.0.0.1:${port}`).send({
    method: 'POST',
    path: '/agent/v1/reports',
    headers: { 'content-type': 'application/vnd.kits.report' },
    body: bytes,
  });
  expect(answer).toMatchObject({ status: 409, headers: { 'kits-nonce': 'n' } });
  expect(answer.body.toString()).toBe('no');
  expect(seen?.request.headers).toMatchObject({
    'content-type': 'application/vnd.kits.report',
    'user-agent': 'kits-agent/test',
  });
  expect(seen?.body).toEqual(Buffer.from(bytes));
});

test('does not follow a redirect: a signed request is for nobody else', async () => {
  let asked = 0;
  const other = await listen(
    createHttp((_request, response) => {
      asked += 1;
      response.end();
    }),
  );
  const port = await listen(
    createHttp((_request, response) => void response.writeHead(307, { location: `http://127.0.0.1:${other}/` }).end()),
  );
  expect((await client(`http://127.0.0.1:${port}`).send(get)).status).toBe(307);
  expect(asked).toBe(0);
});

test('an answer without end is cut off', async () => {
  const port = await listen(
    createHttp((_request, response) => {
      response.on('error', () => response.destroy());
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', more);
      more();
    }),
  );
  expect(await failure(client(`http://127.0.0.1:${port}`).send(get))).toBe('answer-too-large');
});

describe('an answer that goes on', () => {
  const all = async (chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> => {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    return parts;
  };
  const open = (baseUrl: string, signal = new AbortController().signal, timeoutMs = 5000) =>
    client(baseUrl, { timeoutMs }).stream({ path: '/x', headers: { 'kits-proof': 'p' }, signal });

  test('comes as it comes, and is ended by whoever listens', async () => {
    let hungUp = false;
    const port = await listen(
      createHttp((request, response) => {
        response.write(request.headers['kits-proof']);
        request.socket.on('data', () => undefined).on('close', () => (hungUp = true));
      }),
    );
    const stop = new AbortController();
    const { status, chunks } = await open(`http://127.0.0.1:${port}`, stop.signal);
    expect(status).toBe(200);
    const reading = chunks[Symbol.asyncIterator]();
    expect(String((await reading.next()).value)).toBe('p');
    const next = reading.next();
    stop.abort();
    expect(await failure(next)).toBe('reset');
    await expect.poll(() => hungUp).toBe(true);
  });

  test('is none when nothing begins, or when it breaks off', async () => {
    const mute = await listen(createHttp(() => undefined));
    expect(await failure(open(`http://127.0.0.1:${mute}`, undefined, 200))).toBe('timeout');
    const cut = await listen(createHttp((request, response) => response.write('a', () => request.socket.destroy())));
    const { chunks } = await open(`http://127.0.0.1:${cut}`);
    expect(await failure(all(chunks))).toBe('reset');
  });

  test('outlasts the time limit of other requests once it has begun', async () => {
    let limitMs = 200;
    const port = await listen(
      createHttp((_request, response) => {
        response.write('a');
        setTimeout(() => response.end('b'), 2 * limitMs);
      }),
    );
    const begun = (): ReturnType<typeof open> =>
      open(`http://127.0.0.1:${port}`, undefined, limitMs).catch((error: unknown) => {
        // A busy machine may take longer to begin; what counts is what happens after that.
        if ((error as ServerUnreachable).code !== 'timeout' || limitMs > 5000) throw error;
        limitMs *= 2;
        return begun();
      });
    const { chunks } = await begun();
    expect(Buffer.concat(await all(chunks)).toString()).toBe('ab');
  });
});

test('plain http is for this machine only', () => {
  expect(() => client('http://kits.example.de')).toThrow(/not encrypted/);
  expect(['127.0.0.1', '127.9.9.9', 'localhost', '[::1]'].every(isLoopback)).toBe(true);
  expect(['127.0.0.1.example.de', 'localhost.example.de', '128.0.0.1', '0.0.0.0', '[::2]'].some(isLoopback)).toBe(
    false,
  );
});

test('nobody listens, or somebody hangs up: both have their code', async () => {
  const port = await listen(createHttp(hello));
  const gone = createTcp((socket) => socket.destroy()).listen(0, '127.0.0.1');
  onTestFinished(() => void gone.close());
  await once(gone, 'listening');
  expect(await failure(client(`http://127.0.0.1:${(gone.address() as AddressInfo).port}`).send(get))).toBe('reset');
  expect(await failure(client('http://127.0.0.1:1').send(get))).toBe('refused');
  expect((await client(`http://127.0.0.1:${port}`).send(get)).status).toBe(200);
});

describe('TLS', () => {
  test('a server whose certificate comes from the configured authority is trusted', async () => {
    const port = await listen(https('good', hello));
    const answer = await client(`https://localhost:${port}`, { caFile: certificates.caFile }).send(get);
    expect(answer.body.toString()).toBe('hello');
  });

  test('an unknown authority is refused, also when the environment says not to look', async () => {
    const port = await listen(https('good', hello));
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    onTestFinished(() => void delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
    expect(await failure(client(`https://localhost:${port}`).send(get))).toBe('tls-untrusted');
  });

  test('another name is refused', async () => {
    const port = await listen(https('good', hello));
    expect(await failure(client(`https://127.0.0.1:${port}`, { caFile: certificates.caFile }).send(get))).toBe(
      'tls-untrusted',
    );
  });

  test('an expired certificate is refused under its own code', async () => {
    const port = await listen(https('expired', hello));
    expect(await failure(client(`https://localhost:${port}`, { caFile: certificates.caFile }).send(get))).toBe(
      'tls-expired',
    );
  });

  test('a certificate file that is not there is said by name', () => {
    expect(() => client('https://localhost:1', { caFile: '/nowhere/none.pem' })).toThrow(/none\.pem cannot be read/);
  });
});

test('a proxy from the settings is used for other machines and asked for a tunnel', async () => {
  const asked: string[] = [];
  const proxy = createHttp(hello);
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  const port = await listen(proxy);
  expect(await failure(client('https://kits.example.de', { proxy: `http://127.0.0.1:${port}` }).send(get))).toBe(
    'proxy',
  );
  expect(asked).toEqual(['kits.example.de:443']);
  const local = await listen(createHttp(hello));
  expect((await client(`http://127.0.0.1:${local}`, { proxy: 'http://127.0.0.1:1' }).send(get)).status).toBe(200);
});
