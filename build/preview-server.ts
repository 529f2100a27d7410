/**
 * The window of the tray in a normal browser: the real page and the real handlers over the contract of the real window,
 * on this machine's loopback address only. For looking at it where Electron is not, and for tests.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { AgentLink } from '../main/agent-link/agent-link.ts';
import { requestChannels } from '../main/ipc/channels.ts';
import { answer, events, type View } from '../main/ipc/contract.ts';
import { contentSecurityPolicy, uiFiles, uiHeaders } from '../main/window/ui-files.ts';

/** Largest request of the contract: a suspicion of 2000 characters, each escaped. */
const maxBodyBytes = 16 * 1024;
const address = '127.0.0.1';

export interface Preview extends AsyncDisposable {
  readonly url: string;
  /** To every page that is open. */
  tell(view: View): void;
}

export interface PreviewOptions {
  /** The built page with `bridge.js`. */
  readonly folder: string;
  readonly link: AgentLink;
  /** 0 takes a free one. */
  readonly port: number;
}

export async function startPreview({ folder, link, port }: PreviewOptions): Promise<Preview> {
  const listening = new Set<ServerResponse>();
  let host = '';

  async function page(response: ServerResponse, path: string): Promise<void> {
    const headers = { ...uiHeaders, 'content-security-policy': `${contentSecurityPolicy}; connect-src 'self'` };
    const bridge = { name: 'bridge.js', type: 'text/javascript; charset=utf-8' };
    const wanted = path === '/' ? '/index.html' : path;
    const file = wanted === '/bridge.js' ? bridge : Object.hasOwn(uiFiles, wanted) ? uiFiles[wanted] : undefined;
    if (file === undefined) {
      response.writeHead(404, headers).end('not found');
      return;
    }
    const content = await readFile(join(folder, file.name), 'utf8');
    const withBridge = content.replace('<script ', '<script src="./bridge.js"></script>\n    <script ');
    response
      .writeHead(200, { ...headers, 'content-type': file.type })
      .end(file.name === 'index.html' ? withBridge : content);
  }

  async function request(message: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const channel = requestChannels.find((name) => path === `/request/${name}`);
    if (channel === undefined) {
      response.writeHead(404).end();
      return;
    }
    const { input } = JSON.parse(await bodyOf(message)) as { input?: unknown };
    const output = await answer(link.handlers, channel, input);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ output }));
  }

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = URL.parse(message.url ?? '', `http://${host}`)?.pathname ?? '';
    // Another page in the same browser must not reach it under a name of its own, nor post to it.
    if (message.headers.host !== host) response.writeHead(403).end();
    else if (message.method === 'GET' && path === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write(': open\n\n');
      listening.add(response);
      response.on('close', () => listening.delete(response));
    } else if (path === '/favicon.ico') {
      // A browser asks for it by itself; the real window has none.
      response.writeHead(204).end();
    } else if (message.method === 'GET') await page(response, path);
    else if (message.method !== 'POST') response.writeHead(405).end();
    else if (message.headers['x-kits-preview'] !== '1' || message.headers.origin !== `http://${host}`)
      response.writeHead(403).end();
    else await request(message, response, path);
  }

  const server = createServer((message, response) => {
    serve(message, response).catch(() => {
      if (!response.headersSent) response.writeHead(400);
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  host = `${address}:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}/`,
    tell: (view) => {
      const line = `event: view:changed\ndata: ${JSON.stringify(events['view:changed'].parse(view))}\n\n`;
      for (const response of listening) response.write(line);
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBodyBytes) throw new RangeError('the request is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
