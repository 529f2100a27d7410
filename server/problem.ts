/** Errors as the outside sees them: RFC 9457 problem documents with a stable code and nothing of the inside. */
import { STATUS_CODES } from 'node:http';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { ProblemDocument } from '../agent/contract/wire.ts';
import { isStorageFull } from './store/sqlite.ts';

export const problemMediaType = 'application/problem+json';

/** How long a sender waits when the disk of the server is full. */
export const storageFullRetrySeconds = 300;

/** A request that ends with this answer. `detail` is shown to the sender, so it quotes no secret and no inside. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `signedRefusal`, for a device to believe it. */
  readonly refusal: string | undefined;

  constructor(
    status: number,
    code: string,
    detail: string,
    options: ErrorOptions & { readonly headers?: Readonly<Record<string, string>>; readonly refusal?: string } = {},
  ) {
    super(detail, options);
    this.status = status;
    this.code = code;
    this.headers = options.headers ?? {};
    this.refusal = options.refusal;
  }
}

export function problemDocumentOf(problem: Problem): ProblemDocument {
  return {
    type: `urn:kits:problem:${problem.code}`,
    title: STATUS_CODES[problem.status] ?? 'Error',
    status: problem.status,
    code: problem.code,
    detail: problem.message.slice(0, 2000),
    ...(problem.refusal === undefined ? {} : { refusal: problem.refusal }),
  };
}

export function storageFull(cause: unknown): Problem {
  return new Problem(503, 'storage-full', 'The disk of the server is full. Nothing was stored; try again later.', {
    cause,
    headers: { 'retry-after': String(storageFullRetrySeconds) },
  });
}

/** Codes of Fastify's own refusals; a 4xx of it that is not named here is a "bad-request". */
const frameworkCodes: Readonly<Record<string, readonly [code: string, detail: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['too-large', 'The request is larger than allowed here.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported-media-type', 'This media type is not accepted here.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['malformed', 'The request is not valid JSON.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['malformed', 'The request has no body.'],
};

/** Turns whatever was thrown into what the sender may know; 500 "internal" for what nobody expected. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isStorageFull(error)) return storageFull(error);
  if (hasZodFastifySchemaValidationErrors(error)) {
    const issue = error.validation[0];
    // "/items/0/name" behind "body", "querystring" or "params"; the value itself is not repeated.
    const place = `${error.validationContext ?? ''}${issue?.instancePath ?? ''}`;
    return new Problem(400, 'invalid', `${place}: ${issue?.message ?? 'does not fit the schema'}`, { cause: error });
  }
  const { statusCode, code } = (error ?? {}) as { statusCode?: unknown; code?: unknown };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    const known = typeof code === 'string' ? frameworkCodes[code] : undefined;
    const [stable, detail] = known ?? ['bad-request', 'The request cannot be understood.'];
    return new Problem(statusCode, stable, detail, { cause: error });
  }
  return new Problem(500, 'internal', 'Something went wrong on the server. It has been logged.', { cause: error });
}
