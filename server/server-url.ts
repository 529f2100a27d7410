/** Where the running server can be reached from this machine, left in its data directory for commands beside it. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const name = 'server-url';

/** An address that stands for all of this machine's is recorded as the loopback one. */
export function recordServerUrl(dataDir: string, host: string, port: number): void {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  writeFileSync(join(dataDir, name), `${httpUrl(reachable, port)}\n`, { mode: 0o600 });
}

export function forgetServerUrl(dataDir: string): void {
  rmSync(join(dataDir, name), { force: true });
}

/** `undefined` when no server has left one. */
export function recordedServerUrl(dataDir: string): string | undefined {
  try {
    return readFileSync(join(dataDir, name), 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function httpUrl(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
