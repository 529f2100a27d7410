/** Every program the agent may start, with the absolute paths it may have; the search path of the system is never used. */
import type { CommandName } from './machine.ts';

export const commandPaths: Readonly<Record<CommandName, readonly string[]>> = {
  'systemd-detect-virt': ['/usr/bin/systemd-detect-virt', '/bin/systemd-detect-virt'],
  lpstat: ['/usr/bin/lpstat'],
  nft: ['/usr/sbin/nft', '/sbin/nft'],
};
