/** Files that others read while they are written. */
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import process from 'node:process';

/** Complete or not there at all: a reader never sees half a file, and a full disk keeps no draft. */
export function writeAtomically(file: string, content: string, mode: number): void {
  const draft = `${file}.${process.pid}.tmp`;
  try {
    const descriptor = openSync(draft, 'w', mode);
    try {
      const bytes = Buffer.from(content);
      // A full disk takes a part and says so by the count only.
      for (let at = 0; at < bytes.byteLength; ) at += writeSync(descriptor, bytes, at);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    // The mode given to open is cut by the umask; a tray of another user must be able to read.
    chmodSync(draft, mode);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** A rename has reached the disk only when its folder has. Windows does not open folders. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A folder everybody may look into, whatever the umask; one that is there stays as it is. */
export function makeShownFolder(folder: string): void {
  if (mkdirSync(folder, { recursive: true, mode: 0o755 }) !== undefined) chmodSync(folder, 0o755);
}
