/** Facts about how the machine is run: energy, what it can reach, and the agent's own health. */
import { z } from 'zod';
import { day, field, instant, text } from '../field.ts';
import { releaseVersion, updateReason, updateStates } from '../release.ts';

const energy = { de: 'Hilft, Strom zu sparen', en: 'Helps to save energy' };

export const energyFacts = z.object({
  /** Whole days since the last start, rounded down; never finer. */
  uptimeDays: field(z.int().min(0).max(36_500), { ...energy, unit: 'd' }),
  powerSource: field(z.enum(['mains', 'battery']).optional(), energy),
  /** Sleep states the firmware and kernel offer, sorted: "freeze", "standby", "mem", "disk". */
  sleepStates: field(z.array(text(24)).max(8).optional(), energy),
  powerProfile: field(text(40).optional(), energy),
  /** Sorted. */
  powerProfiles: field(z.array(text(40)).max(16).optional(), energy),
  frequencyGovernor: field(text(40).optional(), energy),
  frequencyDriver: field(text(40).optional(), energy),
});
export type EnergyFacts = z.infer<typeof energyFacts>;

const reach = {
  de: 'Zeigt, ob Firewall, Sicherungsziel und KITS-Server erreichbar sind',
  en: 'Shows whether firewall, backup target and KITS server can be reached',
};

export const infrastructureFacts = z.object({
  /** Sorted by `name`. */
  targets: field(
    z
      .array(
        z.object({
          name: field(text(80), reach),
          kind: field(z.enum(['gateway', 'backup-target', 'kits-server', 'other']), reach),
          host: field(text(253), reach),
          port: field(z.int().min(1).max(65_535), reach),
          reachable: field(z.boolean(), reach),
          /** Why it is not reachable, as a stable code: "dns", "refused", "timeout", "tls", "unreachable". */
          failure: field(z.enum(['dns', 'refused', 'timeout', 'tls', 'unreachable', 'other']).optional(), reach),
          /** Time to connect, rounded up to 1, 2, 5, 10, 20, 50 … so that a quiet network reports nothing new. */
          latencyMs: field(z.int().min(1).max(60_000).optional(), { ...reach, unit: 'ms' }),
          certificate: field(
            z
              .object({
                subject: field(text(253), reach),
                issuer: field(text(253).optional(), reach),
                validUntil: field(instant, reach),
                /** Whole days until then, negative when past; as seen by this machine's clock. */
                daysLeft: field(z.int().min(-100_000).max(100_000), { ...reach, unit: 'd' }),
                /** The chain leads to a certificate authority this machine trusts and the name fits. */
                trusted: field(z.boolean(), reach),
              })
              .optional(),
            reach,
          ),
        }),
      )
      .max(64),
    reach,
  ),
});
export type InfrastructureFacts = z.infer<typeof infrastructureFacts>;

const self = {
  de: 'Zeigt, ob der KITS Agent selbst richtig arbeitet',
  en: 'Shows whether the KITS Agent itself works',
};

export const agentFacts = z.object({
  version: field(text(40), self),
  nodeVersion: field(text(40), self),
  platform: field(z.enum(['linux', 'win32']), self),
  /** Runs with the rights it was designed for (root or SYSTEM). */
  privileged: field(z.boolean(), self),
  installedOn: field(day.optional(), self),
  /** How the agent updates itself; absent where others do that (apt, Group Policy, opsi). */
  update: field(
    z
      .object({
        state: field(z.enum(updateStates), self),
        version: field(releaseVersion.optional(), self),
        /** Failed attempts in a row. */
        failures: field(z.int().min(0).max(1000), self),
        reason: field(updateReason.optional(), self),
      })
      .optional(),
    self,
  ),
  /** The last change of version on this PC, however it came; absent before the first. */
  lastUpgrade: field(
    z
      .object({
        to: field(releaseVersion, self),
        from: field(releaseVersion.optional(), self),
        state: field(z.enum(['trial', 'proven', 'failed', 'rolled-back']), self),
        reason: field(text(300).optional(), self),
      })
      .optional(),
    self,
  ),
  /** Day (UTC) on which the service hung and was ended the last time; absent when that never happened. Windows only. */
  hungOn: field(day.optional(), self),
  /** Version of the signed policy in force; 0 before the first one. */
  policyVersion: field(z.int().min(0), self),
  /** When it runs out; it stays in force beyond that, and the device says so. */
  policyExpiresAt: field(instant.optional(), self),
  /** Words of the server that were not accepted since the last good check-in, as "policy: signature". */
  refusedWords: field(z.array(text(60)).max(16).optional(), self),
  queue: field(
    z.object({
      waiting: field(z.int().min(0), self),
      oldestAt: field(instant.optional(), self),
      /** Reports the server refused for good; kept aside on this machine. */
      refused: field(z.int().min(0), self),
      /** Reports that do not get through and that nobody has refused for good; they are tried again. Absent when none. */
      aside: field(z.int().min(0).optional(), self),
      /** Of those that wait: how many had to drop their body. Absent when none. */
      thinned: field(z.int().min(0).optional(), self),
    }),
    self,
  ),
  /** Device clock minus server time at the last signed answer, rounded to whole seconds. */
  clockOffsetSeconds: field(z.int().optional(), { ...self, unit: 's' }),
  /** The last times the clock was set by 30 s or more, oldest first; sleep is no jump. */
  clockJumps: field(
    z
      .array(
        z.object({
          /** What the clock said afterwards. */
          at: field(instant, self),
          /** Whole seconds; negative = set back. */
          seconds: field(z.int(), { ...self, unit: 's' }),
          /** `running`: against the clock since boot. `restart`: earlier than before. `server`: against its signed time. */
          noticed: field(z.enum(['running', 'restart', 'server']), self),
        }),
      )
      .max(8)
      .optional(),
    self,
  ),
  /** Settings that were out of range or unknown, by key. */
  settingsProblems: field(z.array(text(200)).max(32), self),
});
export type AgentFacts = z.infer<typeof agentFacts>;
