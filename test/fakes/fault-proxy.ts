/** Stands between agent and server on loopback and does to requests and answers what networks do. */
import { once } from 'node:events';
import {
  createServer as createHttp,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';

export const faults = [
  'none',
  /** The connection ends before the request reaches the server. */
  'drop',
  'delay',
  /** The server is done, and half of its answer comes back. */
  'half-answer',
  /** The server is done, and nothing of its answer comes back. */
  'reset-after-commit',
  /** Half of the request reaches the server, as if it were all. */
  'truncated-body',
  /** Half of the answer comes back, as if it were all. */
  'truncated-answer',
  'error-500',
  'busy-503',
  /** A server that does not know the device: after a restore, or a proxy that answers for it. */
  'unauthorised-401',
  'not-found-404',
  /** The answer comes byte by byte. */
  'trickle',
  /** A page of a proxy with status 200. */
  'foreign-page',
  /** The server is done, and nothing ever comes back. */
  'stall',
] as const;
export type Fault = (typeof faults)[number];

export interface FaultProxy {
  url: string;
  target: string;
  /** Asked once for each request, with its path and its number. */
  plan: (path: string, count: number) => Fault;
  /** Requests so far. */
  count: number;
  /** Shows another certificate from now on; open connections end. */
  present(tls: { readonly key: string; readonly cert: string }): void;
  close(): void;
}

export async function startFaultProxy(
  target: string,
  tls?: { readonly key: string; readonly cert: string },
): Promise<FaultProxy> {
  const self: FaultProxy = {
    url: '',
    target,
    plan: () => 'none',
    count: 0,
    present: () => undefined,
    close: () => undefined,
  };
  const handle = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    self.count += 1;
    const fault = self.plan(incoming.url ?? '', self.count);
    void work(self.target, fault, incoming, outgoing).catch(() => outgoing.destroy());
  };
  const secure = tls === undefined ? undefined : createHttps(tls, handle);
  const proxy = secure ?? createHttp(handle);
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  self.url = tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
  self.present = (other) => {
    secure?.setSecureContext(other);
    proxy.closeAllConnections();
  };
  self.close = () => {
    proxy.closeAllConnections();
    proxy.close();
  };
  return self;
}

async function work(target: string, fault: Fault, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const body = Buffer.concat(await incoming.toArray());
  const refuse = (status: number, headers: Record<string, string>, text: string): void => {
    outgoing.writeHead(status, headers).end(text);
  };
  const problem = (status: number, code: string) =>
    refuse(
      status,
      { 'content-type': 'application/problem+json' },
      JSON.stringify({ type: 'about:blank', title: code, status, code, detail: 'made up by a test' }),
    );
  switch (fault) {
    case 'drop':
      return void outgoing.destroy();
    case 'error-500':
      return refuse(500, { 'content-type': 'text/html' }, '<h1>Internal Server Error</h1>');
    case 'busy-503':
      return refuse(503, { 'retry-after': '2' }, 'busy');
    case 'unauthorised-401':
      return problem(401, 'unknown-device');
    case 'not-found-404':
      return refuse(404, { 'content-type': 'text/html' }, '<h1>Not Found</h1>');
    case 'foreign-page':
      return refuse(200, { 'content-type': 'text/html' }, '<h1>Bitte melden Sie sich am Proxy an</h1>');
    default:
  }
  if (fault === 'delay') await new Promise((resolve) => setTimeout(resolve, 200));
  const sent = fault === 'truncated-body' ? body.subarray(0, body.length >> 1) : body;
  const answer = await forward(target, incoming, sent);
  switch (fault) {
    case 'stall':
      return;
    case 'reset-after-commit':
      return void outgoing.destroy();
    case 'half-answer':
      outgoing.writeHead(answer.status, { ...answer.headers, 'content-length': String(answer.body.length) });
      outgoing.write(answer.body.subarray(0, answer.body.length >> 1), () => outgoing.destroy());
      return;
    case 'truncated-answer':
      return refuse(answer.status, answer.headers, answer.body.subarray(0, answer.body.length >> 1).toString());
    case 'trickle':
      outgoing.writeHead(answer.status, { ...answer.headers, 'content-length': String(answer.body.length) });
      for (const byte of answer.body) {
        outgoing.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      return void outgoing.end();
    default:
      outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  }
}

async function forward(target: string, incoming: IncomingMessage, body: Buffer) {
  const { 'content-length': _length, 'transfer-encoding': _coding, ...headers } = incoming.headers;
  const upstream = httpRequest(`${target}${incoming.url}`, {
    method: incoming.method,
    headers: { ...headers, ...(body.length === 0 ? {} : { 'content-length': String(body.length) }) },
  });
  upstream.end(body);
  const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
  const { 'content-length': _old, connection: _connection, ...kept } = answer.headers;
  return {
    status: answer.statusCode ?? 500,
    headers: kept as Record<string, string>,
    body: Buffer.concat(await answer.toArray()),
  };
}
