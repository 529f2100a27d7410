/** Writes what the tray and everybody at the PC may know: `status.json` and the keys to verify it with. */
import { join } from 'node:path';
import { type TrustFile, trustFile } from '../contract/keys.ts';
import { type Status, status } from '../contract/status.ts';
import { makeShownFolder, writeAtomically } from '../platform/write-file.ts';

/** After this the tray shows "unknown": the service writes every 5 minutes. */
export const statusValidMs = 15 * 60_000;

export function publishStatus(publicDir: string, value: Status): void {
  makeShownFolder(publicDir);
  // Parsed on the way out as well: the tray refuses what does not fit, and then shows nothing at all.
  writeAtomically(join(publicDir, 'status.json'), `${JSON.stringify(status.parse(value), null, 2)}\n`, 0o644);
}

/** Writes `trust.json`, and only when something in it has changed. */
export function createTrustFile(publicDir: string): (value: TrustFile) => void {
  let written: string | undefined;
  return (value) => {
    const said = JSON.stringify({ ...value, writtenAt: '' });
    if (said === written) return;
    makeShownFolder(publicDir);
    writeAtomically(join(publicDir, 'trust.json'), `${JSON.stringify(trustFile.parse(value), null, 2)}\n`, 0o644);
    written = said;
  };
}
