/** Facts about updates: what is missing since when, how old that knowledge is, and whether a restart is due. */
import { z } from 'zod';
import { day, field, instant, text } from '../field.ts';

const missing = {
  de: 'Zeigt, welche Aktualisierungen seit wann fehlen',
  en: 'Shows which updates are missing, since when',
};
const scanned = {
  de: 'Zeigt, wie alt das Wissen über Aktualisierungen ist',
  en: 'Shows how old the knowledge about updates is',
};
const restart = { de: 'Zeigt, ob ein Neustart aussteht', en: 'Shows whether a restart is due' };
const source = {
  de: 'Zeigt, woher das Gerät seine Aktualisierungen bekommt',
  en: 'Shows where the device gets its updates from',
};

/** `missing`: not installed. `waiting-for-restart`: installed, not in force yet. What is installed and in force is not listed. */
export const updateStates = ['missing', 'waiting-for-restart'] as const;

const update = z.object({
  /** Stable over time: package name with architecture ("openssl:amd64"), KB number ("KB5066791") or update id. */
  id: field(text(200), missing),
  title: field(text(300).optional(), missing),
  state: field(z.enum(updateStates), missing),
  installedVersion: field(text(160).optional(), missing),
  candidateVersion: field(text(160).optional(), missing),
  /** Where it comes from: "Debian:bookworm-security", "Windows Update". */
  origin: field(text(160).optional(), missing),
  /** Closes a vulnerability; absent when the source does not say. */
  security: field(z.boolean().optional(), missing),
  severity: field(z.enum(['critical', 'important', 'moderate', 'low']).optional(), missing),
  /** Held back on this machine on purpose. */
  held: field(z.boolean().optional(), missing),
  /** Day on which this agent saw it missing for the first time; the age cannot be older than the agent. */
  firstSeenOn: field(day, missing),
  /** Day on which its maker published it, where the source says so. */
  publishedOn: field(day.optional(), missing),
});

export const restartReasonCodes = [
  'marker-file',
  'kernel',
  'deleted-libraries',
  'servicing',
  'update-agent',
  'rename',
  'domain-join',
  'configuration-manager',
  'intune',
  'antivirus',
  'file-replacements',
] as const;

export const patchesFacts = z.object({
  source: field(z.enum(['apt', 'windows-update']), source),
  /** What the list of missing updates rests on. */
  scan: field(
    z.object({
      /** Day of the last successful look at the source: the index refresh of apt, the search of the Windows Update agent. */
      succeededOn: field(day.optional(), scanned),
      kind: field(z.enum(['index', 'online-search', 'offline-search', 'build-table']), scanned),
      /** Every source this machine names was read: what is not listed is not missing. A gap elsewhere leaves it true. */
      complete: field(z.boolean(), scanned),
      /** Host asked: an archive, a WSUS server, or "Microsoft Update". Never with credentials. */
      server: field(text(253).optional(), source),
      /** The server is asked without TLS. */
      insecure: field(z.boolean().optional(), source),
      /** Failure of the last attempt as a stable class, with the raw code where there is one ("0x8024402C"). */
      failure: field(text(60).optional(), scanned),
      failureCode: field(text(20).optional(), scanned),
    }),
    scanned,
  ),
  /** Sorted by `id`. Empty only when the source was read and says that nothing is missing. */
  updates: field(z.array(update).max(5000), missing),
  /** Packages kept at their version on purpose, sorted. */
  held: field(z.array(text(200)).max(1000).optional(), missing),
  automatic: field(
    z.object({
      /** Absent when it cannot be told. */
      enabled: field(z.boolean().optional(), source),
      mechanism: field(text(60).optional(), source),
      lastRunOn: field(day.optional(), source),
      pausedUntil: field(day.optional(), source),
      deferQualityDays: field(z.int().min(0).max(365).optional(), { ...source, unit: 'd' }),
      deferFeatureDays: field(z.int().min(0).max(730).optional(), { ...source, unit: 'd' }),
    }),
    source,
  ),
  restart: field(
    z.object({
      /** Absent when it cannot be told. Weak reasons alone never make it true. */
      required: field(z.boolean().optional(), restart),
      reasons: field(
        z
          .array(
            z.object({
              code: field(z.enum(restartReasonCodes), restart),
              strength: field(z.enum(['strong', 'medium', 'weak']), restart),
              detail: field(text(300).optional(), restart),
            }),
          )
          .max(64),
        restart,
      ),
      since: field(day.optional(), restart),
      runningKernel: field(text(120).optional(), restart),
      newestKernel: field(text(120).optional(), restart),
      /** Services that still use libraries an update has replaced, sorted; names of units, never of users' programs. */
      services: field(z.array(text(120)).max(200).optional(), restart),
    }),
    restart,
  ),
  /** Windows only: where the build stands. */
  build: field(
    z
      .object({
        number: field(z.int().min(1), missing),
        revision: field(z.int().min(0), missing),
        hotpatched: field(z.boolean().optional(), missing),
        /** Day of the cumulative update with this revision, from a dated table; absent when the table does not know it. */
        updateOfDay: field(day.optional(), missing),
        esu: field(z.enum(['licensed', 'not-licensed', 'unknown']).optional(), missing),
      })
      .optional(),
    missing,
  ),
  /** Last operating system updates installed, youngest first. */
  installed: field(
    z
      .array(
        z.object({
          id: field(text(200), missing),
          title: field(text(300).optional(), missing),
          at: field(instant.optional(), missing),
          result: field(z.enum(['succeeded', 'failed', 'restart-pending', 'unknown']), missing),
          errorCode: field(text(20).optional(), missing),
        }),
      )
      .max(200)
      .optional(),
    missing,
  ),
});
export type PatchesFacts = z.infer<typeof patchesFacts>;
