/**
 * Takes in what the server says in signed words, from wherever it came: keys, membership, policy, notices. Each is
 * verified here; what does not hold is noted and changes nothing, so that the last good words stay in force.
 */
import type { Trust, WordsHolder } from '../contract/keys.ts';
import type { Notice, Policy } from '../contract/policy.ts';
import { type CheckInRequest, type CheckInResponse, maxNotices, type SignedAnswer } from '../contract/wire.ts';
import type { Log } from '../log.ts';
import { JwsError } from '../signing/jws.ts';
import { currentServerKey, followAnnouncements, pinnedTrust, type VerificationKey } from '../signing/key-set.ts';
import { isAddressedTo, isShown, membershipHash, noticesHash, verifyNotice, verifyPolicy } from '../signing/words.ts';
import type { AgentStore, Enrolment } from '../store/agent-store.ts';
import type { StoredWords } from '../store/words.ts';

const maxRefused = 16;

export interface WordsInForce {
  readonly policy: Policy | undefined;
  /** Compact JWS of the notices to show now. */
  readonly notices: readonly string[];
  /** Compact JWS of those that were taken back and not over yet. */
  readonly recalls: readonly string[];
  /** What was not accepted since the last check-in; see `agentFacts.refusedWords`. */
  readonly refused: readonly string[];
}

export interface SignedWords {
  trust(): Trust;
  /** Whose answers and receipts count. */
  serverKey(): Promise<VerificationKey>;
  /** Undefined while the municipality is not known: then no words are for this device. */
  holder(): WordsHolder | undefined;
  inForce(): WordsInForce;
  /**
   * Notices that are here and can be answered: not recalled; those to come among them, and those that are over until the next
   * check-in tidies up. What was said in time may be read late, as after a PC was switched off.
   */
  held(): Notice[];
  /** What a check-in tells of the words that are here. */
  known(): Pick<CheckInRequest, 'policyVersion' | 'wantPolicy' | 'keys' | 'notices' | 'membership'>;
  /** Before the answer beside them is believed: it may be signed by the key they announce. */
  takeKeys(announcements: readonly string[]): Promise<void>;
  /** What came with a verified answer. */
  takeAnswer(answer: SignedAnswer, response: Pick<CheckInResponse, 'policy' | 'notices'>): Promise<void>;
  /** One policy or notice by itself, as the event stream brings them. True when it is in force now or was before. */
  take(words: { readonly policy: string } | { readonly notice: string }): Promise<boolean>;
}

export interface SignedWordsOptions {
  readonly store: AgentStore;
  /** Words are taken only while there is one. */
  readonly enrolment: () => Enrolment | undefined;
  /** Thumbprint of the recovery key, where one is pinned. */
  readonly recoveryKey: () => string | undefined;
  /** Server time, as near as it is known. */
  readonly now: () => Date;
  readonly log: Log;
}

export function createSignedWords(options: SignedWordsOptions): SignedWords {
  const { store, recoveryKey, now, log } = options;
  const enrolment = (): Enrolment => {
    const known = options.enrolment();
    if (known === undefined) throw new TypeError('words were handed to a device that is not enrolled');
    return known;
  };
  const read = (): StoredWords => store.readWords();
  const change = (part: Partial<StoredWords>): void => store.writeWords({ ...read(), ...part });
  const trust = (): Trust => read().trust ?? pinnedTrust(enrolment().serverKey);

  const holder = (): WordsHolder | undefined => {
    const { municipalityId, deviceId } = options.enrolment() ?? {};
    if (municipalityId === undefined || deviceId === undefined) return undefined;
    return { municipality: municipalityId, device: deviceId, groups: read().groups };
  };

  const refuse = (kind: 'keys' | 'policy' | 'notice', reason: string, detail: string): void => {
    log.warn('words-refused', { kind, reason, detail });
    const said = `${kind}: ${reason}`;
    const { refused } = read();
    if (!refused.includes(said)) change({ refused: [...refused, said].slice(-maxRefused) });
  };

  const forget = (which: (said: string) => boolean): void => {
    const { refused } = read();
    if (refused.some(which)) change({ refused: refused.filter((said) => !which(said)) });
  };

  /** Undefined when the words do not hold; why is noted. */
  async function verified<T>(
    kind: 'policy' | 'notice',
    verify: (listener: { trust: Trust; holder: WordsHolder; now: Date }) => Promise<T>,
  ): Promise<T | undefined> {
    const me = holder();
    try {
      if (me === undefined) throw new JwsError('audience', 'this device does not know yet where it belongs');
      return await verify({ trust: trust(), holder: me, now: now() });
    } catch (error) {
      if (!(error instanceof JwsError)) throw error;
      refuse(kind, error.reason, error.message);
      return undefined;
    }
  }

  async function takePolicy(jws: string): Promise<boolean> {
    const { generation } = trust();
    const { policy: before } = read();
    // After the recovery key has spoken nothing signed before it is a measure any more.
    const measure = before?.generation === generation ? before.said : undefined;
    const said = await verified('policy', (listener) => verifyPolicy(jws, listener, measure));
    if (said === undefined) return false;
    change({ policy: { said, generation } });
    if (said.version !== before?.said.version) log.info('policy-applied', { version: said.version });
    return true;
  }

  /** Keeps what is held where a wording from before it comes back. */
  async function joined(held: StoredWords['notices'], list: readonly string[]): Promise<StoredWords['notices']> {
    const notices = new Map<string, StoredWords['notices'][number]>();
    for (const jws of list) {
      let newest: StoredWords['notices'][number] | undefined;
      const known = (id: string): Notice | undefined => {
        newest = notices.get(id) ?? held.find((entry) => entry.said.id === id);
        return newest?.said;
      };
      const said = await verified('notice', (listener) => verifyNotice(jws, listener, known));
      if (said !== undefined) notices.set(said.id, { jws, said });
      else if (newest !== undefined) notices.set(newest.said.id, newest);
    }
    return [...notices.values()];
  }

  /** The notices in force as a whole, their hash signed by the server: what is not among them is gone. */
  async function takeAllNotices(list: readonly string[]): Promise<void> {
    change({ notices: await joined(read().notices, list) });
  }

  async function takeNotice(jws: string): Promise<boolean> {
    const held = read().notices;
    const [taken] = await joined(held, [jws]);
    if (taken?.jws !== jws) return false;
    // The next check-in brings the whole set; until then the newest are the ones to keep.
    const others = read().notices.filter(({ said }) => said.id !== taken.said.id);
    change({ notices: [...others, taken].slice(-maxNotices) });
    return true;
  }

  const current = (): StoredWords['notices'] =>
    read().notices.filter(({ said }) => now().getTime() < Date.parse(said.validUntil));

  return {
    trust,
    serverKey: () => currentServerKey(trust()),
    holder,

    inForce: () => {
      const { policy, refused } = read();
      const held = current();
      const all = held.map(({ said }) => said);
      return {
        policy: policy?.said,
        notices: held.filter(({ said }) => isShown(said, all, now())).map(({ jws }) => jws),
        recalls: held.filter(({ said }) => said.recalled === true).map(({ jws }) => jws),
        refused,
      };
    },

    held: () => read().notices.flatMap(({ said }) => (said.recalled === true ? [] : [said])),

    known: () => {
      const { policy } = read();
      const { generation, announcement } = trust();
      const notices = noticesHash(current().map(({ jws }) => jws));
      const me = holder();
      const isStale =
        policy !== undefined &&
        (policy.generation !== generation ||
          isHalfOver(policy.said, now()) ||
          (me !== undefined && !isAddressedTo(policy.said.audience, me)));
      return {
        policyVersion: policy?.said.version ?? 0,
        ...(isStale ? { wantPolicy: true } : {}),
        ...(announcement === undefined ? {} : { keys: announcement.slice(0, 16) }),
        ...(notices === undefined ? {} : { notices }),
        ...(me === undefined ? {} : { membership: membershipHash(me) }),
      };
    },

    takeKeys: async (announcements) => {
      const before = trust();
      const { trust: reached, refused } = await followAnnouncements(before, announcements, recoveryKey());
      forget((said) => said.startsWith('keys:'));
      if (reached === before) {
        // Those before it may be known already; the last one is what the server stands on.
        const last = refused.at(-1);
        if (last !== undefined) refuse('keys', last.reason, last.message);
        return;
      }
      change({ trust: reached });
      const { publicKey, thumbprint } = await currentServerKey(reached);
      if (thumbprint !== enrolment().serverKeyThumbprint) {
        log.warn('server-key-changed', { from: enrolment().serverKeyThumbprint, to: thumbprint });
        store.writeEnrolment({ ...enrolment(), serverKey: publicKey, serverKeyThumbprint: thumbprint });
      }
      // A key that no longer counts takes its notices along.
      await takeAllNotices(read().notices.map(({ jws }) => jws));
    },

    takeAnswer: async (answer, response) => {
      forget((said) => !said.startsWith('keys:'));
      const { membership } = answer;
      if (membership !== undefined) {
        const { id, name } = membership.municipality;
        store.writeEnrolment({ ...enrolment(), municipalityId: id, municipality: name });
        change({ groups: membership.groups });
        log.info('membership', { municipality: name, groups: membership.groups.length });
      }
      if (response.policy !== undefined) await takePolicy(response.policy);
      else if (answer.policyVersion > (read().policy?.said.version ?? 0)) {
        refuse('policy', 'withheld', `the server has version ${answer.policyVersion}, but it did not arrive`);
      }
      const { notices } = response;
      if (notices !== undefined && noticesHash(notices) === answer.notices) await takeAllNotices(notices);
      else if (noticesHash(current().map(({ jws }) => jws)) !== answer.notices) {
        if (answer.notices === undefined) change({ notices: [] });
        else refuse('notice', 'withheld', 'the notices that arrived are not those the server named');
      }
    },

    take: (words) => ('policy' in words ? takePolicy(words.policy) : takeNotice(words.notice)),
  };
}

/** Asked for anew long before its end, so that a few weeks without contact do no harm. */
function isHalfOver({ issuedAt, expiresAt }: Policy, now: Date): boolean {
  return !(now.getTime() < (Date.parse(issuedAt) + Date.parse(expiresAt)) / 2);
}
