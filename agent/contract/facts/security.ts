/** Facts about the security state. Each part is absent when it could not be read; a problem then says why. */
import { z } from 'zod';
import { bytes, day, field, text } from '../field.ts';

const malware = {
  de: 'Zeigt, ob der Virenschutz arbeitet und aktuell ist',
  en: 'Shows whether virus protection works and is current',
};
const wall = { de: 'Zeigt, ob die Firewall wirklich schützt', en: 'Shows whether the firewall really protects' };
const disk = {
  de: 'Schützt Daten bei Verlust oder Diebstahl des Geräts',
  en: 'Protects data when the device is lost or stolen',
};
const boot = { de: 'Schützt den Start vor Schadsoftware', en: 'Protects the start against malware' };
const access = { de: 'Zeigt offene Wege in das Gerät', en: 'Shows open ways into the device' };
const rights = { de: 'Zeigt, wer das Gerät verwalten darf', en: 'Shows who may administer the device' };
const hardening = {
  de: 'Zeigt, ob Schutzfunktionen des Systems eingeschaltet sind',
  en: 'Shows whether protections of the system are on',
};

export const securityFacts = z.object({
  /** Sorted by `name`. Empty only when the system says that there is none. */
  antivirus: field(
    z
      .array(
        z.object({
          name: field(text(120), malware),
          /** `snoozed` and `expired` as Windows' security centre says them. */
          state: field(z.enum(['on', 'off', 'snoozed', 'expired', 'passive', 'unknown']), malware),
          realTime: field(z.boolean().optional(), malware),
          tamperProtection: field(z.boolean().optional(), malware),
          signaturesCurrent: field(z.boolean().optional(), malware),
          /** Day of the newest signatures. */
          signaturesOf: field(day.optional(), malware),
          /** Day of the last scan of any kind; absent = never or not known. */
          scannedOn: field(day.optional(), malware),
          restartRequired: field(z.boolean().optional(), malware),
        }),
      )
      .max(16)
      .optional(),
    malware,
  ),
  firewall: field(
    z
      .object({
        /** What filters: "nftables", "ufw", "firewalld", "Windows Defender Firewall", or a product's name. */
        product: field(text(120).optional(), wall),
        /** Loaded and filtering now, not merely installed; absent when it cannot be told. */
        active: field(z.boolean().optional(), wall),
        /** Windows: one per profile. Linux: one called "all". Sorted by `name`. */
        profiles: field(
          z
            .array(
              z.object({
                name: field(z.enum(['all', 'domain', 'private', 'public']), wall),
                enabled: field(z.boolean().optional(), wall),
                inboundDefault: field(z.enum(['block', 'allow']).optional(), wall),
              }),
            )
            .max(4),
          wall,
        ),
      })
      .optional(),
    wall,
  ),
  /** Sorted by `mountPoint`. */
  encryption: field(
    z
      .array(
        z.object({
          mountPoint: field(text(260), disk),
          system: field(z.boolean(), disk),
          removable: field(z.boolean().optional(), disk),
          state: field(z.enum(['encrypted', 'partly', 'not-encrypted', 'unknown']), disk),
          /** `suspended` = encrypted with a clear key on the disk: as good as open. */
          protection: field(z.enum(['on', 'off', 'suspended', 'unknown']), disk),
          method: field(text(60).optional(), disk),
          /** Kinds of key protectors, sorted; never a key or a recovery password. */
          protectors: field(z.array(text(40)).max(16).optional(), disk),
        }),
      )
      .max(64)
      .optional(),
    disk,
  ),
  boot: field(
    z
      .object({
        secureBoot: field(z.enum(['on', 'off', 'setup-mode', 'unsupported']).optional(), boot),
        /** Windows: state of the change to the certificates of 2023. */
        certificates2023: field(z.enum(['not-started', 'in-progress', 'updated', 'unknown']).optional(), boot),
        tpm: field(
          z
            .object({
              present: field(z.boolean(), boot),
              version: field(text(20).optional(), boot),
              ready: field(z.boolean().optional(), boot),
            })
            .optional(),
          boot,
        ),
        /** Kernel lockdown of Linux: "none", "integrity", "confidentiality". */
        lockdown: field(text(40).optional(), boot),
      })
      .optional(),
    boot,
  ),
  remoteAccess: field(
    z
      .object({
        ssh: field(
          z
            .object({
              installed: field(z.boolean(), access),
              running: field(z.boolean().optional(), access),
              rootLogin: field(z.enum(['yes', 'no', 'prohibit-password', 'forced-commands-only']).optional(), access),
              passwordAuthentication: field(z.boolean().optional(), access),
              emptyPasswords: field(z.boolean().optional(), access),
              x11Forwarding: field(z.boolean().optional(), access),
              port: field(z.int().min(1).max(65_535).optional(), access),
            })
            .optional(),
          access,
        ),
        rdp: field(
          z
            .object({
              enabled: field(z.boolean(), access),
              networkLevelAuthentication: field(z.boolean().optional(), access),
            })
            .optional(),
          access,
        ),
        smb1: field(z.boolean().optional(), access),
      })
      .optional(),
    access,
  ),
  accounts: field(
    z
      .object({
        /** Who may administer: SIDs on Windows, groups and users with full rights on Linux; sorted. */
        administrators: field(
          z
            .array(
              z.object({
                id: field(text(190), rights),
                kind: field(z.enum(['user', 'group', 'unknown']), rights),
                local: field(z.boolean().optional(), rights),
                /** The account every Windows has (RID 500), or root. */
                builtIn: field(z.boolean().optional(), rights),
                enabled: field(z.boolean().optional(), rights),
                /** Full rights without asking for a password (NOPASSWD). */
                withoutPassword: field(z.boolean().optional(), rights),
              }),
            )
            .max(200)
            .optional(),
          rights,
        ),
        automaticLogon: field(z.boolean().optional(), rights),
        /** A password stands in the registry in plain text; its text is never read. */
        plainLogonPassword: field(z.boolean().optional(), rights),
        guestEnabled: field(z.boolean().optional(), rights),
        /** LAPS: where passwords of local administrators are kept; "off" when it is not in force. */
        passwordRotation: field(z.enum(['off', 'entra', 'active-directory', 'legacy']).optional(), rights),
        /** Seconds until the screen locks by machine policy; 0 = never. */
        screenLockSeconds: field(bytes.max(86_400).optional(), { ...rights, unit: 's' }),
      })
      .optional(),
    rights,
  ),
  hardening: field(
    z
      .object({
        /** Linux: mandatory access control in force ("apparmor", "selinux", "none") and how many profiles enforce. */
        accessControl: field(text(40).optional(), hardening),
        enforcedProfiles: field(z.int().min(0).max(100_000).optional(), hardening),
        complainingProfiles: field(z.int().min(0).max(100_000).optional(), hardening),
        uac: field(z.enum(['on', 'off', 'silent']).optional(), hardening),
        credentialGuard: field(z.boolean().optional(), hardening),
        memoryIntegrity: field(z.boolean().optional(), hardening),
        lsaProtection: field(z.boolean().optional(), hardening),
        powershell2: field(z.boolean().optional(), hardening),
        /** PowerShell runs in Constrained Language Mode: facts that need COM could not be read. */
        constrainedLanguage: field(z.boolean().optional(), hardening),
        /** SmartScreen sends what users open to Microsoft; BSI asks for it to be off (SYS.2.2.3). */
        smartScreen: field(z.enum(['on', 'off', 'unknown']).optional(), hardening),
      })
      .optional(),
    hardening,
  ),
});
export type SecurityFacts = z.infer<typeof securityFacts>;
