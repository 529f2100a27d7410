/** What a report says, and the signed envelope it travels in. The wire format is explained in docs/decisions/0001-wire-format.md. */
import { z } from 'zod';
import { type FactsOf, factSchemas, type SectionId } from './facts/index.ts';
import { bytes, field, instant, sha256, text, uuid } from './field.ts';

/** Raised only for a breaking change; readers ignore fields they do not know. */
export const contractVersion = 1;

/**
 * Why a fact, or part of it, is missing. Codes are stable: rules and the console rely on them.
 * `not-present` = the machine has no such thing (a PC without battery), which is an answer and not a fault.
 */
export const problemCodes = [
  'not-present',
  'unsupported',
  'denied',
  'not-found',
  'timeout',
  'unreadable',
  'invalid',
  'truncated',
  'bug',
] as const;
export type ProblemCode = (typeof problemCodes)[number];

const complete = { de: 'Zeigt, was nicht gelesen werden konnte', en: 'Shows what could not be read' };

export const problem = z.object({
  code: field(z.enum(problemCodes), complete),
  detail: field(text(500), complete),
});
export type Problem = z.infer<typeof problem>;

export const sectionStates = ['complete', 'partial', 'missing'] as const;

/** One section without knowledge of its facts: what the server stores of sections it does not know yet. */
export const section = z.object({
  id: field(
    z
      .string()
      .regex(/^[a-z][a-z-]*$/)
      .max(40),
    complete,
  ),
  state: field(z.enum(sectionStates), complete),
  collectedAt: field(instant, complete),
  durationMs: field(z.int().min(0).max(3_600_000), { ...complete, unit: 'ms' }),
  /** SHA-256 over the canonical JSON (RFC 8785) of `data`, or of `null` when there is none. */
  hash: field(sha256, { de: 'Erkennt unveränderte Angaben', en: 'Recognises unchanged facts' }),
  /** Left out when the state is `missing`, and when the server has acknowledged the same hash before. */
  data: z.unknown().optional(),
  problems: field(z.array(problem).max(64), complete),
});
export type Section = z.infer<typeof section>;

/** A section whose facts were checked against their schema. */
export interface SectionOf<Id extends SectionId> extends Omit<Section, 'id' | 'data'> {
  readonly id: Id;
  readonly data?: FactsOf<Id>;
}
export type KnownSection = { [Id in SectionId]: SectionOf<Id> }[SectionId];

/** Facts that do not fit their schema make the section invalid; a section id unknown here passes with its data untouched. */
export function parseSectionData(id: string, data: unknown): z.ZodSafeParseResult<unknown> {
  const schema: z.ZodType | undefined = Object.hasOwn(factSchemas, id) ? factSchemas[id as SectionId] : undefined;
  return schema === undefined ? z.unknown().safeParse(data) : schema.safeParse(data);
}

export const verdictKinds = ['met', 'not-met', 'unknown', 'exempt'] as const;
export type VerdictKind = (typeof verdictKinds)[number];
export const severities = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof severities)[number];

const judge = { de: 'Zeigt, ob eine Regel eingehalten ist', en: 'Shows whether a rule is kept' };

/** What a rule says about facts. `unknown` is never shown as green. */
export const verdict = z.object({
  ruleId: field(
    z
      .string()
      .regex(/^[a-z][a-z0-9-]*$/)
      .max(60),
    judge,
  ),
  verdict: field(z.enum(verdictKinds), judge),
  /** How bad it is while the verdict is not `met`. */
  severity: field(z.enum(severities), judge),
  /** Stable code of the reason; its words in both languages belong to the rule. */
  reason: field(
    z
      .string()
      .regex(/^[a-z][a-z0-9-]*$/)
      .max(60),
    judge,
  ),
  /** Values the words need, such as a mount point or a number of days. */
  values: field(z.record(z.string().max(40), z.union([z.string().max(260), z.number()])), judge),
  /** Where the evidence stands: section, path inside its facts, and what was read there. */
  evidence: field(
    z
      .array(
        z.object({
          section: field(text(40), judge),
          path: field(text(200), judge),
          value: field(z.union([z.string().max(260), z.number(), z.boolean(), z.null()]), judge),
        }),
      )
      .max(32),
    judge,
  ),
});
export type Verdict = z.infer<typeof verdict>;

/** What is kept longest when the outbox is full, in rising order: routine reports go first, incidents and acknowledgements never. */
export const reportClasses = ['routine', 'full', 'incident', 'acknowledgement', 'gap'] as const;
export type ReportClass = (typeof reportClasses)[number];

/** Of what places a report: its number, its place in the chain, its class. */
const order = { de: 'Sichert, dass kein Bericht verloren geht', en: 'Makes sure that no report is lost' };
const format = { de: 'Sagt, wie der Bericht zu lesen ist', en: 'Says how to read the report' };
const sender = { de: 'Ordnet den Bericht diesem Gerät zu', en: 'Says which device the report is of' };
const made = {
  de: 'Zeigt, wie alt die Angaben sind, auch wenn die Uhr falsch geht',
  en: 'Shows how old the facts are, also where the clock is wrong',
};
const program = {
  de: 'Zeigt, ob der KITS Agent auf diesem PC aktuell ist',
  en: 'Shows whether the KITS Agent on this PC is up to date',
};
const system = {
  de: 'Entscheidet, welche Prüfungen für diesen PC gelten',
  en: 'Decides which checks apply to this PC',
};
const sealed = { de: 'Beweist, dass der Inhalt unverändert ist', en: 'Proves that the content is unaltered' };

/**
 * Hashes over hardware marks, each salted with the device's key thumbprint so that they say "same" or "other" and
 * nothing else. The server uses them to tell a cloned disk from a restored one.
 */
export const fingerprint = z.object({
  firmware: field(sha256.optional(), { de: 'Erkennt kopierte Festplatten', en: 'Recognises cloned disks' }),
  board: field(sha256.optional(), { de: 'Erkennt kopierte Festplatten', en: 'Recognises cloned disks' }),
  disks: field(sha256.optional(), { de: 'Erkennt kopierte Festplatten', en: 'Recognises cloned disks' }),
  macs: field(sha256.optional(), { de: 'Erkennt kopierte Festplatten', en: 'Recognises cloned disks' }),
});
export type Fingerprint = z.infer<typeof fingerprint>;

/**
 * Why the body of a report is not at the server: the queue was full or too old, the report was refused for good, the store
 * was damaged, nothing could be written (disk full or read-only), the server lost it after the PC had let go of it, or the
 * server has it already under the number it had before the store of the PC was set back.
 */
export const gapReasons = [
  'outbox-full',
  'outbox-age',
  'refused',
  'store-damaged',
  'storage-failed',
  'body-expired',
  'held-before',
  'rolled-back',
] as const;
export type GapReason = (typeof gapReasons)[number];

const account = { de: 'Weist nach, welche Berichte fehlen und warum', en: 'Shows which reports are missing and why' };
const gapCount = field(z.int().min(0).optional(), account);

/**
 * Accounts for reports the server does not get in full. `from` to `to` are sequences of `storeEpoch` without a hole between
 * them; they are absent where no sequence was used up (nothing could be written) or none is known (damaged store).
 */
export const gap = z.object({
  storeEpoch: field(uuid.optional(), account),
  from: field(z.int().min(1).optional(), account),
  to: field(z.int().min(1).optional(), account),
  /** SHA-256 over the compact JWS of the envelopes at `from` and at `to`: they tie the gap into the chain. */
  firstHash: field(sha256.optional(), account),
  lastHash: field(sha256.optional(), account),
  /** Reports by class; absent = not known. */
  counts: field(
    z
      .object({
        routine: gapCount,
        full: gapCount,
        incident: gapCount,
        acknowledgement: gapCount,
        gap: gapCount,
      })
      .optional(),
    account,
  ),
  /** When the first and the last of them was made, device time. */
  firstAt: field(instant.optional(), account),
  lastAt: field(instant.optional(), account),
  reason: field(z.enum(gapReasons), account),
});
export type Gap = z.infer<typeof gap>;
export const maxGapsInReport = 64;

/** What a notice came to at this PC. `delivered` is the service's own word; the others are those of a person, as stated. */
export const noticeAnswerKinds = ['delivered', 'seen', 'acknowledged', 'deferred', 'not-shown'] as const;
export type NoticeAnswerKind = (typeof noticeAnswerKinds)[number];

const answered = {
  de: 'Zeigt KITS, ob eine Mitteilung angekommen ist, ohne Namen',
  en: 'Shows KITS whether a notice has arrived, without names',
};

/**
 * What an account is called, as somebody at the PC states it. One line that can be shown beside other words: no control or
 * direction characters, no space but a single " " between others, no heap of accents.
 */
export const statedName = z
  .string()
  .max(120)
  .trim()
  .normalize('NFC')
  .regex(
    /^(?!.*(?: {2}|\p{M}{3}))[\p{L}\p{N}\p{P}\p{S}](?:[\p{L}\p{M}\p{N}\p{P}\p{S} ]*[\p{L}\p{M}\p{N}\p{P}\p{S}])?$/u,
  );

/** Anybody who can log on can say this: counted, never taken as proof. */
export const noticeAnswer = z.object({
  /** Of the line in the mailbox; the same one again counts once. */
  requestId: field(uuid, answered),
  noticeId: field(uuid, answered),
  /** Of the wording that was here then: a correction is answered anew. */
  issuedAt: field(instant, answered),
  kind: field(z.enum(noticeAnswerKinds), answered),
  /** When the service read it, device time. */
  at: field(instant, answered),
  /** For `deferred`: until when. */
  until: field(instant.optional(), answered),
  /** For `acknowledged`, and only where the wording asks for it (`answers` of the notice). Stated, not proven. */
  statedName: field(statedName.optional(), {
    de: 'Nur wenn die Mitteilung es vorher ankündigt: zeigt KITS, unter welchem Kontonamen sie zur Kenntnis genommen wurde; angegeben, nicht nachgewiesen',
    en: 'Only where the notice says so beforehand: shows KITS the account name under which it was acknowledged; as stated, not proven',
  }),
});
export type NoticeAnswer = z.infer<typeof noticeAnswer>;
export const maxAnswersInReport = 256;

const suspected = {
  de: 'Bringt einen Verdacht, den jemand an diesem PC meldet, zu KITS',
  en: 'Brings a suspicion that somebody at this PC reports to KITS',
};

/** "Verdacht melden": the words of somebody at the PC, as stated. */
export const suspicion = z.object({
  requestId: field(uuid, suspected),
  /** When the service read it, device time. */
  at: field(instant, suspected),
  text: field(text(2000), suspected),
});
export type Suspicion = z.infer<typeof suspicion>;
export const maxSuspicionsInReport = 16;

export const reportBody = z.object({
  contractVersion: field(z.int().min(1), format),
  deviceId: field(uuid, sender),
  /** Device time; may be wrong by years. */
  createdAt: field(instant, made),
  /** Server time as far as the device knows it from signed answers; absent before the first one. */
  serverTime: field(instant.optional(), {
    de: 'Ordnet Berichte zeitlich ein, auch wenn die Uhr des PCs falsch geht',
    en: 'Puts reports in time although the clock of the PC is wrong',
  }),
  agentVersion: field(text(40), program),
  platform: field(z.enum(['linux', 'win32']), system),
  fingerprint: field(fingerprint, { de: 'Erkennt kopierte Festplatten', en: 'Recognises cloned disks' }),
  /** Sorted by `id`. */
  sections: field(z.array(section).max(64), complete),
  /** Sorted by `ruleId`. */
  verdicts: field(z.array(verdict).max(256), judge),
  /** Only in reports of the class `gap`; sorted by epoch and `from`. */
  gaps: field(z.array(gap).max(maxGapsInReport).optional(), account),
  /** In reports of the class `acknowledgement`. */
  noticeAnswers: field(z.array(noticeAnswer).max(maxAnswersInReport).optional(), answered),
  /** In reports of the class `incident`. */
  suspicions: field(z.array(suspicion).max(maxSuspicionsInReport).optional(), suspected),
});
export type ReportBody = z.infer<typeof reportBody>;

/** Largest body of a report, expanded; beyond it nobody has to read on. */
export const maxBodyBytes = 16 * 1024 * 1024;

/**
 * The signed part: small, kept when a body has to go. It has no expiry, so that a report that waited for 40 days is
 * still good; the transport proof carries freshness.
 */
export const reportEnvelope = z.object({
  contractVersion: field(z.int().min(1), format),
  reportId: field(uuid, order),
  deviceId: field(uuid, sender),
  /** Made anew with each store; the sequence counts inside it. */
  storeEpoch: field(uuid, order),
  /** 1, 2, 3 … without a hole within a store epoch. */
  sequence: field(z.int().min(1), order),
  class: field(z.enum(reportClasses), order),
  createdAt: field(instant, made),
  /** SHA-256 over the exact bytes of the body. */
  bodyHash: field(sha256, sealed),
  bodyBytes: field(bytes.max(maxBodyBytes), { ...sealed, unit: 'By' }),
  /** SHA-256 over the compact JWS of the envelope before this one in the epoch; absent for the first. */
  previousHash: field(sha256.optional(), order),
  /**
   * Where it stood when it was signed for the first time; only in one that was signed anew for a later place. What it says is
   * as old as that.
   */
  first: field(z.object({ storeEpoch: field(uuid, order), sequence: field(z.int().min(1), order) }).optional(), order),
});
export type ReportEnvelope = z.infer<typeof reportEnvelope>;
