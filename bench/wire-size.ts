/** What goes over the wire between the real agent on this machine and a real server, counted by a relay between them. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer as createRelay } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { openAgent } from '../agent/agent.ts';
import { createLog } from '../agent/log.ts';
import { thisMachine } from '../agent/platform/this-machine.ts';
import { loadSettings } from '../agent/settings/settings.ts';
import { startTestServer } from '../test/fakes/test-server.ts';
import { makeCertificates } from '../test/fixtures/certificates.ts';

/** Counts both directions of everything that passes to `port`. */
async function relay(port: number): Promise<{ port: number; bytes: () => number; close: () => void }> {
  let bytes = 0;
  const server = createRelay((socket) => {
    const upstream = connect(port, '127.0.0.1');
    const count = (chunk: Buffer): void => {
      bytes += chunk.byteLength;
    };
    socket.on('data', count).pipe(upstream);
    upstream.on('data', count).pipe(socket);
    socket.on('error', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, bytes: () => bytes, close: () => server.close() };
}

export interface WireSizes {
  /** HTTP bytes both ways on a warm connection. */
  readonly checkIn: number;
  /** The same inside TLS 1.3, as bytes of the TCP stream. */
  readonly checkInTls: number;
  /** Body of the first full report, compressed, and as it was signed. */
  readonly firstReport: number;
  readonly firstReportExpanded: number;
}

export async function measureWire(): Promise<WireSizes> {
  const server = await startTestServer();
  const certificates = makeCertificates();
  const folder = mkdtempSync(join(tmpdir(), 'kits-wire-'));
  const serverPort = Number(new URL(server.url).port);
  const { key, cert } = certificates.issue('good', 30);
  const tls = createTls({ key, cert }, (secure) => {
    const upstream = connect(serverPort, '127.0.0.1');
    secure.pipe(upstream).pipe(secure);
    secure.on('error', () => upstream.destroy());
  }).listen(0, '127.0.0.1');
  await once(tls, 'listening');
  const plain = await relay(serverPort);
  const ciphered = await relay((tls.address() as AddressInfo).port);

  const measure = async (
    url: string,
    config: object,
  ): Promise<{
    checkIn: (bytes: () => number) => Promise<number>;
    first: { sent: number; expanded: number };
    close: () => void;
  }> => {
    const dataDir = mkdtempSync(join(folder, 'agent-'));
    const configFile = join(dataDir, 'agent.json');
    writeFileSync(configFile, JSON.stringify(config));
    const agent = await openAgent({
      dataDir,
      settings: loadSettings({ configFile }),
      machine: await thisMachine({ privateDir: join(dataDir, 'private') }),
      log: createLog('error', () => undefined),
    });
    await agent.enrol({ server: url, token: server.token, serverKey: server.keyThumbprint });
    const { report } = await agent.round('full');
    const { bytesSent } = await agent.exchange();
    return {
      first: { sent: bytesSent, expanded: report?.body.byteLength ?? 0 },
      checkIn: async (bytes) => {
        await agent.exchange();
        const before = bytes();
        await agent.exchange();
        return bytes() - before;
      },
      close: () => agent.close(),
    };
  };

  try {
    const http = await measure(`http://127.0.0.1:${plain.port}`, {});
    const checkIn = await http.checkIn(plain.bytes);
    http.close();
    const https = await measure(`https://localhost:${ciphered.port}`, { caFile: certificates.caFile });
    const checkInTls = await https.checkIn(ciphered.bytes);
    https.close();
    return { checkIn, checkInTls, firstReport: http.first.sent, firstReportExpanded: http.first.expanded };
  } finally {
    plain.close();
    ciphered.close();
    tls.close();
    await server.close();
    certificates.remove();
    rmSync(folder, { recursive: true });
  }
}
