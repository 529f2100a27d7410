/** Electron for Linux where its binary cannot be had: enough to build and try everything around it, and marked as what it is. */
import { appendFileSync, chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { standInMark } from '../../server/releases/stand-in.ts';
import { runTool } from '../run-tool.ts';

/** Of the control file of a package that holds a stand-in. */
export const standInField = 'Kits-Stand-In';

/** What @electron/fuses looks for: sentinel, version 1, nine fuses in Electron's own default state. */
const fuses = Buffer.concat([
  Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'),
  Buffer.from([1, 9]),
  Buffer.from('101110011'),
]);

/** A folder that looks like an unpacked distribution of Electron `version`. */
export function makeStandInElectron(folder: string, version: string): string {
  rmSync(folder, { recursive: true, force: true });
  for (const name of ['locales', 'resources']) mkdirSync(join(folder, name), { recursive: true });
  const program = Buffer.from(`#!/bin/sh\necho '${standInMark}: this is not Electron' >&2\nexit 1\n`);
  writeFileSync(join(folder, 'electron'), Buffer.concat([program, fuses]));
  chmodSync(join(folder, 'electron'), 0o755);
  for (const name of ['LICENSE', 'LICENSES.chromium.html', 'resources.pak', 'locales/de.pak', 'locales/en-US.pak']) {
    writeFileSync(join(folder, name), `${standInMark}\n`);
  }
  writeFileSync(join(folder, 'version'), version);
  return folder;
}

/**
 * Adds a part of its own to a Debian package, where no compression hides the mark from whoever reads the file. dpkg passes over parts
 * behind the last one (deb(5)); ar(5) says how one looks.
 */
export function markAsStandIn(deb: string): void {
  const content = `${standInMark}\n`;
  const header = `${'_kits-stand-in'.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}`;
  const padding = statSync(deb).size % 2 === 0 ? '' : '\n';
  appendFileSync(deb, `${padding}${header}${String(content.length).padEnd(10)}\`\n${content}`);
}

/** Throws for a Debian package that holds a stand-in, or is none: to be asked by whatever hands packages on to PCs. */
export function refuseStandIn(file: string): void {
  const mark = runTool('dpkg-deb', ['--field', file, standInField]).trim();
  if (mark !== '' || file.includes(standInMark)) {
    throw new Error(
      `${file} holds a stand-in instead of Electron and must not reach a PC. Build it where Electron can be downloaded.`,
    );
  }
}
