/** What the service tells the tray (`status.json`) and what a local user may ask of it (one line of `requests`). */
import { z } from 'zod';
import { compactJws, hostName, instant, sha256, text, uuid } from './field.ts';
import { emergencyContact, maxContacts, maxLinkHosts } from './policy.ts';
import { maxSuspicionsInReport, reportBody, reportEnvelope, statedName, suspicion, verdict } from './report.ts';
import { deviceStates, maxNotices, maxWords } from './wire.ts';

/** Both languages; where nobody has translated a text, the German one stands in for the other. */
const spoken = (max: number) => z.object({ de: text(max), en: text(max) });

/** Worst state of all rules. `unknown` is never shown as green. */
export const overallStates = ['ok', 'attention', 'critical', 'unknown'] as const;
export type OverallState = (typeof overallStates)[number];

export const status = z.object({
  contractVersion: z.int().min(1),
  writtenAt: instant,
  /** After this instant the file says nothing any more: the service is not running. */
  validUntil: instant,
  /** Server time at `writtenAt`, as far as the device knows it: KITS speaks by that clock, however wrong the one here goes. */
  serverTime: instant.optional(),
  agentVersion: text(40),
  device: z.object({
    hostname: text(253),
    deviceId: uuid.optional(),
    municipality: text(120).optional(),
    state: z.enum([...deviceStates, 'not-enrolled']),
  }),
  overall: z.enum(overallStates),
  /** With their words, so that the tray needs no rules of its own; a stranger's values stand in them, so plain text only. */
  verdicts: z
    .array(verdict.extend({ since: instant.optional(), title: spoken(200), explanation: spoken(1000) }))
    .max(256),
  reporting: z.object({
    lastCollectedAt: instant.optional(),
    lastAcceptedAt: instant.optional(),
    waiting: z.int().min(0),
    /** Stable code of the last failure to send; absent when the last attempt succeeded. */
    failure: text(60).optional(),
    /** Reports the server refused for good; kept aside on this machine. */
    refused: z.int().min(0).optional(),
    /** Reports that do not get through: set aside, so that others do, and tried again once a day. */
    aside: z.int().min(0).optional(),
    /** Reports that wait without their body, because the queue was full. */
    thinned: z.int().min(0).optional(),
    /** Nothing can be written: why, as a stable code. Reports made meanwhile are missing and will be accounted for. */
    storage: z.enum(['disk-full', 'disk-read-only', 'disk-failed']).optional(),
    /** The server has not accepted this device for longer than a fault passes; KITS has to decide. Its key is kept. */
    needsAttention: z.object({ code: text(60), since: instant }).optional(),
  }),
  /** In force and verified; the tray verifies them again with `trust.json`. */
  notices: z.array(compactJws(maxWords.notice)).max(maxNotices),
  /** Taken back and not over yet: with them the tray knows that no earlier wording may be shown again. */
  recalls: z.array(compactJws(maxWords.notice)).max(maxNotices).optional(),
  /** From the signed policy: hosts to which a link in a notice may lead. Without them every link is text. */
  linkHosts: z.array(hostName).max(maxLinkHosts).optional(),
  /** Whom to turn to in an emergency, by the last policy that held, however old that is; absent when none names anybody. */
  contacts: z
    .object({
      /** When KITS said so, by the clock of the server. */
      asOf: instant,
      policyVersion: z.int().min(1),
      entries: z
        .array(
          z.object({
            label: spoken(80),
            phone: emergencyContact.shape.phone,
            mail: emergencyContact.shape.mail,
            hours: spoken(120).optional(),
          }),
        )
        .min(1)
        .max(maxContacts),
    })
    .optional(),
  handledRequests: z.array(uuid).max(500),
});
export type Status = z.infer<typeof status>;

/**
 * A report as it was signed (`sent/<sequence>.json`), sections in full. The SHA-256 of the signed bytes is
 * `envelope.bodyHash`: canonical JSON of `body` without the `data` of the sections in `sentAsHash`. The words of a
 * suspicion are withheld, because everybody at the PC may read this; the hash cannot be recomputed then.
 */
export const sentReport = z.object({
  envelope: reportEnvelope,
  /** SHA-256 over the compact JWS of the envelope, as in the server's receipt. */
  envelopeHash: sha256,
  /** Server time of the receipt; absent while the report waits. */
  acceptedAt: instant.optional(),
  /** Sections of which only the hash left the PC, because the server held the same facts already. */
  sentAsHash: z.array(text(40)).max(64),
  body: reportBody.extend({
    suspicions: z
      .array(suspicion.omit({ text: true }))
      .max(maxSuspicionsInReport)
      .optional(),
  }),
});
export type SentReport = z.infer<typeof sentReport>;

/** A notice, and which wording of it: what was said to one is nothing said to its correction. */
const saidToNotice = { requestId: uuid, noticeId: uuid, issuedAt: instant.optional() };

/** One line of the mailbox, by anybody who can log on: recorded as stated, never proven. */
export const mailboxRequest = z.discriminatedUnion('kind', [
  z.object({ requestId: uuid, kind: z.literal('check-now') }),
  z.object({ ...saidToNotice, kind: z.literal('notice-seen') }),
  /** `statedName`: only for a notice whose answers are named; with any other it is left out of the report. */
  z.object({ ...saidToNotice, kind: z.literal('notice-acknowledged'), statedName: statedName.optional() }),
  /** There was no way to show it: notifications are switched off, or the system refused. */
  z.object({ ...saidToNotice, kind: z.literal('notice-not-shown') }),
  z.object({ ...saidToNotice, kind: z.literal('notice-deferred'), until: instant }),
  z.object({ requestId: uuid, kind: z.literal('report-suspicion'), text: text(2000) }),
]);
export type MailboxRequest = z.infer<typeof mailboxRequest>;
