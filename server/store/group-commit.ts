/**
 * Many small changes, one wait for the disk: changes that come while the disk is busy are committed together. Each is
 * durable when its promise settles, and each is undone by itself when it fails.
 */
import { setImmediate } from 'node:timers/promises';
import { CompiledQuery } from 'kysely';
import type { Database } from './database.ts';

/** So that nobody waits for a line that grows while it is worked off. */
const maxTogether = 256;

interface Change {
  readonly work: (trx: Database) => Promise<unknown>;
  readonly settle: (outcome: { readonly value: unknown } | { readonly error: unknown }) => void;
}

export class GroupCommit {
  readonly #db: Database;
  #waiting: Change[] = [];
  #running = false;

  constructor(db: Database) {
    this.#db = db;
  }

  /** As `db.transaction().execute(work)`, in the order of calling. */
  run<T>(work: (trx: Database) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        work,
        settle: (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome.value as T)),
      });
      if (!this.#running) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      // What has arrived meanwhile gets its turn to line up: the commit itself keeps this thread from everything.
      await setImmediate();
      await this.#commit(this.#waiting.splice(0, maxTogether));
    }
    this.#running = false;
  }

  async #commit(changes: readonly Change[]): Promise<void> {
    const outcomes: ({ value: unknown } | { error: unknown })[] = [];
    try {
      await this.#db.transaction().execute(async (trx) => {
        for (const { work } of changes) outcomes.push(await attempt(trx, work));
      });
    } catch (error) {
      // Nothing of this group was kept, whatever each of them had come to.
      for (const { settle } of changes) settle({ error });
      return;
    }
    for (const [index, { settle }] of changes.entries())
      settle(outcomes[index] ?? { error: new Error('not attempted') });
  }
}

const savepoint = CompiledQuery.raw('savepoint change');
const release = CompiledQuery.raw('release savepoint change');
const undo = CompiledQuery.raw('rollback to savepoint change');

async function attempt(
  trx: Database,
  work: (trx: Database) => Promise<unknown>,
): Promise<{ value: unknown } | { error: unknown }> {
  await trx.executeQuery(savepoint);
  let outcome: { value: unknown } | { error: unknown };
  try {
    outcome = { value: await work(trx) };
  } catch (error) {
    try {
      await trx.executeQuery(undo);
    } catch {
      // A full disk has ended the whole transaction: the reason counts, for all of them.
      throw error;
    }
    outcome = { error };
  }
  await trx.executeQuery(release);
  return outcome;
}
