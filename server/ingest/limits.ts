/**
 * What keeps one device, one municipality or one busy hour from taking the server away from everybody else, and guessing of
 * enrolment tokens slow. Only enrolment looks at addresses, and counts only what failed there: a whole town hall comes from
 * one. Whoever is turned away is told when to come back, and has lost nothing.
 */
import { isIPv6 } from 'node:net';
import { Problem } from '../problem.ts';
import type { DeviceRow } from '../store/schema.ts';
import { type TurnLimits, Turns } from '../turns.ts';
import { Rate, type RateLimits } from './rate.ts';

type Line = Omit<TurnLimits, 'busy'>;

export interface IngestLimits {
  readonly reports: { readonly device: RateLimits; readonly municipality: RateLimits; readonly line: Line };
  readonly checkIns: { readonly device: RateLimits; readonly municipality: RateLimits; readonly line: Line };
  readonly streams: { readonly device: RateLimits };
  readonly releases: { readonly device: RateLimits; readonly municipality: RateLimits };
  /** Failed attempts; one under way counts as failed until it has succeeded. */
  readonly enrolments: { readonly address: RateLimits; readonly token: RateLimits };
}

export const ingestLimits: IngestLimits = {
  reports: {
    // An agent sends one or two an hour. A queue of 40 days (about 1,000) is still in within half an hour.
    device: { burst: 200, perMinute: 30 },
    municipality: { burst: 3000, perMinute: 3000 },
    line: { atOnce: 16, maxWaiting: 500 },
  },
  checkIns: {
    // Every minute at most by policy, and a few out of turn.
    device: { burst: 20, perMinute: 6 },
    // All PCs of a large municipality at once, and the largest again within half an hour.
    municipality: { burst: 10_000, perMinute: 18_000 },
    line: { atOnce: 512, maxWaiting: 4000 },
  },
  streams: { device: { burst: 10, perMinute: 2 } },
  releases: {
    // One, and as often again as a bad line breaks.
    device: { burst: 20, perMinute: 1 },
    municipality: { burst: 200, perMinute: 60 },
  },
  enrolments: {
    // 300 PCs of one town hall may enrol at the same second, or try with a token that has run out.
    address: { burst: 300, perMinute: 30 },
    // Over all addresses: who knows the beginning of a token must not try the rest from a thousand of them.
    token: { burst: 300, perMinute: 30 },
  },
};

/** The beginning of a secret behind its readable prefix; what follows are far more than 128 random bits. */
const tokenPrefixLength = 20;

/** Expanded and parsed, a body takes many times its size: the large ones go one by one. */
const largeBodies: Line = { atOnce: 1, maxWaiting: 8 };
const busyRetrySeconds = 30;
/** A municipality comes back over this long behind what its devices are told, not all at the same second. */
const spreadSeconds = 60;

export class Admission {
  readonly reportLine: Turns;
  readonly largeBodyLine = new Turns({ ...largeBodies, busy });
  readonly checkInLine: Turns;
  readonly #enrolments: { readonly address: Rate; readonly token: Rate };
  readonly #rates: ReadonlyMap<Kind, { readonly device: Rate; readonly municipality?: Rate }>;

  constructor(limits: IngestLimits = ingestLimits) {
    this.reportLine = new Turns({ ...limits.reports.line, busy });
    this.checkInLine = new Turns({ ...limits.checkIns.line, busy });
    const { address, token } = limits.enrolments;
    this.#enrolments = { address: new Rate(address), token: new Rate(token) };
    const both = ({ device, municipality }: Omit<IngestLimits['reports'], 'line'>) => ({
      device: new Rate(device),
      municipality: new Rate(municipality),
    });
    this.#rates = new Map<Kind, { device: Rate; municipality?: Rate }>([
      ['reports', both(limits.reports)],
      ['check-ins', both(limits.checkIns)],
      ['release downloads', both(limits.releases)],
      ['event streams', { device: new Rate(limits.streams.device) }],
    ]);
  }

  /**
   * Counts one attempt to enrol against the address and the beginning of the token; the returned function takes it back once
   * it has succeeded. Throws 429 with `Retry-After`.
   */
  admitEnrolment(address: string, token: string, now: Date): () => void {
    const counts = [
      [this.#enrolments.address, networkOf(address)],
      [this.#enrolments.token, token.slice(0, tokenPrefixLength)],
    ] as const;
    for (const [rate, id] of counts) {
      const seconds = rate.attempt(id, now);
      if (seconds === 0) continue;
      const detail = 'Too many attempts to enrol have failed. Check the enrolment token and try again later.';
      throw tooMany('too-many-enrolments', detail, seconds + Math.floor(Math.random() * spreadSeconds));
    }
    return () => {
      for (const [rate, id] of counts) rate.giveBack(id);
    };
  }

  /** To be asked once the proof holds: a stranger uses up nobody's allowance. Throws 429 with `Retry-After`. */
  admit(kind: Kind, device: Pick<DeviceRow, 'id' | 'municipality_id'>, now: Date): void {
    const rates = this.#rates.get(kind);
    const own = rates?.device.attempt(device.id, now) ?? 0;
    if (own > 0) throw tooMany('too-many-requests', `This device sends ${kind} faster than allowed.`, own);
    const all = rates?.municipality?.attempt(device.municipality_id, now) ?? 0;
    if (all > 0) {
      const detail = `The devices of this municipality together send ${kind} faster than allowed.`;
      throw tooMany('municipality-too-busy', detail, all + Math.floor(Math.random() * spreadSeconds));
    }
  }
}

/** One customer has 2^64 addresses of IPv6: what counts is the network. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array<string>(zeros).fill('0'), ...right].slice(0, 4).join(':');
}

type Kind = 'reports' | 'check-ins' | 'release downloads' | 'event streams';

function tooMany(code: string, detail: string, seconds: number): Problem {
  return new Problem(429, code, detail, { headers: { 'retry-after': String(seconds) } });
}

function busy(): Problem {
  return new Problem(503, 'busy', 'More arrives than can be taken in. Nothing was stored; try again later.', {
    headers: { 'retry-after': String(busyRetrySeconds) },
  });
}
