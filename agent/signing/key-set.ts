/**
 * From a pinned key to the one in force: announcements, each signed by the server key before it or by the recovery key.
 * Pure; the same in agent, tray and server. Rules and reasons: docs/decisions/0006-keys-and-rotation.md.
 */
import { type KeySet, type KeyUse, keySet, type Trust } from '../contract/keys.ts';
import { jwsTypes, type PublicKey } from '../contract/wire.ts';
import { hashBytes } from './canonical.ts';
import { JwsError, signJws, verifyEmbeddedKey } from './jws.ts';
import { type SigningKey, thumbprintOf } from './keys.ts';

export interface VerificationKey {
  readonly publicKey: PublicKey;
  readonly thumbprint: string;
}

/** What a device trusts that knows nothing but the key pinned at its enrolment. */
export function pinnedTrust(server: PublicKey): Trust {
  return { generation: 0, version: 0, keys: [{ use: 'server', key: server }], noticeKeyKept: 'online' };
}

/** The signer's public key travels along: a device knows it by its thumbprint only. */
export function signKeySet(set: KeySet, key: SigningKey): Promise<string> {
  return signJws(jwsTypes.keys, keySet.parse(set), key, { embedKey: true });
}

/** The keys that count for one use at `now`, the current one first. */
export async function keysFor(trust: Pick<Trust, 'keys'>, use: KeyUse, now: Date): Promise<VerificationKey[]> {
  const counted = trust.keys.filter(
    (entry) => entry.use === use && (entry.until === undefined || now.getTime() < Date.parse(entry.until)),
  );
  counted.sort((a, b) => Number(a.until !== undefined) - Number(b.until !== undefined));
  return Promise.all(counted.map(async ({ key }) => ({ publicKey: key, thumbprint: await thumbprintOf(key) })));
}

/** The one key that signs answers and receipts. */
export async function currentServerKey(trust: Pick<Trust, 'keys'>): Promise<VerificationKey> {
  const current = trust.keys.find(({ use, until }) => use === 'server' && until === undefined);
  if (current === undefined) throw new TypeError('trust without a server key');
  return { publicKey: current.key, thumbprint: await thumbprintOf(current.key) };
}

/**
 * The trust after one announcement. Throws `JwsError`: "key" when the signer may not say this, "older" when something
 * newer is known. `recoveryKey`: the pinned thumbprint, where there is one.
 */
export async function applyAnnouncement(trust: Trust, jws: string, recoveryKey: string | undefined): Promise<Trust> {
  const { payload: set, key } = await verifyEmbeddedKey(jwsTypes.keys, jws, keySet);
  const signer = await thumbprintOf(key);
  if (recoveryKey !== undefined) {
    for (const named of set.keys) {
      if ((await thumbprintOf(named.key)) === recoveryKey) {
        throw new JwsError('key', 'the recovery key signs announcements and nothing else');
      }
    }
  }
  if (signer === recoveryKey) allowRecovery(trust, set);
  else await allowServer(trust, set, signer);
  const { version, keys, noticeKeyKept, generation = trust.generation } = set;
  return { generation, version, keys, noticeKeyKept, announcement: hashBytes(jws) };
}

function allowRecovery(trust: Trust, set: KeySet): void {
  if (set.generation === undefined)
    throw new JwsError('payload', 'an announcement by the recovery key has no generation');
  if (set.generation <= trust.generation) {
    throw new JwsError('older', `generation ${set.generation} comes after ${trust.generation}`);
  }
}

async function allowServer(trust: Trust, set: KeySet, signer: string): Promise<void> {
  // A key that was replaced still vouches for what it signed, never for a successor.
  if (signer !== (await currentServerKey(trust)).thumbprint) {
    throw new JwsError('key', `the key ${signer} may not announce keys here`);
  }
  if (set.generation !== undefined) throw new JwsError('key', 'only the recovery key begins a generation');
  if (set.version <= trust.version) throw new JwsError('older', `version ${set.version} comes after ${trust.version}`);
  if (trust.noticeKeyKept === 'offline' && !keepsNoticeKeys(trust, set)) {
    throw new JwsError('key', 'the notice key is kept offline: only the recovery key names another one');
  }
}

/** Nothing is added and nothing lasts longer. */
function keepsNoticeKeys(trust: Trust, set: KeySet): boolean {
  const end = (until: string | undefined): number => (until === undefined ? Infinity : Date.parse(until));
  const kept = set.keys
    .filter(({ use }) => use === 'notice')
    .every(({ key, until }) =>
      trust.keys.some((known) => known.use === 'notice' && known.key.x === key.x && end(until) <= end(known.until)),
    );
  return kept && set.noticeKeyKept === 'offline';
}

/**
 * Applies announcements, oldest first. Those that lead on from other keys, or say what is known, are passed over: a
 * device that was off for years begins in the middle. Where nothing but the pin is known, what its key said last counts,
 * not the steps that led there. Never throws; `refused` names the reason of each one left out.
 */
export async function followAnnouncements(
  trust: Trust,
  announcements: readonly string[],
  recoveryKey: string | undefined,
): Promise<{ trust: Trust; refused: JwsError[] }> {
  let reached = trust;
  const refused: JwsError[] = [];
  const apply = async (jws: string): Promise<void> => {
    try {
      reached = await applyAnnouncement(reached, jws, recoveryKey);
    } catch (error) {
      if (!(error instanceof JwsError)) throw error;
      refused.push(error);
    }
  };
  for (const jws of announcements.toReversed()) if (reached.version === 0) await apply(jws);
  refused.length = 0;
  for (const jws of announcements) if (hashBytes(jws) !== reached.announcement) await apply(jws);
  return { trust: reached, refused };
}

/** The public key with this thumbprint among those shown, by themselves or as signers of announcements. */
export async function findPinnedKey(
  pin: string,
  shown: { readonly keys: readonly PublicKey[]; readonly announcements: readonly string[] },
): Promise<PublicKey | undefined> {
  const signers = await Promise.all(
    shown.announcements.map((jws) =>
      verifyEmbeddedKey(jwsTypes.keys, jws, keySet).then(
        ({ key }) => [key],
        () => [],
      ),
    ),
  );
  // Computed here: somebody else's word about a thumbprint would pin nothing.
  for (const key of [...shown.keys, ...signers.flat()]) if ((await thumbprintOf(key)) === pin) return key;
  return undefined;
}
