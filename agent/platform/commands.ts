/** Every program the agent may start, with the absolute paths it may have; the search path of the system is never used. */
import type { CommandName } from './machine.ts';

export const commandPaths: Readonly<Record<CommandName, readonly string[]>> = {
  stat: ['/usr/bin/stat', '/bin/stat'],
  nft: ['/usr/sbin/nft', '/sbin/nft'],
  urbackupclientctl: ['/usr/local/bin/urbackupclientctl', '/usr/bin/urbackupclientctl'],
  'cove-clienttool': ['/opt/MXB/bin/ClientTool'],
  bpclimagelist: ['/usr/openv/netbackup/bin/bpclimagelist'],
};
