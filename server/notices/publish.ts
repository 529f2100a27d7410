/** Publishes a signed notice: from then on it is delivered to every device it is for. */
import type { Trust } from '../../agent/contract/keys.ts';
import type { Notice } from '../../agent/contract/policy.ts';
import { maxNotices } from '../../agent/contract/wire.ts';
import { JwsError } from '../../agent/signing/jws.ts';
import { readNotice } from '../../agent/signing/words.ts';
import { notFound, Refusal } from '../fleet/refusal.ts';
import { type Actor, devicesIn, type FleetContext, groupsIn, municipalitiesIn } from '../fleet/scope.ts';
import { recordDeed } from '../staff/audit.ts';
import type { Database } from '../store/database.ts';
import { refusalOfHidden } from './draft.ts';

/**
 * Throws `Refusal`: "invalid" (not signed with the notice key, or not for now), "not-found" (its audience is out of
 * reach), "conflict" (a newer wording is there, or there are too many).
 */
export async function publishNotice(
  context: FleetContext,
  actor: Actor,
  jws: string,
  trust: Pick<Trust, 'keys'>,
): Promise<Notice> {
  const now = context.now();
  const notice = await genuine(jws, trust, now);
  requireShown(notice);
  requireAnswerable(notice);
  await context.db.transaction().execute(async (trx) => {
    await requireAudience(trx, actor, notice);
    await requireNewer(trx, notice);
    await requireRoom(trx, notice, now);
    await trx.deleteFrom('notices').where('id', '=', notice.id).execute();
    const { municipality, group, device } = notice.audience;
    await trx
      .insertInto('notices')
      .values({
        id: notice.id,
        municipality_id: municipality,
        group_id: group ?? null,
        device_id: device ?? null,
        replaces: notice.replaces ?? null,
        recalled: notice.recalled === true ? 1 : 0,
        issued_at: notice.issuedAt,
        valid_from: notice.validFrom,
        valid_until: notice.validUntil,
        jws,
        published_at: now.toISOString(),
        published_by: actor.name,
      })
      .execute();
    await recordDeed(trx, now, {
      actor: actor.name,
      action: notice.recalled === true ? 'notice.recall' : 'notice.publish',
      municipalityId: municipality,
      target: notice.id,
      detail: {
        title: notice.title.de,
        severity: notice.severity,
        audience: notice.audience,
        until: notice.validUntil,
        ...(notice.answers === 'named' ? { answers: notice.answers } : {}),
      },
    });
  });
  return notice;
}

async function genuine(jws: string, trust: Pick<Trust, 'keys'>, now: Date): Promise<Notice> {
  try {
    return await readNotice(jws, trust, now);
  } catch (cause) {
    if (!(cause instanceof JwsError)) throw cause;
    throw (
      refusalOfHidden(cause.cause) ??
      new Refusal('invalid', {
        de: `Die Mitteilung wird nicht veröffentlicht: Geräte würden sie ablehnen (${cause.reason}).`,
        en: `The notice is not published: devices would refuse it (${cause.reason}: ${cause.message}).`,
      })
    );
  }
}

/** A notice whose end lies before its beginning would be delivered and never be shown. */
function requireShown({ validFrom, validUntil }: Notice): void {
  if (Date.parse(validUntil) > Date.parse(validFrom)) return;
  throw new Refusal('invalid', {
    de: 'Die Mitteilung endet, bevor sie beginnt: Niemand würde sie sehen.',
    en: 'The notice ends before it begins: nobody would ever see it.',
  });
}

/** The window says which name goes along beside the button; without one nobody would hear of it, and nobody could answer. */
function requireAnswerable({ answers, mustAcknowledge }: Notice): void {
  if (answers !== 'named' || mustAcknowledge) return;
  throw new Refusal('invalid', {
    de: 'Namen gibt es nur bei einer Mitteilung, die zur Kenntnis genommen werden muss.',
    en: 'Answers can be named only where a notice has to be acknowledged.',
  });
}

async function requireAudience(trx: Database, { scope }: Actor, { audience }: Notice): Promise<void> {
  const { municipality, group, device } = audience;
  const found = await municipalitiesIn(trx, scope)
    .select('municipalities.id')
    .where('municipalities.id', '=', municipality)
    .executeTakeFirst();
  if (found === undefined) throw notFound();
  if (group !== undefined) {
    const known = await groupsIn(trx, scope)
      .select('device_groups.id')
      .where('device_groups.id', '=', group)
      .where('device_groups.municipality_id', '=', municipality)
      .where('device_groups.deleted_at', 'is', null)
      .executeTakeFirst();
    if (known === undefined) throw notFound();
  }
  if (device !== undefined) {
    const known = await devicesIn(trx, scope)
      .select('devices.id')
      .where('devices.id', '=', device)
      .where('devices.municipality_id', '=', municipality)
      .executeTakeFirst();
    if (known === undefined) throw notFound();
  }
}

/** The same id is a correction or a recall; it stays in its municipality and never goes back. */
async function requireNewer(trx: Database, { id, audience, issuedAt }: Notice): Promise<void> {
  const before = await trx
    .selectFrom('notices')
    .select(['municipality_id', 'issued_at'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (before === undefined) return;
  if (before.municipality_id !== audience.municipality) throw notFound();
  if (!(Date.parse(issuedAt) > Date.parse(before.issued_at))) {
    throw new Refusal('conflict', {
      de: 'Unter dieser Kennung ist schon dieselbe oder eine neuere Fassung veröffentlicht.',
      en: 'The same wording, or a newer one, is published under this id already.',
    });
  }
}

async function requireRoom(trx: Database, { id, audience }: Notice, now: Date): Promise<void> {
  const { municipality, group = null, device = null } = audience;
  const { count } = await trx
    .selectFrom('notices')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('municipality_id', '=', municipality)
    .where('group_id', 'is', group)
    .where('device_id', 'is', device)
    .where('valid_until', '>', now.toISOString())
    .where('id', '!=', id)
    .executeTakeFirstOrThrow();
  if (Number(count) < maxNotices) return;
  throw new Refusal('conflict', {
    de: `Für diesen Kreis gelten schon ${maxNotices} Mitteilungen. Nehmen Sie zuerst eine zurück oder warten Sie, bis eine abläuft.`,
    en: `${maxNotices} notices are in force for this audience already. Wait until one of them ends.`,
  });
}

/**
 * Takes away what devices would refuse, because its key was replaced or because it was never signed by one of ours.
 * Returns how many. For the start of the server.
 */
export async function dropRefused(db: Database, trust: Pick<Trust, 'keys'>, now: Date): Promise<number> {
  const rows = await db
    .selectFrom('notices')
    .select(['number', 'jws'])
    .where('valid_until', '>', now.toISOString())
    .execute();
  const refused: number[] = [];
  for (const { number, jws } of rows) {
    try {
      await readNotice(jws, trust, now);
    } catch (error) {
      // A clock that is behind for the moment makes nothing worthless.
      if (!(error instanceof JwsError)) throw error;
      if (error.reason !== 'premature') refused.push(number);
    }
  }
  for (const number of refused) await db.deleteFrom('notices').where('number', '=', number).execute();
  return refused.length;
}
