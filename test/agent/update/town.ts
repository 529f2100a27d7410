/** A server with releases, a real agent that updates itself, and somebody between them who may answer in its place. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import {
  createServer as createHttp,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Agent, openAgent } from '../../../agent/agent.ts';
import type { ReleaseManifest } from '../../../agent/contract/release.ts';
import { jwsTypes } from '../../../agent/contract/wire.ts';
import { createLog } from '../../../agent/log.ts';
import { loadSettings } from '../../../agent/settings/settings.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import { generateKey, type SigningKey } from '../../../agent/signing/keys.ts';
import { readUpdate, writeUpdate } from '../../../agent/update/record.ts';
import { everything } from '../../../server/fleet/scope.ts';
import { publishRelease, rollOut } from '../../../server/releases/publish.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';
import { vm } from '../../fixtures/vm.ts';

export const actor = { name: 'test', scope: everything };

export interface Town {
  readonly server: TestServer;
  readonly agent: Agent;
  readonly dataDir: string;
  readonly releaseKey: SigningKey;
  /** Answers requests for files in the place of the server. */
  instead: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** `range` of each request for a file. */
  readonly ranges: (string | undefined)[];
  guardCalls: number;
  /** Signs a manifest for `content`. */
  sign(content: Uint8Array, change?: Partial<ReleaseManifest>, key?: SigningKey): Promise<string>;
  /** Past all checks of the server, as one that has been taken over would offer it. */
  offer(jws: string, content: Uint8Array, sequence?: number): Promise<void>;
  publish(jws: string, content: Uint8Array): Promise<ReleaseManifest>;
  checkIn(): Promise<void>;
  /** It is time to install, whatever the clock says: the release has been waiting for long. */
  makeItTime(): void;
}

export const installer = (padding = 0): Uint8Array =>
  Buffer.concat([
    Buffer.from('#!/bin/sh\necho "$1" > "$(dirname "$0")/../../../started"\nexit 0\n#'),
    randomBytes(padding),
  ]);
export const hashOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

export async function town(): Promise<Town> {
  const server = await startTestServer();
  const base = mkdtempSync(join(tmpdir(), 'kits-update-'));
  const dataDir = join(base, 'data');
  const configFile = join(base, 'agent.json');
  const releaseKey = await generateKey();
  writeFileSync(
    configFile,
    JSON.stringify({ selfUpdate: true, releaseKey: releaseKey.thumbprint, updateKilobytesPerSecond: 1_048_576 }),
  );
  const proxy = createHttp((incoming, outgoing) => {
    if (incoming.url?.startsWith('/agent/v1/releases/') === true) {
      self.ranges.push(incoming.headers.range);
      if (self.instead !== undefined) return void self.instead(incoming, outgoing);
    }
    const { method, headers } = incoming;
    const upstream = httpRequest(server.url + incoming.url, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const agent = await openAgent({
    dataDir,
    settings: loadSettings({ configFile }),
    machine: recordedMachine(vm, { hostname: 'rathaus-07' }),
    log: createLog('error', () => undefined),
    wakeGuard: async () => {
      self.guardCalls += 1;
    },
  });
  onTestFinished(async () => {
    await agent.updater?.stop();
    agent.close();
    proxy.closeAllConnections();
    proxy.close();
    await server.close();
    rmSync(base, { recursive: true });
  });
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  await agent.enrol({ server: url, token: server.token, serverKey: server.keyThumbprint });
  const context = { db: server.context.db, now: () => new Date() };
  const stored = (content: Uint8Array): string => {
    const file = join(base, 'release.bin');
    writeFileSync(file, content);
    return file;
  };

  const self: Town = {
    server,
    agent,
    dataDir,
    releaseKey,
    instead: undefined,
    ranges: [],
    guardCalls: 0,
    sign: (content, change = {}, key = releaseKey) => {
      const manifest: ReleaseManifest = {
        product: 'kits-agent',
        version: '7.0.0',
        platform: 'linux',
        sha256: hashOf(content),
        size: content.byteLength,
        fileName: 'kits-agent-setup',
        minimumVersion: '0.0.1',
        issuedAt: new Date(Date.now() - 60_000).toISOString(),
        expiresAt: new Date(Date.now() + 30 * 86_400_000).toISOString(),
        sequence: 10,
        ...change,
      };
      return signJws(jwsTypes.release, manifest, key, { embedKey: true });
    },
    publish: async (jws, content) => {
      const { manifest } = await publishRelease(context, actor, {
        dataDir: server.dataDir,
        jws,
        file: stored(content),
      });
      await rollOut(context, actor, { sequence: manifest.sequence, percent: 100 });
      return manifest;
    },
    offer: async (jws, content, sequence = 999) => {
      await server.context.db
        .insertInto('releases')
        .values({
          sequence,
          platform: 'linux',
          version: '99.0.0',
          minimum_version: '0.0.1',
          sha256: hashOf(content),
          size: content.byteLength,
          file_name: 'x',
          expires_at: '2099-01-01T00:00:00.000Z',
          jws,
          published_at: new Date().toISOString(),
          published_by: 'nobody',
        })
        .execute();
      await rollOut(context, actor, { sequence, percent: 100 });
    },
    checkIn: async () => {
      await agent.exchange();
    },
    makeItTime: () => {
      writeUpdate(dataDir, { ...readUpdate(dataDir), offeredAt: '2020-01-01T00:00:00.000Z' });
    },
  };
  return self;
}
