/** Gives each refusal its HTTP status. */
import type { FastifyRequest } from 'fastify';
import type { Words } from '../../agent/rules/wording.ts';
import type { Refusal, RefusalCode } from '../fleet/refusal.ts';
import { Problem } from '../problem.ts';

const statuses: Readonly<Record<RefusalCode, number>> = {
  'not-signed-in': 401,
  'sign-in-failed': 401,
  'password-wrong': 403,
  'user-disabled': 409,
  'too-many-attempts': 429,
  busy: 503,
  csrf: 403,
  forbidden: 403,
  'not-found': 404,
  'name-taken': 409,
  conflict: 409,
  'notice-key-offline': 409,
  'notice-key-missing': 409,
  invalid: 400,
  'invalid-cursor': 400,
  'csv-encoding': 400,
  'csv-malformed': 400,
  'csv-columns': 400,
  'csv-too-long': 413,
};

/** German, unless the request asks for English first. */
export function languageOf(request: FastifyRequest): keyof Words {
  return /^en\b/i.test(request.headers['accept-language'] ?? '') ? 'en' : 'de';
}

export function problemOfRefusal(refusal: Refusal, language: keyof Words): Problem {
  const status = statuses[refusal.code];
  const headers: Record<string, string> = {};
  if (refusal.retryAfterSeconds !== undefined) headers['retry-after'] = String(refusal.retryAfterSeconds);
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  return new Problem(status, refusal.code, refusal.words[language], { cause: refusal, headers });
}
