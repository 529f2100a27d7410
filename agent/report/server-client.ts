/**
 * The one place that speaks HTTP to the KITS server (axios). It knows transport only: time limits, proxy, certificates,
 * sizes. What a request means and whether an answer is genuine is decided by the callers.
 */
import { readFileSync } from 'node:fs';
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import process from 'node:process';
import { getCACertificates, type TLSSocket } from 'node:tls';
import axios, { type AxiosInstance, isAxiosError } from 'axios';
import { type ClockKnowledge, clockOrCertificate, type Validity } from './tls-clock.ts';

const defaultTimeoutMs = 30_000;
/** Answers are a few kilobytes; policy and notices with their bounds stay below this. */
const maxAnswerBytes = 4 * 1024 * 1024;

/**
 * No usable answer. `code` is stable: "dns", "refused", "timeout", "reset", "tls-untrusted", "tls-expired", "clock-blocks-tls",
 * "answer-too-large", "insecure-url", "ca-file", "other". Nothing is lost: what was to be sent stays in the outbox.
 */
export class ServerUnreachable extends Error {
  override readonly name = 'ServerUnreachable';
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface ServerResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** An answer that goes on: status and headers are here, the body comes as it comes. */
export interface ServerStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Ends when the server ends it, throws `ServerUnreachable` when it breaks off or was aborted. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface ServerClient {
  readonly baseUrl: string;
  /** Any status is an answer; throws `ServerUnreachable` when there is none. */
  send(request: {
    method: 'GET' | 'POST';
    /** Absolute path on the server, without query. */
    path: string;
    headers?: Readonly<Record<string, string>>;
    body?: Uint8Array;
  }): Promise<ServerResponse>;
  /**
   * A GET whose answer may last for hours; aborting `signal` ends it at any time. Takes one of the two connections there
   * are. Throws `ServerUnreachable` when no answer begins within the usual time.
   */
  stream(request: {
    path: string;
    headers: Readonly<Record<string, string>>;
    signal: AbortSignal;
  }): Promise<ServerStream>;
  close(): void;
}

export interface ClientOptions {
  readonly baseUrl: string;
  /** Wins over the environment (HTTPS_PROXY, HTTP_PROXY; NO_PROXY is honoured either way). */
  readonly proxy?: string;
  /** PEM file with further certificate authorities, beside the bundled ones and the system's. */
  readonly caFile?: string;
  readonly userAgent: string;
  /** What is known of the time, to tell a certificate that ran out from a clock that is wrong. */
  readonly clock?: () => ClockKnowledge;
  /** How long nothing may come of an answer; default 30 s. */
  readonly timeoutMs?: number;
}

/** Plain http is for a server on the same machine only. Throws `ServerUnreachable` "insecure-url" or "ca-file". */
export function createServerClient(options: ClientOptions): ServerClient {
  const url = new URL(options.baseUrl);
  const { timeoutMs = defaultTimeoutMs } = options;
  const local = isLoopback(url.hostname);
  if (url.protocol !== 'https:' && !local) {
    throw new ServerUnreachable(
      'insecure-url',
      `${options.baseUrl} is not encrypted. Use https, plain http is accepted for this machine itself only.`,
    );
  }
  const proxyEnv = local ? {} : proxyEnvironment(options.proxy);
  const common = { keepAlive: true, maxSockets: 2, proxyEnv };
  const agent =
    url.protocol === 'https:' ? new HttpsAgent({ ...common, ...trust(options.caFile) }) : new HttpAgent(common);
  let validity: Validity | undefined;
  // Comes before the certificate is judged, also through a proxy; the secrets it carries are ignored.
  agent.on('keylog', (_line, socket: TLSSocket) => {
    validity = validityOf(socket);
  });
  const knowledge = options.clock ?? (() => ({ now: new Date(), serverTimeFloor: 0 }));
  const failed = (error: unknown): ServerUnreachable => unreachable(error, options.baseUrl, validity, knowledge());
  const http: AxiosInstance = axios.create({
    baseURL: options.baseUrl,
    timeout: timeoutMs,
    // A redirect would carry a signed request to somebody else.
    maxRedirects: 0,
    maxContentLength: maxAnswerBytes,
    maxBodyLength: 16 * 1024 * 1024,
    responseType: 'arraybuffer',
    decompress: false,
    validateStatus: () => true,
    // No `proxy` here: with `proxyEnv` on the agent axios leaves proxies to it, with `proxy: false` it would strip them.
    ...(url.protocol === 'https:' ? { httpsAgent: agent } : { httpAgent: agent }),
    // The server has one kind of answer, and never packs it.
    headers: { 'user-agent': options.userAgent, accept: false, 'accept-encoding': false },
    transport: lean(url.protocol === 'https:' ? httpsRequest : httpRequest),
  });
  return {
    baseUrl: options.baseUrl,
    send: async ({ method, path, headers, body }) => {
      const once = () =>
        http.request<Buffer>({
          method,
          url: path,
          ...(headers === undefined ? {} : { headers: { ...headers } }),
          ...(body === undefined ? {} : { data: Buffer.from(body.buffer, body.byteOffset, body.byteLength) }),
          // The time limit of axios does not cover a server that accepts and then says nothing at all.
          signal: AbortSignal.timeout(timeoutMs * 2),
        });
      try {
        const response = await once().catch((error: unknown) => {
          if (wasStale(error)) return once();
          throw error;
        });
        return { status: response.status, headers: plainHeaders(response.headers), body: response.data };
      } catch (error) {
        throw failed(error);
      }
    },
    stream: async ({ path, headers, signal }) => {
      try {
        const response = await http.request<IncomingMessage>({
          method: 'GET',
          url: path,
          headers: { ...headers, accept: 'text/event-stream' },
          responseType: 'stream',
          // Counted by whoever reads: how much may come depends on how long it lasts.
          maxContentLength: -1,
          signal,
        });
        const { status, headers: plain, data } = response;
        signal.addEventListener('abort', () => data.destroy(), { once: true });
        return { status, headers: plainHeaders(plain), chunks: chunksOf(data, options.baseUrl) };
      } catch (error) {
        throw failed(error);
      }
    },
    close: () => agent.destroy(),
  };
}

/**
 * The server closed a connection that was kept open just as it was used again: nothing is wrong with server or network. What
 * was sent may have arrived; its proof counts once, so it is told to make another one and does nothing twice.
 */
function wasStale(error: unknown): boolean {
  if (!isAxiosError(error) || (error.code !== 'ECONNRESET' && error.code !== 'EPIPE')) return false;
  return (error.request as { reusedSocket?: boolean } | undefined)?.reusedSocket === true;
}

type Requester = (options: RequestOptions, answered: (response: IncomingMessage) => void) => ClientRequest;

/** A connection stays open unless told otherwise (HTTP/1.1): nobody has to say so each time. */
function lean(begin: Requester): { request: Requester } {
  return {
    request: (options, answered) => {
      const request = begin(options, answered);
      request.removeHeader('connection');
      return request;
    },
  };
}

async function* chunksOf(body: IncomingMessage, baseUrl: string): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of body) yield chunk as Uint8Array;
  } catch (cause) {
    throw new ServerUnreachable('reset', `${baseUrl} broke off its answer: ${(cause as Error).message}`, { cause });
  } finally {
    body.destroy();
  }
}

export function isLoopback(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}

function proxyEnvironment(proxy: string | undefined): Record<string, string | undefined> {
  const { HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy, NO_PROXY, no_proxy } = process.env;
  const exceptions = NO_PROXY ?? no_proxy;
  const secure = proxy ?? HTTPS_PROXY ?? https_proxy;
  const plain = proxy ?? HTTP_PROXY ?? http_proxy;
  return {
    ...(secure === undefined ? {} : { HTTPS_PROXY: secure }),
    ...(plain === undefined ? {} : { HTTP_PROXY: plain }),
    ...(exceptions === undefined ? {} : { NO_PROXY: exceptions }),
  };
}

/** Of Debian and Ubuntu, as their ca-certificates keeps it. */
const debianStore = '/etc/ssl/certs/ca-certificates.crt';

/** On Linux Node would take what these two name for the store of the system, at its start already. */
function systemStore(): string[] {
  const { SSL_CERT_FILE, SSL_CERT_DIR } = process.env;
  if (process.platform !== 'linux' || (SSL_CERT_FILE === undefined && SSL_CERT_DIR === undefined)) {
    return getCACertificates('system');
  }
  try {
    return [readFileSync(debianStore, 'utf8')];
  } catch {
    // Not there: those that Node brings along remain.
    return [];
  }
}

function trust(caFile: string | undefined): { ca: string[]; rejectUnauthorized: true; minVersion: 'TLSv1.2' } {
  // Not "default": that takes in what NODE_EXTRA_CA_CERTS names. An own certificate stands in the settings.
  const ca = [...getCACertificates('bundled'), ...systemStore()];
  if (caFile !== undefined) {
    try {
      ca.push(readFileSync(caFile, 'utf8'));
    } catch (cause) {
      throw new ServerUnreachable(
        'ca-file',
        `The certificate file ${caFile} cannot be read: ${(cause as Error).message}`,
        {
          cause,
        },
      );
    }
  }
  // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED in an environment cannot switch it off.
  return { ca, rejectUnauthorized: true, minVersion: 'TLSv1.2' };
}

function plainHeaders(headers: object): Record<string, string> {
  const known: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (typeof value === 'string') known[name.toLowerCase()] = value;
  return known;
}

/** Words of Node, OpenSSL and axios for the same few things. */
const codes: Readonly<Record<string, string>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ECONNREFUSED: 'refused',
  ECONNABORTED: 'timeout',
  ETIMEDOUT: 'timeout',
  ERR_CANCELED: 'timeout',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ERR_STREAM_PREMATURE_CLOSE: 'reset',
  ERR_PROXY_TUNNEL: 'proxy',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls-untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls-untrusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls-untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls-untrusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls-untrusted',
};

function validityOf(socket: TLSSocket): Validity | undefined {
  const peer = socket.getPeerCertificate();
  // Before the server has shown its certificate this is an empty object.
  return peer?.valid_to === undefined ? undefined : { from: new Date(peer.valid_from), to: new Date(peer.valid_to) };
}

function unreachable(
  error: unknown,
  baseUrl: string,
  validity: Validity | undefined,
  knowledge: ClockKnowledge,
): ServerUnreachable {
  const cause = error instanceof Error ? error : new Error(String(error));
  const raw = isAxiosError(error)
    ? (error.code ?? (error.cause as NodeJS.ErrnoException | undefined)?.code)
    : undefined;
  if (raw === 'CERT_NOT_YET_VALID' || raw === 'CERT_HAS_EXPIRED') {
    const code = clockOrCertificate(raw, validity, knowledge);
    return new ServerUnreachable(
      code,
      `${baseUrl} cannot be reached (${code}): ${timesOf(code, validity, knowledge)}`,
      {
        cause,
      },
    );
  }
  const code =
    raw === 'ERR_BAD_RESPONSE' && cause.message.includes('maxContentLength')
      ? 'answer-too-large'
      : (codes[raw ?? ''] ?? 'other');
  return new ServerUnreachable(code, `${baseUrl} cannot be reached (${code}): ${cause.message}`, { cause });
}

function timesOf(code: string, validity: Validity | undefined, { now, serverTime }: ClockKnowledge): string {
  const span = validity === undefined ? 'unknown' : `${validity.from.toISOString()} to ${validity.to.toISOString()}`;
  const known = serverTime === undefined ? '' : `, the server's time is ${serverTime.toISOString()}`;
  const advice =
    code === 'clock-blocks-tls'
      ? 'Set the clock of this PC; what waits is sent then.'
      : 'The certificate of the server has to be renewed.';
  return `the certificate is valid from ${span}, the clock of this PC says ${now.toISOString()}${known}. ${advice}`;
}
