/** Talks to /api/v1: one function, and one error type that says what happened in words a page can show. */

/** `unreachable` = no answer at all; `refused` = the server answered with a problem document. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly kind: 'unreachable' | 'refused';
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Stable code of the problem document. */
  readonly code: string;

  constructor(kind: 'unreachable' | 'refused', status: number, code: string, detail: string) {
    super(detail);
    this.kind = kind;
    this.status = status;
    this.code = code;
  }
}

let csrfToken = '';

/** From the session; goes with every change from now on. */
export function rememberCsrfToken(token: string): void {
  csrfToken = token;
}

let signedOut: () => void = () => undefined;

/** Called whenever the server says that nobody is signed in any more. */
export function whenSignedOut(listener: () => void): void {
  signedOut = listener;
}

interface Change {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: object;
  /** Sent as it is, as CSV. */
  readonly csv?: string | Blob;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

async function problemOf(response: Response): Promise<ApiError> {
  let document: Record<string, unknown> = {};
  try {
    const body: unknown = await response.json();
    if (typeof body === 'object' && body !== null) document = body as Record<string, unknown>;
  } catch {
    // A proxy in between may answer in HTML; the status alone has to do.
  }
  const detail = text(document['detail']) || text(document['title']) || response.statusText;
  return new ApiError('refused', response.status, text(document['code']) || `http-${response.status}`, detail);
}

async function send(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`/api/v1/${path}`, { ...init, credentials: 'same-origin', redirect: 'error' });
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new ApiError('unreachable', 0, 'unreachable', error instanceof Error ? error.message : String(error));
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  // Asking who is signed in, and signing in itself, are answered with 401 in the course of things.
  if (problem.status === 401 && path !== 'session') signedOut();
  throw problem;
}

/** The server words its refusals in the language of the page. */
function commonHeaders(): Record<string, string> {
  return { accept: 'application/json', 'accept-language': document.documentElement.lang };
}

/** Reads JSON. The server checks its answers against the contract, so the type is taken at its word. */
export async function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { headers: commonHeaders() };
  if (signal !== undefined) init.signal = signal;
  return (await (await send(path, init)).json()) as T;
}

/** Makes a change; the answer is `undefined` when the server has nothing to say (204). */
export async function change<T>(path: string, { method, body, csv }: Change): Promise<T> {
  const headers = { ...commonHeaders(), 'x-csrf-token': csrfToken };
  const init: RequestInit = { method, headers };
  if (body !== undefined) {
    init.headers = { ...headers, 'content-type': 'application/json' };
    init.body = JSON.stringify(body);
  } else if (csv !== undefined) {
    init.headers = { ...headers, 'content-type': 'text/csv; charset=utf-8' };
    init.body = csv;
  }
  const response = await send(path, init);
  return (response.status === 204 ? undefined : await response.json()) as T;
}
