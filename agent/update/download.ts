/** Fetches the file of a release: goes on where it was cut off, no faster than allowed, no further than announced. */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { type ReleaseManifest, releasePath } from '../contract/release.ts';
import type { ServerClient, ServerStream } from '../report/server-client.ts';
import { proveRequest, rememberNonce, type Signer } from '../report/signed-request.ts';

const syncEveryBytes = 8 * 1024 * 1024;
const attempts = 3;

export interface DownloadOptions extends Signer {
  readonly client: ServerClient;
  readonly manifest: ReleaseManifest;
  /** Where the file comes to; what is there of it so far lies beside it under ".part". */
  readonly file: string;
  readonly bytesPerSecond: number;
  readonly signal: AbortSignal;
}

/** The server gave something else than what was asked for. `reason` is stable. */
export class DownloadRefused extends Error {
  override readonly name = 'DownloadRefused';
  readonly reason: 'redirect' | 'refused' | 'range' | 'oversized' | 'truncated';
  constructor(reason: DownloadRefused['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Complete when it returns, but not verified yet. Throws `ServerUnreachable` when it was cut off (what came so far stays), or
 * `DownloadRefused`.
 */
export async function download(options: DownloadOptions): Promise<void> {
  const { manifest, file, signal } = options;
  const part = `${file}.part`;
  const descriptor = openSync(part, 'a', 0o600);
  try {
    let at = fstatSync(descriptor).size;
    // Not of this release, or no beginning of it.
    if (at > manifest.size) {
      ftruncateSync(descriptor, 0);
      at = 0;
    }
    if (at < manifest.size) {
      const stream = await open(options, at);
      if (stream.status === 200 && at > 0) {
        ftruncateSync(descriptor, 0);
        at = 0;
      }
      await take(stream, descriptor, at, options);
    }
    fsyncSync(descriptor);
    const { size } = fstatSync(descriptor);
    if (size !== manifest.size) {
      throw new DownloadRefused('truncated', `the file ended after ${size} of ${manifest.size} bytes`);
    }
  } catch (error) {
    // An answer that was complete and not the file is no beginning to go on with.
    if (error instanceof DownloadRefused) rmSync(part, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  signal.throwIfAborted();
  renameSync(part, file);
}

async function open(options: DownloadOptions, at: number): Promise<ServerStream> {
  const { client, manifest, signal } = options;
  const path = releasePath(manifest.sha256);
  for (let attempt = 1; ; attempt += 1) {
    const { headers: proof } = await proveRequest(options, { method: 'GET', path, body: new Uint8Array() });
    const range = at === 0 ? {} : { range: `bytes=${at}-`, 'if-range': `"${manifest.sha256}"` };
    const stream = await client.stream({ path, headers: { ...proof, ...range }, signal });
    rememberNonce(options, stream.headers);
    if (stream.status === 200) return stream;
    if (stream.status === 206 && at > 0) {
      if (stream.headers['content-range'] === `bytes ${at}-${manifest.size - 1}/${manifest.size}`) return stream;
      await discard(stream);
      throw new DownloadRefused('range', `the server sent ${stream.headers['content-range'] ?? 'no range'}`);
    }
    await discard(stream);
    // A proof needs a nonce that is new enough.
    if (stream.status === 401 && attempt < attempts) continue;
    if (stream.status >= 300 && stream.status < 400) {
      throw new DownloadRefused('redirect', 'the server wants the file to be fetched elsewhere');
    }
    throw new DownloadRefused('refused', `the server answered ${stream.status}`);
  }
}

async function discard(stream: ServerStream): Promise<void> {
  for await (const _ of stream.chunks) break;
}

async function take(stream: ServerStream, descriptor: number, from: number, options: DownloadOptions): Promise<void> {
  const { manifest, bytesPerSecond, signal } = options;
  const startedAt = performance.now();
  let [at, synced] = [from, from];
  for await (const chunk of stream.chunks) {
    if (at + chunk.byteLength > manifest.size) {
      throw new DownloadRefused('oversized', `the file is longer than the ${manifest.size} bytes announced`);
    }
    for (let done = 0; done < chunk.byteLength; ) done += writeSync(descriptor, chunk, done);
    at += chunk.byteLength;
    if (at - synced >= syncEveryBytes) {
      fsyncSync(descriptor);
      synced = at;
    }
    const early = ((at - from) / bytesPerSecond) * 1000 - (performance.now() - startedAt);
    if (early > 1) await setTimeout(early, undefined, { signal });
  }
}
