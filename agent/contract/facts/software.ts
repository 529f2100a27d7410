/** Facts about the operating system and what is installed on it. */
import { z } from 'zod';
import { day, field, text } from '../field.ts';

const support = {
  de: 'Zeigt, ob es noch Sicherheitsaktualisierungen gibt',
  en: 'Shows whether security updates are still provided',
};

export const osFacts = z.object({
  family: field(z.enum(['linux', 'windows']), support),
  /** `ID` of os-release ("debian", "ubuntu") or "windows". */
  id: field(text(40), support),
  name: field(text(120), support),
  /** `VERSION_ID` of os-release ("12", "24.04"); absent on rolling releases. On Windows the release ("24H2"). */
  version: field(text(40).optional(), support),
  /** Point release where the system names it, such as "12.11" from debian_version. */
  pointRelease: field(text(40).optional(), support),
  codename: field(text(60).optional(), support),
  edition: field(text(60).optional(), support),
  build: field(text(60).optional(), support),
  kernel: field(text(120), {
    de: 'Zeigt, ob ein neuer Kern auf den Neustart wartet',
    en: 'Shows whether a new kernel waits for a restart',
  }),
  architecture: field(z.enum(['x86_64', 'aarch64', 'armv7l', 'i686', 'riscv64']), support),
  /** Day of installation; absent when the system does not record it (never 1970). */
  installedOn: field(day.optional(), { de: 'Hilft, Neuinstallationen zu planen', en: 'Helps to plan re-installation' }),
  /** Day of the last start; the time of day is not collected. */
  startedOn: field(day.optional(), { de: 'Zeigt, ob ein Neustart aussteht', en: 'Shows whether a restart is due' }),
  timeZone: field(text(60).optional(), { de: 'Hilft bei falscher Uhrzeit', en: 'Helps when the clock is wrong' }),
});
export type OsFacts = z.infer<typeof osFacts>;

const installed = {
  de: 'Zeigt Programme mit bekannten Sicherheitslücken',
  en: 'Shows programs with known vulnerabilities',
};

export const softwareFacts = z.object({
  source: field(z.enum(['dpkg', 'windows-uninstall']), installed),
  /** Sorted by `name`, then `architecture`. */
  packages: field(
    z
      .array(
        z.object({
          name: field(text(200), installed),
          version: field(text(160).optional(), installed),
          architecture: field(text(24).optional(), installed),
          publisher: field(text(160).optional(), installed),
          /** Only when it is not plainly installed, as dpkg says it: "config-files", "half-installed" … */
          status: field(text(40).optional(), installed),
          installedKiB: field(z.int().min(0).optional(), { ...installed, unit: 'KiB' }),
          /** Last installed or upgraded. */
          changedOn: field(day.optional(), installed),
        }),
      )
      .min(1)
      .max(20_000),
    installed,
  ),
});
export type SoftwareFacts = z.infer<typeof softwareFacts>;
