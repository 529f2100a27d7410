/** Starts the KITS server on one data directory: keys, database, HTTP, the minute tick; ends it cleanly. */
import { existsSync, mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { ServerContext } from './context.ts';
import { evaluateFleet } from './fleet/evaluate.ts';
import { createHoldWatch, createSweep } from './fleet/retention.ts';
import { createHttpApp, type HttpApp } from './http.ts';
import type { IngestLimits } from './ingest/limits.ts';
import { loadServerKeys } from './keys.ts';
import { dropRefused } from './notices/publish.ts';
import type { StreamLimits } from './push/device-streams.ts';
import { watchWords } from './push/watch-words.ts';
import { forgetServerUrl, httpUrl, recordServerUrl } from './server-url.ts';
import { type Database, openDatabase } from './store/database.ts';
import { lockDirectory } from './store/sqlite.ts';

const tickMs = 60_000;

export interface ServerOptions {
  /** Made when missing, readable by its owner only. */
  readonly dataDir: string;
  /** Default 127.0.0.1: TLS for others ends at a proxy on this machine. */
  readonly host?: string;
  /** 0 (default) takes a free one. */
  readonly port?: number;
  /** Where the console was built to; default dist/console of this checkout. */
  readonly consoleDir?: string;
  /** Server time; tests hand in their own. */
  readonly now?: () => Date;
  /** As pino names them; default "info". */
  readonly logLevel?: string;
  /** Where the log goes, one JSON object a line; default standard output. */
  readonly logStream?: Writable;
  /** Default `streamLimits`; tests want streams that are soon full and heartbeats that come soon. */
  readonly streamLimits?: StreamLimits;
  /** Default `ingestLimits`; tests want limits that are soon reached. */
  readonly ingestLimits?: IngestLimits;
}

/** Where `npm start` builds the console to. */
export const defaultConsoleDir = join(import.meta.dirname, '..', 'dist', 'console');

export interface KitsServer {
  /** `http://host:port` */
  readonly url: string;
  readonly context: ServerContext;
  /** What agents pin: RFC 7638 thumbprint of the server's signing key. */
  readonly keyThumbprint: string;
  /** Ends what is under way, then the database; lets go of the directory. */
  close(): Promise<void>;
}

/** The address is taken or not ours; nothing was started. */
export class AddressUnavailable extends Error {
  override readonly name = 'AddressUnavailable';
}

/**
 * Listens on return. Throws `AlreadyRunning`, `NewerDatabase`, `KeyFileError` or `AddressUnavailable`; then nothing is
 * left running and the directory is free.
 */
export async function createServer(options: ServerOptions): Promise<KitsServer> {
  const { dataDir, host = '127.0.0.1', port = 0, now = () => new Date(), logLevel = 'info' } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = lockDirectory(join(dataDir, 'lock.db'));
  let db: Database | undefined;
  let http: HttpApp | undefined;
  try {
    const file = join(dataDir, 'kits.db');
    const { signingKey, noticeKey, nonceKey, announcements, trust } = await loadServerKeys(dataDir, existsSync(file));
    db = await openDatabase(file);
    const refused = await dropRefused(db, trust, now());
    http = await createHttpApp(
      { db, now, signingKey, noticeKey, announcements, trust },
      {
        nonceKey,
        dataDir,
        consoleDir: options.consoleDir ?? defaultConsoleDir,
        logLevel,
        ...(options.logStream === undefined ? {} : { logStream: options.logStream }),
        ...(options.streamLimits === undefined ? {} : { streamLimits: options.streamLimits }),
        ...(options.ingestLimits === undefined ? {} : { ingestLimits: options.ingestLimits }),
      },
    );
    if (refused > 0) http.app.log.warn({ refused }, 'notices were taken away: no key that counts has signed them');
    await listen(http, host, port);
  } catch (error) {
    await http?.app.close();
    await db?.destroy();
    lock.release();
    throw error;
  }
  return running(http, db, { dataDir, host, lock });
}

async function listen({ app }: HttpApp, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why =
      code === 'EADDRINUSE'
        ? 'another program listens there. End it, or choose another port with --port'
        : `the system says ${code ?? (cause as Error).message}. Choose another --host or --port`;
    throw new AddressUnavailable(`The server cannot listen on ${host}:${port}: ${why}.`, { cause });
  }
}

interface Place {
  readonly dataDir: string;
  readonly host: string;
  readonly lock: { release(): void };
}

function running({ app, context }: HttpApp, db: Database, { dataDir, host, lock }: Place): KitsServer {
  let ticking: Promise<unknown> | undefined;
  const stop = new AbortController();
  const tick = (): void => {
    // A round over a large fleet may outlast a minute; the next one waits for it.
    ticking ??= evaluateFleet(context, stop.signal)
      .catch((error: unknown) => context.log.error({ err: error }, 'judging the fleet failed'))
      .then(() => sweep(stop.signal))
      .then(sayHold)
      .catch((error: unknown) => context.log.error({ err: error }, 'removing what is kept no longer failed'))
      .finally(() => {
        ticking = undefined;
      });
  };
  const sweep = createSweep(context);
  const sayHold = createHoldWatch(context);
  const timer = setInterval(tick, tickMs).unref();
  const words = watchWords(context);
  const { port } = app.server.address() as AddressInfo;
  try {
    recordServerUrl(dataDir, host, port);
  } catch (error) {
    // A convenience for commands; a full disk must not keep the server from running.
    context.log.warn({ err: error }, 'the address of the server could not be recorded');
  }
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    clearInterval(timer);
    stop.abort();
    await app.close();
    await words.stop();
    await ticking;
    await db.destroy();
    forgetServerUrl(dataDir);
    lock.release();
  };
  return {
    url: httpUrl(host, port),
    context,
    keyThumbprint: context.signingKey.thumbprint,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
