/**
 * Signed words of KITS to a device: its policy, and notices to the people at it. Whoever shows or applies them verifies
 * them here, the service on receipt and the tray once more.
 */
import type { Trust, WordsHolder } from '../contract/keys.ts';
import { type Audience, type Notice, notice, type Policy, policy } from '../contract/policy.ts';
import { jwsTypes } from '../contract/wire.ts';
import { canonicalJson, hashBytes, shortHash } from './canonical.ts';
import { JwsError, verifyJws } from './jws.ts';
import { keysFor } from './key-set.ts';

const dayMs = 86_400_000;
/** Clocks of server and device may differ by this much before words seem to come from the future. */
const toleranceMs = 3_600_000;
/** No words hold for longer than a leap year. */
const longestMs = 366 * dayMs;

export interface Listener {
  readonly trust: Pick<Trust, 'keys'>;
  readonly holder: WordsHolder;
  /** Server time, as near as it is known. */
  readonly now: Date;
}

export function isAddressedTo(audience: Audience, holder: WordsHolder): boolean {
  return (
    audience.municipality === holder.municipality &&
    (audience.group === undefined || holder.groups.includes(audience.group)) &&
    (audience.device === undefined || audience.device === holder.device)
  );
}

/**
 * Throws `JwsError` with any of its reasons. `before`: the policy in force; a lower version, or the same one issued
 * earlier, is "older". It does not count when the recovery key has spoken since: then leave it out.
 */
export async function verifyPolicy(
  jws: string,
  listener: Listener,
  before?: Pick<Policy, 'version' | 'issuedAt'>,
): Promise<Policy> {
  const { trust, holder, now } = listener;
  const said = await verifyJws(jwsTypes.policy, jws, await keysFor(trust, 'server', now), policy);
  checkAudience(said.audience, holder);
  checkTime(said.issuedAt, said.expiresAt, now);
  if (before !== undefined) {
    const isOlder =
      said.version < before.version ||
      (said.version === before.version && !(Date.parse(said.issuedAt) >= Date.parse(before.issuedAt)));
    if (isOlder) throw new JwsError('older', `policy ${said.version} comes after ${before.version}`);
  }
  return said;
}

/**
 * Throws `JwsError`. A notice whose time has not come yet and one that was recalled are genuine too: `isShown` says
 * whether to show it. `known`: what is held under an id already; what was issued before that is "older".
 */
export async function verifyNotice(
  jws: string,
  listener: Listener,
  known?: (id: string) => Pick<Notice, 'issuedAt'> | undefined,
): Promise<Notice> {
  const said = await readNotice(jws, listener.trust, listener.now);
  checkAudience(said.audience, listener.holder);
  const before = known?.(said.id);
  if (before !== undefined && !(Date.parse(said.issuedAt) >= Date.parse(before.issuedAt))) {
    throw new JwsError('older', `notice ${said.id} has been said anew since`);
  }
  return said;
}

/** Whoever it is for: what a server checks before it publishes one. Throws `JwsError`. */
export async function readNotice(jws: string, trust: Listener['trust'], now: Date): Promise<Notice> {
  const said = await verifyJws(jwsTypes.notice, jws, await keysFor(trust, 'notice', now), notice);
  checkTime(said.issuedAt, said.validUntil, now);
  return said;
}

/** Of the notices that hold, the one to show; `others` are all that are held, in any order. */
export function isShown(said: Notice, others: readonly Notice[], now: Date): boolean {
  const inTime = now.getTime() >= Date.parse(said.validFrom) && now.getTime() < Date.parse(said.validUntil);
  const replaced = others.some(
    (other) => other.replaces === said.id && other.id !== said.id && now.getTime() >= Date.parse(other.validFrom),
  );
  return inTime && said.recalled !== true && !replaced;
}

function checkAudience(audience: Audience, holder: WordsHolder): void {
  if (!isAddressedTo(audience, holder)) throw new JwsError('audience', 'these words are for somebody else');
}

/** Written so that times that are none are refused. */
function checkTime(issuedAt: string, end: string, now: Date): void {
  const issued = Date.parse(issuedAt);
  const ends = Date.parse(end);
  if (!(ends > issued && ends - issued <= longestMs)) {
    throw new JwsError('payload', `these words hold from ${issuedAt} to ${end}, which is no time they can hold`);
  }
  if (!(issued <= now.getTime() + toleranceMs)) throw new JwsError('premature', `these words are from ${issuedAt}`);
  if (!(now.getTime() < ends)) throw new JwsError('expired', `these words held until ${end}`);
}

/** One hash over a set of notices in any order; undefined when there are none. */
export function noticesHash(notices: readonly string[]): string | undefined {
  if (notices.length === 0) return undefined;
  return shortHash(
    notices
      .map((jws) => hashBytes(jws))
      .sort()
      .join('\n'),
  );
}

/** One hash over where a device belongs. */
export function membershipHash({ municipality, groups }: Pick<WordsHolder, 'municipality' | 'groups'>): string {
  return shortHash(canonicalJson({ municipality, groups: [...groups].sort() }));
}
