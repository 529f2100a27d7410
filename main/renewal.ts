/** Notices that another version of the tray was installed and starts it, so that nobody has to sign out after an upgrade. */

/** An installer that is still at work changes its files for a moment; this long the same version has to stand there. */
const settledMs = 60_000;
/** Somebody who reads is not interrupted, but not for ever either. */
const patienceMs = 30 * 60_000;

const renewedOption = '--renewed-for=';

export interface RenewalOptions {
  /** Version of this program. */
  readonly own: string;
  /** Version that is installed; undefined when that cannot be told. */
  readonly installed: () => Promise<string | undefined>;
  readonly isWindowOpen: () => boolean;
  /** Arguments of this process without its name. */
  readonly args: readonly string[];
  readonly restart: (args: string[]) => void;
}

export interface Renewal {
  look(now: Date): Promise<void>;
}

export function createRenewal({ own, installed, isWindowOpen, args, restart }: RenewalOptions): Renewal {
  /** This process was started for that version. If it is still another one, starting again helps nobody. */
  const tried = args.find((one) => one.startsWith(renewedOption))?.slice(renewedOption.length);
  let found: { readonly version: string; readonly since: number } | undefined;
  let isRestarting = false;

  return {
    look: async (now) => {
      const version = await installed();
      if (version === undefined || version === own || version === tried || isRestarting) {
        found = undefined;
        return;
      }
      const at = now.getTime();
      // A clock set back begins anew.
      if (found?.version !== version || !(at >= found.since)) found = { version, since: at };
      const age = at - found.since;
      if (age < settledMs || (isWindowOpen() && age < patienceMs)) return;
      isRestarting = true;
      const kept = args.filter((one) => !one.startsWith(renewedOption) && one !== '--hidden');
      restart([...kept, '--hidden', `${renewedOption}${version}`]);
    },
  };
}

/** The first line of the file the installer put there, when it looks like a version. */
export function versionIn(content: string): string | undefined {
  const line = content.split('\n', 1)[0]?.trim() ?? '';
  return /^\d{1,5}\.\d{1,5}\.\d{1,5}(?:-[0-9A-Za-z.-]{1,40})?$/.test(line) ? line : undefined;
}
