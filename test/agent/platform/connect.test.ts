import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { createServer as createTls, DEFAULT_MAX_VERSION } from 'node:tls';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { connectTo } from '../../../agent/platform/connect.ts';
import { type Certificates, makeCertificates } from '../../fixtures/certificates.ts';

let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => certificates.remove());

const never = new AbortController().signal;
const look = (
  port: number,
  tls: boolean,
  more: { host?: string; ca?: string; timeoutMs?: number; signal?: AbortSignal } = {},
) =>
  connectTo(
    { host: more.host ?? 'localhost', port, tls },
    {
      timeoutMs: more.timeoutMs ?? 5000,
      signal: more.signal ?? never,
      ...(more.ca === undefined ? {} : { ca: more.ca }),
    },
  );

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test('a TCP target that listens is reachable, one that does not is refused', async () => {
  const port = await listen(createServer((socket) => socket.destroy()));
  expect(await look(port, false)).toMatchObject({ reachable: true, connectMs: expect.any(Number) });
  expect(await look(1, false)).toEqual({ reachable: false, failure: 'refused' });
});

test('a name nobody knows is a matter of name resolution', async () => {
  // However long the name servers of this machine take to say so.
  expect(await look(443, true, { host: 'nobody.invalid', timeoutMs: 50_000 })).toEqual({
    reachable: false,
    failure: 'dns',
  });
});

test('a certificate of a known authority is trusted and dated', async () => {
  const port = await listen(createTls(certificates.issue('good', 20)));
  const result = await look(port, true, { ca: certificates.ca });
  expect(result).toMatchObject({
    reachable: true,
    certificate: { subject: 'localhost', issuer: 'Test CA', trusted: true },
  });
  const days = ((result.certificate?.validUntil.getTime() ?? 0) - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(19.9);
  expect(days).toBeLessThanOrEqual(20);
});

test.each([
  ['an unknown authority', 20, undefined, 'localhost', DEFAULT_MAX_VERSION],
  ['an unknown authority over TLS 1.2', 20, undefined, 'localhost', 'TLSv1.2' as const],
  ['an expired certificate', -1, 'ca', 'localhost', DEFAULT_MAX_VERSION],
  ['another name', 20, 'ca', '127.0.0.1', DEFAULT_MAX_VERSION],
])(
  '%s fails as "tls", is never trusted, and shows until when it is valid',
  async (_name, days, ca, host, maxVersion) => {
    let encrypted = 0;
    const server = createTls({ ...certificates.issue('server', days), maxVersion }, (socket) => {
      socket.on('data', () => {
        encrypted += 1;
      });
    });
    server.on('tlsClientError', () => undefined);
    const port = await listen(server);
    const result = await look(port, true, { host, ...(ca === undefined ? {} : { ca: certificates.ca }) });
    expect(result).toMatchObject({
      reachable: false,
      failure: 'tls',
      certificate: { subject: 'localhost', issuer: 'Test CA', trusted: false },
    });
    expect(((result.certificate?.validUntil.getTime() ?? 0) - Date.now()) / 86_400_000).toBeCloseTo(days, 0);
    expect(encrypted).toBe(0);
  },
);

test('a server that speaks no TLS has no certificate', async () => {
  const port = await listen(createServer((socket) => socket.end('220 mail.example ESMTP\r\n')));
  expect(await look(port, true)).toEqual({ reachable: false, failure: 'tls', connectMs: expect.any(Number) });
});

test('a server that accepts and then says nothing is a timeout', async () => {
  const port = await listen(createServer());
  expect(await look(port, true, { timeoutMs: 200 })).toMatchObject({ reachable: false, failure: 'timeout' });
});

test('a round that is over waits for nobody', async () => {
  const round = new AbortController();
  const port = await listen(createServer());
  const looking = look(port, true, { timeoutMs: 60_000, signal: round.signal });
  round.abort();
  expect(await looking).toMatchObject({ reachable: false, failure: 'timeout' });
});
