/** What came back in place of what was asked for: the words of the KITS server, or of something between. */
import { problemDocument } from '../contract/wire.ts';
import type { ServerResponse } from './server-client.ts';

/** The server answered and said no; `code` is that of its problem document. */
export class ServerRefused extends Error {
  override readonly name = 'ServerRefused';
  readonly status: number;
  readonly code: string;
  readonly retryAfterSeconds: number | undefined;
  /** `signedRefusal` as it came; proves nothing yet. */
  readonly refusal: string | undefined;
  constructor(status: number, code: string, detail: string, retryAfterSeconds?: number, refusal?: string) {
    // 0: what stands in the way was found here, before the server was asked to do anything.
    super(status === 0 ? `${code}: ${detail}` : `The server refused (${status} ${code}): ${detail}`);
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
    this.refusal = refusal;
  }
}

export function json(response: ServerResponse): unknown {
  return JSON.parse(response.body.toString('utf8'));
}

/** RFC 9110 §10.2.3: seconds, or a date, which says something only against the clock of whoever names it. */
function retryAfterSeconds({ 'retry-after': said = '', date = '' }: ServerResponse['headers']): number | undefined {
  const seconds = /^\d{1,15}$/.test(said) ? Number(said) : (Date.parse(said) - Date.parse(date)) / 1000;
  return seconds > 0 ? seconds : undefined;
}

/** Reads a problem document; an answer that is none (a proxy's error page) still gives a code. */
export function refusalOf(response: ServerResponse): ServerRefused {
  const retry = retryAfterSeconds(response.headers);
  try {
    const { code, title, detail, refusal } = problemDocument.parse(json(response));
    return new ServerRefused(response.status, code, detail ?? title, retry, refusal);
  } catch {
    // No words of the KITS server: only the status is known. 5xx so that no report is put aside because of a proxy.
    return new ServerRefused(
      response.status >= 500 ? response.status : 502,
      'not-kits',
      `HTTP ${response.status}`,
      retry,
    );
  }
}
