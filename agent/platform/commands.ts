/** Every program the agent may start, with the absolute paths it may have; the search path of the system is never used. */
import process from 'node:process';
import type { CommandName } from './machine.ts';

const { SystemRoot = 'C:\\Windows', ProgramFiles = 'C:\\Program Files' } = process.env;
const system32 = `${SystemRoot}\\System32`;

/** Only folders in which nobody but an administrator can put a program. */
const commandPaths: Readonly<Record<CommandName, readonly string[]>> = {
  stat: ['/usr/bin/stat', '/bin/stat'],
  nft: ['/usr/sbin/nft', '/sbin/nft'],
  systemctl: ['/usr/bin/systemctl', '/bin/systemctl'],
  'systemd-notify': ['/usr/bin/systemd-notify', '/bin/systemd-notify'],
  urbackupclientctl: [
    '/usr/local/bin/urbackupclientctl',
    '/usr/bin/urbackupclientctl',
    `${ProgramFiles}\\UrBackup\\UrBackupClient_cmd.exe`,
  ],
  'cove-clienttool': ['/opt/MXB/bin/ClientTool', `${ProgramFiles}\\Backup Manager\\ClientTool.exe`],
  bpclimagelist: [
    '/usr/openv/netbackup/bin/bpclimagelist',
    `${ProgramFiles}\\Veritas\\NetBackup\\bin\\bpclimagelist.exe`,
  ],
  vssadmin: [`${system32}\\vssadmin.exe`],
  wevtutil: [`${system32}\\wevtutil.exe`],
  eventcreate: [`${system32}\\eventcreate.exe`],
  schtasks: [`${system32}\\schtasks.exe`],
  icacls: [`${system32}\\icacls.exe`],
  'veeam-configurator': [`${ProgramFiles}\\Veeam\\Endpoint Backup\\Veeam.Agent.Configurator.exe`],
  cbb: [
    `${ProgramFiles}\\MSP360\\Managed Backup\\cbb.exe`,
    `${ProgramFiles}\\CloudBerryLab\\CloudBerry Backup\\cbb.exe`,
  ],
};

/** What a program must see beside the fixed environment. */
export const commandEnvironments: Partial<Readonly<Record<CommandName, Readonly<Record<string, string>>>>> = {
  // Times without the names of time zones, of which some stand for two.
  systemctl: { TZ: 'UTC' },
};

/** The paths of one system: on Windows "/usr/bin/x" would be a folder of the current drive, which anybody may have made. */
export function pathsOf(command: CommandName, platform: 'linux' | 'win32'): readonly string[] {
  const own = platform === 'linux' ? /^\// : /^[A-Za-z]:\\/;
  return commandPaths[command].filter((path) => own.test(path));
}
