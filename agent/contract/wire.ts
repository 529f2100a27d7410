/** Requests and answers between agent and server: enrolment, check-in, receipts, policy and notices. See docs/decisions/0001-wire-format.md. */
import { z } from 'zod';
import { compactJws, instant, sha256, shortHash, text, uuid } from './field.ts';
import { releaseAsked, releaseJws, releaseOffered } from './release.ts';
import { fingerprint } from './report.ts';

/** Media type of a report: the compact JWS of its envelope, one line feed, then the exact bytes of its body. */
export const reportMediaType = 'application/vnd.kits.report';
/** Request header that carries the transport proof. */
export const proofHeader = 'kits-proof';
/** Response header with the nonce for the next proof. */
export const nonceHeader = 'kits-nonce';

/** Where the stream of events is read (server-sent events over one long answer). */
export const eventsPath = '/agent/v1/events';
/** Request header of server-sent events: resume behind this event. */
export const lastEventHeader = 'last-event-id';

/** `typ` of each kind of JWS: one kind is never taken for another. */
export const jwsTypes = {
  report: 'kits-report',
  enrolment: 'kits-enrolment',
  proof: 'kits-proof',
  answer: 'kits-answer',
  receipt: 'kits-receipt',
  policy: 'kits-policy',
  notice: 'kits-notice',
  keys: 'kits-keys',
  history: 'kits-history',
  refusal: 'kits-refusal',
  release: 'kits-release',
} as const;
export type JwsType = (typeof jwsTypes)[keyof typeof jwsTypes];

/** An Ed25519 public key (RFC 8037). */
export const publicKey = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});
export type PublicKey = z.infer<typeof publicKey>;

/** Proves that a request is fresh and comes from the device; `jti` and `iat` as in RFC 9449. */
export const proofClaims = z.object({
  /** Device id, its 16 bytes as base64url. */
  sub: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  /** First 22 characters of SHA-256 over method, space, path without query, line feed and the body as sent (after compression). */
  digest: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  /** Device clock, seconds since 1970; used to measure the clock, never to trust it. */
  iat: z.int(),
  /** Random; the answer echoes it. */
  jti: z.string().regex(/^[A-Za-z0-9_-]{16,43}$/),
  /** From the last `kits-nonce` of this server. */
  nonce: text(120),
  /** Counts up with each proof made with this nonce. */
  ctr: z.int().min(1),
});
export type ProofClaims = z.infer<typeof proofClaims>;

export const enrolmentRequest = z.object({
  contractVersion: z.int().min(1),
  /** Echoed in the signed answer. */
  nonce: z.string().regex(/^[A-Za-z0-9_-]{16,43}$/),
  /** The enrolment token; it decides the municipality. Never logged. */
  token: z.string().min(16).max(200).optional(),
  /** In place of a token: what the server signed when it enrolled this very key (`enrolmentAnswer`), which it has forgotten since. */
  enrolled: compactJws(8192).optional(),
  hostname: text(253),
  platform: z.enum(['linux', 'win32']),
  agentVersion: text(40),
  fingerprint,
});
export type EnrolmentRequest = z.infer<typeof enrolmentRequest>;

/** `pending`: the municipality wants to approve each device first; reports stay queued until then. */
export const deviceStates = ['active', 'pending', 'quarantined', 'retired'] as const;
export type DeviceState = (typeof deviceStates)[number];

export const enrolmentAnswer = z.object({
  nonce: z.string().max(43),
  serverTime: instant,
  deviceId: uuid,
  /** RFC 7638 thumbprint of the device's key: whoever shows these words again has to hold it. */
  key: sha256.optional(),
  state: z.enum(deviceStates),
  municipality: z.object({ id: uuid, name: text(120) }),
  checkInSeconds: z.int().min(60).max(86_400),
});
export type EnrolmentAnswer = z.infer<typeof enrolmentAnswer>;

export const checkInRequest = z.object({
  /** Left out when 1. */
  contractVersion: z.int().min(1).default(1),
  agentVersion: text(40),
  storeEpoch: uuid,
  /** Highest sequence made in this epoch; 0 before the first report. */
  sequence: z.int().min(0),
  /** Both are left out when 0. */
  waiting: z.int().min(0).default(0),
  policyVersion: z.int().min(0).default(0),
  /** The policy in force is past half its life, or was signed before the keys were replaced: send it again. */
  wantPolicy: z.boolean().optional(),
  /** Where epochs before this one ended, while bodies of them are kept: a server restored from a backup may lack them. */
  older: z
    .array(z.object({ storeEpoch: uuid, sequence: z.int().min(1) }))
    .max(8)
    .optional(),
  /** Of the last key announcement applied; absent before the first. */
  keys: shortHash.optional(),
  /** `noticesHash` of the notices held; absent when there are none. */
  notices: shortHash.optional(),
  /** `membershipHash` of the municipality and groups the device takes itself to belong to; absent when it does not know. */
  membership: shortHash.optional(),
  release: releaseAsked.optional(),
});
export type CheckInRequest = z.infer<typeof checkInRequest>;

/** Where no policy says anything else. */
export const usualCheckInSeconds = 900;

/** Ranges named in one answer; others follow when these have come. */
export const maxMissing = 8;

/** The server's words to one request, signed; what is as usual is left out. `serverTime` counts only because `nonce` echoes the proof's `jti`. */
export const signedAnswer = z.object({
  nonce: z.string().max(43),
  serverTime: instant,
  state: z.enum(deviceStates).default('active'),
  /** Highest sequence of the agent's epoch that the server holds; 0 when none. */
  acknowledged: z.int().min(0),
  checkInSeconds: z.int().min(60).max(86_400).default(usualCheckInSeconds),
  /** Version of the newest policy for this device; 0 when none. */
  policyVersion: z.int().min(0).default(0),
  /** Sections whose facts the server lacks and wants with the next report. */
  need: z.array(text(40)).max(64).default([]),
  /** The server's clock was ahead: times it has stated up to this one were wrong. Left out once that time has come. */
  wrongTimesUntil: instant.optional(),
  /** Of the earlier epochs named, those that the server holds less of, with what it holds; 0 when nothing. */
  older: z
    .array(z.object({ storeEpoch: uuid, acknowledged: z.int().min(0) }))
    .max(8)
    .optional(),
  /**
   * Sequences of the agent's epoch, both ends included, of which nothing has come although later ones have: as after a report
   * that was under way while the server was restored. What the device had acknowledged of them is due again.
   */
  missing: z
    .array(z.object({ from: z.int().min(1), to: z.int().min(1) }))
    .max(maxMissing)
    .optional(),
  /** The device's own store is older than what the server has seen (restored from an image): a new epoch is due. */
  rewound: z.boolean().optional(),
  /** Sections that staff want collected and reported at once; named again until such a report is here. */
  reportNow: z.array(text(40)).max(64).optional(),
  /** `noticesHash` of the notices in force for this device; absent when there are none. Only in answers to check-ins. */
  notices: shortHash.optional(),
  /** Where the device belongs, when that is not what it said. Words to others are not for it. */
  membership: z
    .object({ municipality: z.object({ id: uuid, name: text(120) }), groups: z.array(uuid).max(64) })
    .optional(),
  release: releaseOffered.optional(),
});
export type SignedAnswer = z.infer<typeof signedAnswer>;

/** The server took a report: made once, stored, and given again for the same bytes. */
export const receipt = z.object({
  reportId: uuid,
  deviceId: uuid,
  storeEpoch: uuid,
  sequence: z.int().min(1),
  /** SHA-256 over the compact JWS of the envelope. */
  envelopeHash: sha256,
  receivedAt: instant,
  /** Sections the report named by hash only and the server does not hold. */
  need: z.array(text(40)).max(64),
});
export type Receipt = z.infer<typeof receipt>;

export const enrolmentResponse = z.object({ answer: compactJws(8192) });
/** Longest compact JWS of each kind that brings words of KITS to a device, in characters. */
export const maxWords = { policy: 262_144, notice: 65_536, keys: 8192 } as const;
/** Notices in force for one device. */
export const maxNotices = 50;

export const checkInResponse = z.object({
  answer: compactJws(8192),
  /** Key announcements the device has not applied, oldest first; to be read before anything else here. */
  keys: z.array(compactJws(maxWords.keys)).max(64).optional(),
  policy: compactJws(maxWords.policy).optional(),
  /** All notices in force for the device, when they are not those it holds. */
  notices: z.array(compactJws(maxWords.notice)).max(maxNotices).optional(),
  release: releaseJws.optional(),
});
export type CheckInResponse = z.infer<typeof checkInResponse>;

/** `GET /agent/v1/keys`: by themselves these prove nothing; the announcements lead from a pinned key to the current one. */
export const keysResponse = z.object({
  keys: z.array(publicKey).min(1).max(16),
  announcements: z.array(compactJws(maxWords.keys)).max(64).default([]),
});
export const reportResponse = z.object({ receipt: compactJws(8192), answer: compactJws(8192) });

/**
 * What the stream says, by name of the event; `data` is one line of JSON. Nothing here is signed, so nothing here is
 * believed: `report` and `policy` make the device check in, whose signed answer says what there is to do; `notice` brings
 * the signed notice itself.
 */
export const streamEvents = {
  /**
   * The first of each stream. `resumed`: what came after the last event id follows; otherwise something may have been
   * missed and a check-in is due.
   */
  ready: z.object({ heartbeatSeconds: z.int().min(1).max(3600), resumed: z.boolean() }),
  report: z.object({ sections: z.array(text(40)).min(1).max(64) }),
  /** Devices draw a moment within these seconds to check in, so that a whole municipality does not come at once. */
  policy: z.object({ spreadSeconds: z.int().min(0).max(3600).optional() }),
  notice: z.object({ notice: compactJws(maxWords.notice) }),
} as const;
export type StreamEventName = keyof typeof streamEvents;
/** What is sent to devices; `ready` is the stream's own. */
export type StreamEvent = {
  [Name in Exclude<StreamEventName, 'ready'>]: {
    readonly name: Name;
    readonly data: z.infer<(typeof streamEvents)[Name]>;
  };
}[Exclude<StreamEventName, 'ready'>];

/**
 * The server will not take this very report, or this very request as it arrived, signed: `nonce` echoes the `jti` of the proof,
 * which covers the bytes.
 */
export const signedRefusal = z.object({
  nonce: z.string().max(43),
  status: z.int().min(400).max(499),
  code: z.string().max(60),
});

/** RFC 9457 problem document with a stable code. */
export const problemDocument = z.object({
  type: z.string().max(200),
  title: z.string().max(200),
  status: z.int().min(400).max(599),
  code: z.string().max(60),
  detail: z.string().max(2000).optional(),
  /** `signedRefusal`: beside what puts a report aside for good, so that nobody between can say it. */
  refusal: compactJws(2048).optional(),
});
export type ProblemDocument = z.infer<typeof problemDocument>;

/** Statuses that speak about one report, not about the device or the moment. Signed, they put it aside for good. */
export const aboutTheReport: ReadonlySet<number> = new Set([400, 409, 413, 415, 422]);

/** Codes of `/agent/v1/*` an agent acts on. */
export const agentErrorCodes = {
  useNonce: 'use-nonce',
  unknownDevice: 'unknown-device',
  deviceNotActive: 'device-not-active',
  rewound: 'sequence-rewound',
  conflict: 'report-conflict',
  signature: 'signature-invalid',
  proof: 'proof-invalid',
  /** What arrived is not what the device signed: something on the way unpacks, packs or rewrites requests. Signed. */
  altered: 'request-altered',
  token: 'token-invalid',
  malformed: 'malformed',
  tooLarge: 'too-large',
  storageFull: 'storage-full',
  /** The agent's own word: a refusal that would put a report aside came without the server's signature. */
  refusalUnsigned: 'refusal-unsigned',
} as const;

/** `POST /agent/v1/retire`: this installation is being removed. */
export const retireRequest = z.object({
  contractVersion: z.int().min(1),
  agentVersion: text(40),
  /** Reports that never reached the server. */
  waiting: z.int().min(0),
});
export type RetireRequest = z.infer<typeof retireRequest>;
/** `answer`: a `kits-answer` over `signedAnswer`; its state is "retired", or what it was where staff have to decide. */
export const retireResponse = z.object({ answer: compactJws(maxWords.keys) });
export type RetireResponse = z.infer<typeof retireResponse>;
