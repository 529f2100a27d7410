/** What a check-in brings to a device: what it does not hold yet of keys, membership, policy and notices. */
import type { Policy } from '../../agent/contract/policy.ts';
import { type CheckInRequest, type CheckInResponse, jwsTypes, type SignedAnswer } from '../../agent/contract/wire.ts';
import { shortHash } from '../../agent/signing/canonical.ts';
import { signJws } from '../../agent/signing/jws.ts';
import { membershipHash, noticesHash } from '../../agent/signing/words.ts';
import { type DevicePolicy, policyFor } from '../fleet/policies.ts';
import { noteDelivered } from '../notices/deliveries.ts';
import { holderOf, nextChangeOfNotices, noticesFor } from '../notices/in-force.ts';
import { offerFor } from '../releases/offer.ts';
import type { Database } from '../store/database.ts';
import type { DeviceRow } from '../store/schema.ts';
import { checkInSeconds } from './answer.ts';
import type { IngestContext } from './device-request.ts';
import type { ResolvedWords } from './words-cache.ts';

/** A PC asks for it anew after half of that; one that was off for longer keeps the last one and says so. */
const policyLifetimeMs = 60 * 86_400_000;
/** A device that claims more than any policy has come to is not followed. */
const maxVersionClaimed = 1_000_000;

export interface Words {
  readonly answer: Pick<SignedAnswer, 'policyVersion' | 'checkInSeconds' | 'notices' | 'membership' | 'release'>;
  /** Beside the answer; the keys have to be read before it. */
  readonly beside: Omit<CheckInResponse, 'answer'>;
  /** To be called once the transaction is committed. */
  readonly committed: () => void;
}

/** Call it inside the transaction of the check-in. `version`: the `words_version` in it. */
export async function wordsFor(
  trx: Database,
  context: IngestContext,
  device: DeviceRow,
  said: CheckInRequest,
  version: number,
): Promise<Words> {
  const keys = announcementsAfter(context.announcements, said.keys);
  const beside = keys.length === 0 ? {} : { keys };
  // Whoever has a token can enrol: before KITS has approved the device, nothing of its municipality is for it.
  if (device.state === 'pending')
    return { answer: { policyVersion: 0, checkInSeconds }, beside, committed: () => undefined };

  const now = context.now();
  const known = context.words.find(device.id, version, device.municipality_id, now);
  const resolved = known ?? (await resolveWords(trx, device, version, now));
  const { holder, inForce, notices: hash } = resolved;
  if (hash !== undefined && hash === said.notices) await noteDelivered(trx, device, { hash, inForce }, now);
  const policy = await policyBeyond(trx, device, said.policyVersion, resolved.policy);
  const isMissing = policy.version > 0 && (policy.version !== said.policyVersion || said.wantPolicy === true);
  const offer =
    said.release === undefined || device.state !== 'active'
      ? undefined
      : await offerFor(trx, device, {
          version: said.agentVersion,
          ring: policy.settings.updateRing ?? 'regular',
          now: context.now(),
        });
  return {
    answer: {
      ...brief(policy),
      ...(offer === undefined ? {} : { release: shortHash(offer.jws) }),
      ...(hash === undefined ? {} : { notices: hash }),
      ...(said.membership === resolved.membership
        ? {}
        : { membership: { municipality: await municipalityOf(trx, device), groups: holder.groups } }),
    },
    beside: {
      ...beside,
      ...(isMissing ? { policy: await signPolicy(context, device, policy) } : {}),
      ...(hash === said.notices || hash === undefined ? {} : { notices: inForce.map(({ jws }) => jws) }),
      ...(offer === undefined || offer.sequence === said.release?.held ? {} : { release: offer.jws }),
    },
    committed: () => {
      // Numbered beyond: the count of versions goes on from there.
      if (policy !== resolved.policy) context.words.forget(device.id);
      else if (known === undefined) context.words.keep(device.id, resolved);
    },
  };
}

async function resolveWords(trx: Database, device: DeviceRow, version: number, now: Date): Promise<ResolvedWords> {
  const holder = await holderOf(trx, device);
  const inForce = await noticesFor(trx, holder, now);
  const { version: number, settings } = await policyFor(trx, device);
  return {
    version,
    holder,
    membership: membershipHash(holder),
    inForce,
    notices: noticesHash(inForce.map(({ jws }) => jws)),
    policy: { version: number, settings },
    until: await nextChangeOfNotices(trx, device.municipality_id, now),
  };
}

type Numbered = Pick<DevicePolicy, 'version' | 'settings'>;

/** What every answer says of the policy. */
export function brief({ version, settings }: Numbered): Pick<SignedAnswer, 'policyVersion' | 'checkInSeconds'> {
  return { policyVersion: version, checkInSeconds: settings.checkInSeconds ?? checkInSeconds };
}

/** One for this device alone: nobody can hand it to another. */
export function signPolicy(
  { now, signingKey }: IngestContext,
  device: Pick<DeviceRow, 'id' | 'municipality_id'>,
  { version, settings }: Numbered,
): Promise<string> {
  const issuedAt = now();
  const payload: Policy = {
    version,
    audience: { municipality: device.municipality_id, device: device.id },
    issuedAt: issuedAt.toISOString(),
    expiresAt: new Date(issuedAt.getTime() + policyLifetimeMs).toISOString(),
    settings,
  };
  return signJws(jwsTypes.policy, payload, signingKey);
}

/**
 * The policy in force, numbered beyond what the device has seen: after this server was restored from a backup it would
 * otherwise be told versions it must refuse as older.
 */
async function policyBeyond(trx: Database, device: DeviceRow, seen: number, policy: Numbered): Promise<Numbered> {
  if (!(seen > policy.version && seen <= maxVersionClaimed)) return policy;
  // No settings have this digest: they get the next number.
  const place = { version: seen, digest: '' };
  await trx
    .insertInto('device_policies')
    .values({ device_id: device.id, ...place })
    .onConflict((conflict) => conflict.column('device_id').doUpdateSet(place))
    .execute();
  return policyFor(trx, device);
}

/** All of them when the device names one that is not ours. */
function announcementsAfter(announcements: readonly string[], known: string | undefined): string[] {
  return announcements.slice(announcements.findLastIndex((jws) => shortHash(jws) === known) + 1);
}

async function municipalityOf(trx: Database, device: DeviceRow): Promise<{ id: string; name: string }> {
  return trx
    .selectFrom('municipalities')
    .select(['id', 'name'])
    .where('id', '=', device.municipality_id)
    .executeTakeFirstOrThrow();
}
