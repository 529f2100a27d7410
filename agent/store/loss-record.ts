/**
 * What a full disk kept from being queued, for the next process to tell: a file of one block, made ahead in its full size, so that
 * writing it again needs no room. Where not even that can be written (a read-only disk), only this process knows.
 */
import { closeSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Gap, gap } from '../contract/report.ts';
import { isStorageFailure } from './sqlite.ts';

const blockBytes = 4096;

export interface LossRecord {
  /** Of an earlier process; undefined when nothing was lost. */
  read(): Gap | undefined;
  /** `undefined` = it was told. */
  write(lost: Gap | undefined): void;
}

export function openLossRecord(privateDir: string): LossRecord {
  const file = join(privateDir, 'unstored');
  const write = (text: string, flags: string): void => {
    try {
      const descriptor = openSync(file, flags, 0o600);
      try {
        const block = Buffer.alloc(blockBytes, ' ');
        block.write(text);
        writeSync(descriptor, block, 0, blockBytes, 0);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      if (!isStorageFailure(error) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  };
  if (sizeOf(file) !== blockBytes) write('', 'w');
  return {
    read: () => {
      let text: string;
      try {
        text = readFileSync(file, 'utf8').trim();
      } catch {
        return undefined;
      }
      if (text === '') return undefined;
      try {
        return gap.parse(JSON.parse(text));
      } catch {
        // Cut off while it was written: something was lost, and nobody knows how much.
        return { reason: 'storage-failed' };
      }
    },
    write: (lost) => write(lost === undefined ? '' : JSON.stringify(lost), 'r+'),
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
