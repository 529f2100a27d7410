/** Opens a TCP and, where asked, a TLS connection to see whether a target is there; no byte of its own is sent. */
import { connect as connectTcp, type Socket } from 'node:net';
import type { PeerCertificate, TLSSocket } from 'node:tls';

/** What a connection attempt says about a target. */
export interface ConnectResult {
  readonly reachable: boolean;
  readonly failure?: 'dns' | 'refused' | 'timeout' | 'tls' | 'unreachable' | 'other';
  /** Time until the TCP connection stood, in milliseconds. */
  readonly connectMs?: number;
  readonly certificate?: {
    readonly subject: string;
    readonly issuer?: string;
    readonly validUntil: Date;
    /** The chain ends at a trusted authority and the name fits; false also when that could not be decided. */
    readonly trusted: boolean;
  };
}

export interface ConnectTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

const failures: Readonly<Record<string, NonNullable<ConnectResult['failure']>>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
};

/** Never throws. `ca` (PEM) adds authorities; without it the bundled ones and the system's count. */
export async function connectTo(
  target: ConnectTarget,
  options: { timeoutMs: number; signal: AbortSignal; ca?: string },
): Promise<ConnectResult> {
  const startedAt = performance.now();
  const socket = connectTcp({ host: target.host, port: target.port });
  const remaining = (): number => Math.max(1, options.timeoutMs - (performance.now() - startedAt));
  try {
    const failed = await settled(socket, 'connect', remaining(), options.signal);
    if (failed !== undefined) return { reachable: false, failure: failed };
    const connectMs = performance.now() - startedAt;
    if (!target.tls) return { reachable: true, connectMs };
    return { connectMs, ...(await shakeHands(socket, target.host, remaining(), options)) };
  } finally {
    socket.destroy();
  }
}

/**
 * The handshake is strict: a chain or a name that does not hold ends the connection before `secureConnect`. The
 * certificate of such a server is what a technician needs most (a firewall with its own, one that ran out last week), so it
 * is read at the last moment before the verdict: `keylog` comes when the server's messages are in. Its secrets are ignored.
 */
async function shakeHands(
  socket: Socket,
  host: string,
  timeoutMs: number,
  options: { signal: AbortSignal; ca?: string },
): Promise<Pick<ConnectResult, 'reachable' | 'failure' | 'certificate'>> {
  const { connect: connectTls, getCACertificates } = await import('node:tls');
  let seen: PeerCertificate | undefined;
  const secure: TLSSocket = connectTls({
    socket,
    host,
    servername: /^[\d.]+$|:/.test(host) ? '' : host,
    rejectUnauthorized: true,
    ca: [
      ...getCACertificates('bundled'),
      ...getCACertificates('system'),
      ...(options.ca === undefined ? [] : [options.ca]),
    ],
  });
  secure.on('keylog', () => {
    // Before the server has shown its certificate this is an empty object.
    const peer = secure.getPeerCertificate();
    if (peer?.valid_to !== undefined) seen = peer;
  });
  const failed = await settled(secure, 'secureConnect', timeoutMs, options.signal);
  const trusted = failed === undefined;
  const certificate = seen === undefined ? undefined : describe(seen, trusted);
  secure.destroy();
  return {
    reachable: trusted,
    ...(failed === undefined ? {} : { failure: failed === 'other' ? 'tls' : failed }),
    ...(certificate === undefined ? {} : { certificate }),
  };
}

function describe(peer: PeerCertificate, trusted: boolean): ConnectResult['certificate'] {
  const validUntil = new Date(peer.valid_to);
  const name = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);
  const subject = name(peer.subject?.CN) ?? peer.subjectaltname?.split(', ')[0];
  if (subject === undefined || Number.isNaN(validUntil.getTime())) return undefined;
  const issuer = name(peer.issuer?.CN) ?? name(peer.issuer?.O);
  return { subject, ...(issuer === undefined ? {} : { issuer }), validUntil, trusted };
}

/** Undefined when `event` came; otherwise why it did not. */
function settled(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ConnectResult['failure']> {
  return new Promise((resolve) => {
    const finish = (failure: ConnectResult['failure']): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve(failure);
    };
    const abort = (): void => finish('timeout');
    const timer = setTimeout(abort, timeoutMs);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    socket.once(event, () => finish(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) => finish(failures[error.code ?? ''] ?? 'other'));
    socket.once('close', () => finish('other'));
  });
}
