/** The versions installed on the machine this process runs on. */
import process from 'node:process';
import type { InstalledVersions } from './installed-versions.ts';
import { createLinuxVersions, linuxInstallRoot } from './linux-versions.ts';
import { createWindowsVersions, windowsInstallRoot } from './windows-versions.ts';

/** Throws on a platform that has no implementation. */
export function installedVersions({ root, dataDir }: { root?: string; dataDir: string }): InstalledVersions {
  if (process.platform === 'linux') return createLinuxVersions({ root: root ?? linuxInstallRoot });
  if (process.platform === 'win32') return createWindowsVersions({ root: root ?? windowsInstallRoot(), dataDir });
  throw new Error(`KITS Agent is not installed on this kind of machine (${process.platform}).`);
}
