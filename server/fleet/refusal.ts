/** A request that is understood and turned down. HTTP turns the code into a status, the command line into a sentence. */
import type { Words } from '../../agent/rules/wording.ts';

/** Stable: scripts and the console rely on them. */
export type RefusalCode =
  | 'not-signed-in'
  | 'sign-in-failed'
  | 'password-wrong'
  | 'user-disabled'
  | 'too-many-attempts'
  | 'busy'
  | 'csrf'
  | 'forbidden'
  | 'not-found'
  | 'name-taken'
  | 'conflict'
  | 'notice-key-offline'
  | 'notice-key-missing'
  | 'invalid'
  | 'invalid-cursor'
  | 'csv-encoding'
  | 'csv-malformed'
  | 'csv-columns'
  | 'csv-too-long';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly words: Words;
  /** Whole seconds after which it may be tried again. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: RefusalCode, words: Words, options: { readonly retryAfterSeconds?: number } = {}) {
    super(words.en);
    this.code = code;
    this.words = words;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** The same answer for what does not exist and for what belongs to a municipality out of reach. */
export function notFound(): Refusal {
  return new Refusal('not-found', {
    de: 'Das gibt es nicht, oder es gehört zu einer Gemeinde, für die Sie nicht zuständig sind.',
    en: 'There is no such thing, or it belongs to a municipality outside your area.',
  });
}
