/**
 * What devices are to be told, as last worked out: the same for each check-in until somebody changes a policy, a group, an
 * exception or a notice (`words_version` counts that, in all processes), or until a notice begins or ends.
 */
import type { WordsHolder } from '../../agent/contract/keys.ts';
import type { DevicePolicy } from '../fleet/policies.ts';
import type { NoticeInForce } from '../notices/in-force.ts';

export interface ResolvedWords {
  /** `words_version` when it was worked out. */
  readonly version: number;
  readonly holder: WordsHolder;
  /** `membershipHash` of the holder. */
  readonly membership: string;
  readonly inForce: readonly NoticeInForce[];
  /** `noticesHash` of them. */
  readonly notices: string | undefined;
  readonly policy: Pick<DevicePolicy, 'version' | 'settings'>;
  /** ISO 8601; from then on other notices are in force. Null = no such time is known. */
  readonly until: string | null;
}

/** A few hundred bytes each; the notices themselves are held once. */
const maxDevices = 50_000;

export class WordsCache {
  readonly #words = new Map<string, ResolvedWords>();
  readonly #notices = new Map<number, NoticeInForce>();

  find(deviceId: string, version: number, municipalityId: string, now: Date): ResolvedWords | undefined {
    const known = this.#words.get(deviceId);
    if (known === undefined || known.version !== version || known.holder.municipality !== municipalityId)
      return undefined;
    return known.until === null || now.toISOString() < known.until ? known : undefined;
  }

  /** To be called once what it rests on is committed. */
  keep(deviceId: string, words: ResolvedWords): void {
    if (this.#words.size >= maxDevices) {
      this.#words.clear();
      this.#notices.clear();
    }
    const inForce = words.inForce.map((notice) => {
      const known = this.#notices.get(notice.number);
      if (known?.jws === notice.jws) return known;
      this.#notices.set(notice.number, notice);
      return notice;
    });
    this.#words.set(deviceId, { ...words, inForce });
  }

  forget(deviceId: string): void {
    this.#words.delete(deviceId);
  }
}
