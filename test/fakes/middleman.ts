/** Stands between agent and server on loopback: passes requests on, and may lose or change what comes back. */
import { once } from 'node:events';
import { createServer as createHttp, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

type Verdict = Buffer | 'drop' | 'forward';
export type Meddle = (path: string, answer: Buffer) => Verdict | Promise<Verdict>;

/** `target` may be pointed at another server at any time. */
export async function standBetween(initial: string): Promise<{ url: string; target: string; meddle: Meddle }> {
  const self = { url: '', target: initial, meddle: ((): 'forward' => 'forward') as Meddle };
  const proxy = createHttp((incoming, outgoing) => {
    const { method, headers } = incoming;
    const upstream = httpRequest(`${self.target}${incoming.url}`, { method, headers }, async (answer) => {
      const body = Buffer.concat(await answer.toArray());
      const verdict = await self.meddle(incoming.url ?? '', body);
      if (verdict === 'drop') return void outgoing.destroy();
      const { 'content-length': _length, ...rest } = answer.headers;
      outgoing.writeHead(answer.statusCode ?? 500, rest).end(verdict === 'forward' ? body : verdict);
    });
    upstream.on('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  self.url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return self;
}
