/** What every part of the server works with; made once at start. */
import type { FastifyBaseLogger } from 'fastify';
import type { Trust } from '../agent/contract/keys.ts';
import type { SigningKey } from '../agent/signing/keys.ts';
import type { Push } from './push/device-streams.ts';
import type { Database } from './store/database.ts';

export interface ServerContext {
  readonly db: Database;
  /** Server time; tests hand in their own. */
  readonly now: () => Date;
  /** Signs answers and receipts; agents pin its thumbprint. A file outside the database. */
  readonly signingKey: SigningKey;
  /** All key announcements there were, oldest first: devices follow them to the signing key. */
  readonly announcements: readonly string[];
  /** Signs notices; undefined where it is kept offline or lost. */
  readonly noticeKey: SigningKey | undefined;
  /** What a device trusts that has heard all announcements. */
  readonly trust: Trust;
  readonly log: FastifyBaseLogger;
  /** Tells devices within seconds what the database already says; those that do not listen hear it when they check in. */
  readonly push: Push;
}
