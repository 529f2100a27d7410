/** What KITS decides centrally: the policy of a device and the notices to its users. Both are signed and name their audience. */
import { z } from 'zod';
import { field, instant, text, uuid } from './field.ts';

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
});
export type Thresholds = z.infer<typeof thresholds>;

export const defaultThresholds: Thresholds = thresholds.parse({});

/** A place whose reachability is watched from the PC. */
export const infrastructureTarget = z.object({
  name: text(80),
  kind: z.enum(['gateway', 'backup-target', 'kits-server', 'other']),
  host: text(253),
  port: z.int().min(1).max(65_535),
  tls: z.boolean().default(false),
});
export type InfrastructureTarget = z.infer<typeof infrastructureTarget>;

export const policy = z.object({
  /** Counts up per device; a lower one is never applied. */
  version: z.int().min(1),
  audience,
  issuedAt: instant,
  expiresAt: instant,
  settings: z.object({
    checkInSeconds: z.int().min(60).max(86_400).optional(),
    fullRoundMinutes: z.int().min(15).max(10_080).optional(),
    /** Sections not to collect. */
    withoutSections: z.array(text(40)).max(64).optional(),
    infrastructureTargets: z.array(infrastructureTarget).max(32).optional(),
    thresholds: thresholds.partial().optional(),
  }),
});
export type Policy = z.infer<typeof policy>;

const bilingual = (max: number) => z.object({ de: text(max), en: text(max).optional() });

/** Words of KITS to the people at a PC. */
export const notice = z.object({
  id: uuid,
  audience,
  severity: z.enum(['info', 'warning', 'urgent']),
  title: bilingual(120),
  body: bilingual(2000),
  sender: text(120),
  validFrom: instant,
  validUntil: instant,
  /** Shown in full and opened only when the host is on the local list of allowed hosts. */
  links: z.array(z.url({ protocol: /^https$/ }).max(500)).max(5),
  mustAcknowledge: z.boolean(),
  replaces: uuid.optional(),
  recalled: z.boolean().optional(),
});
export type Notice = z.infer<typeof notice>;
