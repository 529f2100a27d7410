/** What KITS decides centrally: the policy of a device and the notices to its users. Both are signed and name their audience. */
import { z } from 'zod';
import { productId } from './facts/backup.ts';
import { day, field, hostName, instant, text, uuid } from './field.ts';
import { hiddenSigns, shown } from './printable.ts';
import { updateRings } from './release.ts';

/** Whom signed words are for: the municipality always, then optionally one group or one device of it. */
export const audience = z.object({
  municipality: uuid,
  group: uuid.optional(),
  device: uuid.optional(),
});
export type Audience = z.infer<typeof audience>;

/** Limits the rules judge by. The agent and the server use the same ones. */
export const thresholds = z.object({
  storageFreeWarningPercent: field(z.number().min(0).max(100).default(10), {
    de: 'Ab wann ein Laufwerk als fast voll gilt',
    en: 'When a drive counts as nearly full',
    unit: '%',
  }),
  storageFreeCriticalPercent: field(z.number().min(0).max(100).default(3), {
    de: 'Ab wann ein Laufwerk als voll gilt',
    en: 'When a drive counts as full',
    unit: '%',
  }),
  osSupportWarningDays: field(z.int().min(0).max(3650).default(180), {
    de: 'Wie lange vor dem Ende der Aktualisierungen gewarnt wird',
    en: 'How long before the end of updates to warn',
    unit: 'd',
  }),
  silentWarningHours: field(z.number().min(0.1).max(8760).default(72), {
    de: 'Ab wann ein Gerät als lange nicht gehört gilt',
    en: 'When a device counts as not heard of',
    unit: 'h',
  }),
  silentCriticalHours: field(z.number().min(0.1).max(8760).default(336), {
    de: 'Ab wann ein Gerät als verschollen gilt',
    en: 'When a device counts as lost',
    unit: 'h',
  }),
  clockWarningSeconds: field(z.number().min(1).max(86_400).default(120), {
    de: 'Ab welcher Abweichung die Uhr als falsch gilt',
    en: 'When a clock counts as wrong',
    unit: 's',
  }),
  clockCriticalSeconds: field(z.number().min(1).max(31_536_000).default(3600), {
    de: 'Ab welcher Abweichung die Uhr dringend gestellt werden muss',
    en: 'When a clock must be set at once',
    unit: 's',
  }),
  securityUpdateWarningDays: field(z.int().min(0).max(365).default(7), {
    de: 'Ab wann eine fehlende Sicherheitsaktualisierung als überfällig gilt',
    en: 'When a missing security update counts as overdue',
    unit: 'd',
  }),
  securityUpdateCriticalDays: field(z.int().min(0).max(365).default(30), {
    de: 'Ab wann eine fehlende Sicherheitsaktualisierung dringend ist',
    en: 'When a missing security update is urgent',
    unit: 'd',
  }),
  otherUpdateDays: field(z.int().min(0).max(3650).default(60), {
    de: 'Ab wann auf andere fehlende Aktualisierungen hingewiesen wird',
    en: 'When to point out other missing updates',
    unit: 'd',
  }),
  cumulativeUpdateWarningDays: field(z.int().min(1).max(365).default(45), {
    de: 'Ab welchem Alter der Stand von Windows als veraltet gilt',
    en: 'When the state of Windows counts as outdated',
    unit: 'd',
  }),
  cumulativeUpdateCriticalDays: field(z.int().min(1).max(730).default(75), {
    de: 'Ab welchem Alter der Stand von Windows dringend zu erneuern ist',
    en: 'When the state of Windows must be renewed urgently',
    unit: 'd',
  }),
  updateScanWarningDays: field(z.int().min(1).max(365).default(7), {
    de: 'Ab wann die letzte Suche nach Aktualisierungen als alt gilt',
    en: 'When the last search for updates counts as old',
    unit: 'd',
  }),
  updateScanCriticalDays: field(z.int().min(1).max(365).default(21), {
    de: 'Ab wann die letzte Suche nach Aktualisierungen nichts mehr aussagt',
    en: 'When the last search for updates says nothing any more',
    unit: 'd',
  }),
  updateDeferralDays: field(z.int().min(0).max(365).default(14), {
    de: 'Wie lange Aktualisierungen höchstens zurückgestellt werden dürfen',
    en: 'How long updates may be deferred at most',
    unit: 'd',
  }),
  restartWarningDays: field(z.int().min(0).max(365).default(3), {
    de: 'Ab wann ein ausstehender Neustart auffällt',
    en: 'When a restart that is due becomes a warning',
    unit: 'd',
  }),
  restartCriticalDays: field(z.int().min(0).max(365).default(14), {
    de: 'Ab wann ein ausstehender Neustart dringend ist',
    en: 'When a restart that is due becomes urgent',
    unit: 'd',
  }),
  signatureWarningDays: field(z.int().min(1).max(365).default(4), {
    de: 'Ab welchem Alter der Virenschutz als nicht aktuell gilt',
    en: 'When virus protection counts as outdated',
    unit: 'd',
  }),
  signatureCriticalDays: field(z.int().min(1).max(365).default(7), {
    de: 'Ab welchem Alter der Virenschutz nicht mehr schützt',
    en: 'When virus protection no longer protects',
    unit: 'd',
  }),
  screenLockSeconds: field(z.int().min(30).max(86_400).default(900), {
    de: 'Nach welcher Zeit der Bildschirm spätestens gesperrt sein muss',
    en: 'After which time the screen must be locked at the latest',
    unit: 's',
  }),
});
export type Thresholds = z.infer<typeof thresholds>;

export const defaultThresholds: Thresholds = thresholds.parse({});

/** A policy names only what it changes; a key that is there without a value changes nothing. */
export function thresholdsWith(changes: { [K in keyof Thresholds]?: Thresholds[K] | undefined } = {}): Thresholds {
  const named = Object.entries(changes).filter(([, value]) => value !== undefined);
  return { ...defaultThresholds, ...Object.fromEntries(named) };
}

type Changes<Shape extends z.ZodRawShape> = z.ZodObject<{
  [K in keyof Shape]: z.ZodOptional<Shape[K] extends z.ZodDefault<infer Inner extends z.ZodType> ? Inner : Shape[K]>;
}>;

/**
 * What a policy may say of an object with defaults: only what it changes. `partial()` alone would fill the rest with
 * defaults while parsing, and a policy that sets one key would then overrule those behind it in all others.
 */
export function changesOf<Shape extends z.ZodRawShape>(object: z.ZodObject<Shape>): Changes<Shape> {
  const shape = Object.entries(object.shape).map(([key, value]) => {
    const schema = value as z.ZodType;
    const inner = schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType) : schema;
    return [key, inner.optional().meta({ ...schema.meta() })];
  });
  return z.object(Object.fromEntries(shape)) as unknown as Changes<Shape>;
}

/** A statement of the municipality that stands in the place of a proof: shown as a declaration, never as met. */
export const backupDeclaration = z.object({
  kind: field(z.enum(['no-local-data', 'backed-up-elsewhere']), {
    de: 'Warum auf diesem PC keine eigene Sicherung erwartet wird',
    en: 'Why no backup of its own is expected on this PC',
  }),
  /** Server or virtual machine, in words; for `backed-up-elsewhere`. */
  where: field(text(200).optional(), { de: 'Wo die Daten gesichert werden', en: 'Where the data is backed up' }),
  owner: field(text(120), { de: 'Wer diese Erklärung verantwortet', en: 'Who answers for this declaration' }),
  /** After this day the declaration no longer counts until somebody confirms it. */
  reviewOn: field(day, { de: 'Wann die Erklärung zu prüfen ist', en: 'When the declaration must be reviewed' }),
});
export type BackupDeclaration = z.infer<typeof backupDeclaration>;

/** What KITS expects of the backup of a PC. */
export const backupPolicy = z.object({
  expectedProducts: field(z.array(productId).max(16).optional(), {
    de: 'Welches Sicherungsprogramm erwartet wird; die anderen zählen dann nicht',
    en: 'Which backup program is expected; the others do not count then',
  }),
  warningHours: field(z.int().min(1).max(8760).default(72), {
    de: 'Ab welchem Alter die letzte erfolgreiche Sicherung auffällt',
    en: 'When the last successful backup becomes a warning',
    unit: 'h',
  }),
  criticalHours: field(z.int().min(1).max(17_520).default(168), {
    de: 'Ab welchem Alter die letzte erfolgreiche Sicherung dringend ist',
    en: 'When the last successful backup becomes urgent',
    unit: 'h',
  }),
  oldestDays: field(z.int().min(1).max(730).default(60), {
    de: 'Wie alt eine Sicherung höchstens sein darf, auch wenn der PC seither kaum eingeschaltet war',
    en: 'How old a backup may be at most, even when the PC was hardly switched on since',
    unit: 'd',
  }),
  warningsCount: field(z.boolean().default(true), {
    de: 'Ob eine Sicherung, die mit Warnungen endete, als erfolgreich zählt',
    en: 'Whether a backup that ended with warnings counts as successful',
  }),
  restoreTestDays: field(z.int().min(1).max(1461).default(365), {
    de: 'Wie oft eine Rücksicherung zu erproben ist',
    en: 'How often restoring must be tested',
    unit: 'd',
  }),
  declaration: field(backupDeclaration.optional(), {
    de: 'Erklärung, warum keine eigene Sicherung erwartet wird',
    en: 'Declaration why no backup of its own is expected',
  }),
});
export type BackupPolicy = z.infer<typeof backupPolicy>;

export const defaultBackupPolicy: BackupPolicy = backupPolicy.parse({});

/** As `thresholdsWith`, for what is expected of the backup. */
export function backupPolicyWith(
  changes: { [K in keyof BackupPolicy]?: BackupPolicy[K] | undefined } = {},
): BackupPolicy {
  const named = Object.entries(changes).filter(([, value]) => value !== undefined);
  return { ...defaultBackupPolicy, ...Object.fromEntries(named) };
}

/** A place whose reachability is watched from the PC. */
export const infrastructureTarget = z.object({
  name: field(text(80), { de: 'Name, unter dem das Ziel erscheint', en: 'Name the target is shown by' }),
  kind: field(z.enum(['gateway', 'backup-target', 'kits-server', 'other']), {
    de: 'Was das Ziel ist',
    en: 'What it is',
  }),
  host: field(text(253), { de: 'Name oder Adresse im Netzwerk', en: 'Name or address in the network' }),
  port: field(z.int().min(1).max(65_535), { de: 'Port, der geöffnet sein soll', en: 'Port that should be open' }),
  tls: field(z.boolean().default(false), {
    de: 'Ob auch das Zertifikat geprüft wird',
    en: 'Whether the certificate is checked as well',
  }),
});
export type InfrastructureTarget = z.infer<typeof infrastructureTarget>;

/** Whom to turn to when something is wrong; shown at the PC without any connection. German is there always. */
export const emergencyContact = z
  .object({
    labelDe: field(text(80), { de: 'Wer das ist, etwa „KITS-Hotline“', en: 'Who that is, in German' }),
    labelEn: field(text(80).optional(), { de: 'Wer das ist, auf Englisch', en: 'Who that is, in English' }),
    phone: field(
      z
        .string()
        .max(40)
        .regex(/^[+(]?[0-9][0-9 ()/.-]*[0-9]$/, 'expected a phone number such as "03693 485-0"')
        .optional(),
      { de: 'Telefon, etwa „03693 485-0“', en: 'Phone, such as “03693 485-0”' },
    ),
    mail: field(z.email('expected a mail address').max(254).optional(), { de: 'E-Mail-Adresse', en: 'Mail address' }),
    hoursDe: field(text(120).optional(), {
      de: 'Wann jemand da ist, etwa „Mo bis Fr 7 bis 17 Uhr“',
      en: 'When somebody is there, in German',
    }),
    hoursEn: field(text(120).optional(), {
      de: 'Wann jemand da ist, auf Englisch',
      en: 'When somebody is there, in English',
    }),
  })
  .refine(({ phone, mail }) => phone !== undefined || mail !== undefined, {
    path: ['phone'],
    message: 'a contact needs a phone number or a mail address',
  });
export type EmergencyContact = z.infer<typeof emergencyContact>;
export const maxContacts = 8;

/** An exception is a decision for a time: nobody can approve one for longer, and none is open-ended. */
export const maxExceptionDays = 366;
const maxExceptionMs = maxExceptionDays * 86_400_000;

/** A rule that need not be kept for a while: by whose decision, why, and until when. */
export const exception = z
  .object({
    id: uuid,
    ruleId: z
      .string()
      .regex(/^[a-z][a-z0-9-]*$/)
      .max(60),
    /** All devices of the municipality, or one of them. Strict: ignoring a narrower word would excuse more than was approved. */
    audience: audience.omit({ group: true }).strict(),
    reason: text(1000),
    approvedBy: text(120),
    approvedAt: instant,
    expiresAt: instant,
  })
  .refine(({ approvedAt, expiresAt }) => Date.parse(expiresAt) > Date.parse(approvedAt), {
    path: ['expiresAt'],
    message: 'must be after the approval',
  })
  .refine(({ approvedAt, expiresAt }) => Date.parse(expiresAt) - Date.parse(approvedAt) <= maxExceptionMs, {
    path: ['expiresAt'],
    message: `must be at most ${maxExceptionDays} days after the approval`,
  });
export type Exception = z.infer<typeof exception>;

/** Hosts to which a link in a notice may lead; without any it is shown as text. */
export const maxLinkHosts = 64;

export const policy = z.object({
  /** Counts up per device; a lower one is never applied. */
  version: z.int().min(1),
  audience,
  issuedAt: instant,
  expiresAt: instant,
  /** Each entry is optional, says what it is for (`field`), and fills in nothing that was not said (`changesOf`). */
  settings: z.object({
    checkInSeconds: field(z.int().min(60).max(86_400).optional(), {
      de: 'Wie oft sich ein Gerät kurz meldet',
      en: 'How often a device checks in',
      unit: 's',
    }),
    fullRoundMinutes: field(z.int().min(15).max(10_080).optional(), {
      de: 'Wie oft alles neu erhoben wird',
      en: 'How often everything is collected anew',
      unit: 'min',
    }),
    withoutSections: field(z.array(text(40)).max(64).optional(), {
      de: 'Was nicht erhoben wird',
      en: 'What is not collected',
    }),
    infrastructureTargets: field(z.array(infrastructureTarget).max(32).optional(), {
      de: 'Ziele, deren Erreichbarkeit vom PC aus geprüft wird',
      en: 'Targets whose reachability is checked from the PC',
    }),
    linkHosts: field(z.array(hostName).max(maxLinkHosts).optional(), {
      de: 'Adressen, die sich aus einer Mitteilung heraus öffnen lassen',
      en: 'Addresses that can be opened from a notice',
    }),
    contacts: field(z.array(emergencyContact).max(maxContacts).optional(), {
      de: 'Ansprechpartner im Notfall; am PC auch ohne Verbindung zu sehen',
      en: 'Contacts for an emergency; shown at the PC without any connection too',
    }),
    updateRing: field(z.enum(updateRings).optional(), {
      de: 'Wann ein Gerät, das sich selbst aktualisiert, an der Reihe ist',
      en: 'When a device that updates itself has its turn',
    }),
    thresholds: changesOf(thresholds).optional(),
    backup: changesOf(backupPolicy).optional(),
    exceptions: z.array(exception).max(512).optional(),
  }),
});
export type Policy = z.infer<typeof policy>;

const bilingual = (words: z.ZodString) => z.object({ de: words, en: words.optional() });
const line = (max: number) => text(max).regex(shown.line, hiddenSigns);

/** Words of KITS to the people at a PC. */
export const notice = z.object({
  id: uuid,
  /** Orders what was said under one id: a correction or a recall is later than what it corrects. */
  issuedAt: instant,
  audience,
  severity: z.enum(['info', 'warning', 'urgent']),
  title: bilingual(line(120)),
  body: bilingual(text(2000).regex(shown.lines, hiddenSigns)),
  sender: line(120),
  validFrom: instant,
  validUntil: instant,
  /** Shown in full and opened only when the policy names the host (`linkHosts`). */
  links: z
    .array(
      z
        .url({ protocol: /^https$/ })
        .max(500)
        .regex(shown.link, hiddenSigns),
    )
    .max(5),
  mustAcknowledge: z.boolean(),
  /**
   * What an acknowledgement says of the person: nothing, it is only counted (also where this is absent), or the name of the
   * account (`statedName`). It stands in the signed words so that the window says it before somebody answers.
   */
  answers: z.enum(['counted', 'named']).optional(),
  /** Another notice that is no longer shown beside this one. */
  replaces: uuid.optional(),
  /** Taken back: kept until its end, so that an earlier wording is not taken for a new one, and not shown. */
  recalled: z.boolean().optional(),
});
export type Notice = z.infer<typeof notice>;
