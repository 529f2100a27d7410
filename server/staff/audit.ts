/** The record of what staff did. Rows are only ever added. */
import type { Database } from '../store/database.ts';

export interface Deed {
  readonly actor: string;
  /** For example `device.change`. */
  readonly action: string;
  readonly municipalityId?: string;
  /** Id or name of what was acted on. */
  readonly target?: string;
  /** Stored as JSON, cut to 2,000 characters; never a secret. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Goes into the transaction of the deed, so that neither exists without the other. */
export async function recordDeed(db: Database, at: Date, deed: Deed): Promise<void> {
  await db
    .insertInto('audit')
    .values({
      at: at.toISOString(),
      actor: deed.actor.slice(0, 120),
      action: deed.action,
      municipality_id: deed.municipalityId ?? null,
      target: deed.target?.slice(0, 200) ?? null,
      detail: deed.detail === undefined ? null : JSON.stringify(deed.detail).slice(0, 2000),
    })
    .execute();
}
