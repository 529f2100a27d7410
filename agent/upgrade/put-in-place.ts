/** Puts an executable beside the others: written in full, tried, and only then under its name. */
import { createHash } from 'node:crypto';
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import process from 'node:process';
import { syncFolder } from '../platform/write-file.ts';

const pieceBytes = 1024 * 1024;

export interface PutInPlace {
  readonly from: string;
  /** A file that is there under this name already is replaced. */
  readonly to: string;
  /** Tries the draft; a sentence when it does not run. */
  readonly objection: (draft: string) => Promise<string | undefined>;
  readonly reached: (step: 'draft-written' | 'self-tested' | 'put-in-place') => void;
}

/** The executable was not put in place; the message says why. */
export class NotInstalled extends Error {
  override readonly name = 'NotInstalled';
}

export async function putInPlace({ from, to, objection, reached }: PutInPlace): Promise<void> {
  mkdirSync(dirname(to), { recursive: true, mode: 0o755 });
  if (sameBytes(from, to)) {
    const why = await objection(to);
    if (why !== undefined) throw new NotInstalled(why);
    reached('self-tested');
    return;
  }
  const ending = extname(to);
  const draft = `${to.slice(0, to.length - ending.length)}.draft${ending}`;
  try {
    copyDurably(from, draft);
    reached('draft-written');
    const why = await objection(draft);
    if (why !== undefined) throw new NotInstalled(why);
    reached('self-tested');
    replace(draft, to);
    syncFolder(dirname(to));
    syncFolder(dirname(dirname(to)));
    reached('put-in-place');
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Windows lets nobody overwrite a program that runs, but it may be called otherwise meanwhile. */
function replace(draft: string, to: string): void {
  try {
    renameSync(draft, to);
  } catch (error) {
    if (process.platform !== 'win32') throw error;
    const aside = `${to}.${Date.now()}.old`;
    renameSync(to, aside);
    renameSync(draft, to);
  }
}

function copyDurably(from: string, to: string): void {
  rmSync(to, { force: true });
  const source = openSync(from, 'r');
  try {
    const target = openSync(to, 'wx', 0o755);
    try {
      const piece = Buffer.alloc(pieceBytes);
      for (;;) {
        const length = readSync(source, piece, 0, pieceBytes, null);
        if (length === 0) break;
        for (let at = 0; at < length; ) at += writeSync(target, piece, at, length - at);
      }
      fsyncSync(target);
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
  // The mode given to open is cut by the umask.
  chmodSync(to, 0o755);
}

/** SHA-256 of a file, hex; undefined when it cannot be read. */
export function hashFile(file: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return undefined;
  }
  try {
    const hash = createHash('sha256');
    const piece = Buffer.alloc(pieceBytes);
    for (;;) {
      const length = readSync(descriptor, piece, 0, pieceBytes, null);
      if (length === 0) return hash.digest('hex');
      hash.update(piece.subarray(0, length));
    }
  } finally {
    closeSync(descriptor);
  }
}

function sameBytes(a: string, b: string): boolean {
  const hash = hashFile(b);
  return hash !== undefined && hash === hashFile(a);
}
