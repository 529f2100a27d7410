/** What every part of the server works with; made once at start. */
import type { FastifyBaseLogger } from 'fastify';
import type { SigningKey } from '../agent/signing/keys.ts';
import type { Database } from './store/database.ts';

export interface ServerContext {
  readonly db: Database;
  /** Server time; tests hand in their own. */
  readonly now: () => Date;
  /** Signs answers and receipts; agents pin its thumbprint. A file outside the database. */
  readonly signingKey: SigningKey;
  readonly log: FastifyBaseLogger;
}
