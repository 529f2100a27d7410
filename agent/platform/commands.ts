/** Every program the agent may start, with the absolute paths it may have; the search path of the system is never used. */
import type { CommandName } from './machine.ts';

export const commandPaths: Readonly<Record<CommandName, readonly string[]>> = {
  stat: ['/usr/bin/stat', '/bin/stat'],
  nft: ['/usr/sbin/nft', '/sbin/nft'],
  systemctl: ['/usr/bin/systemctl', '/bin/systemctl'],
};

/** What a program must see beside the fixed environment. */
export const commandEnvironments: Partial<Readonly<Record<CommandName, Readonly<Record<string, string>>>>> = {
  // Times without the names of time zones, of which some stand for two.
  systemctl: { TZ: 'UTC' },
};
