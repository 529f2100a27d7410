/**
 * The file `public/requests`, into which anybody who can log on may write: at best one JSON object a line, at worst
 * anything. It belongs to the installer; the service reads and shortens it, and never creates it.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
} from 'node:fs';
import process from 'node:process';

/** At most this much of the file is read at once. */
const maxReadBytes = 64 * 1024;
/** The longest request, a suspicion of 2,000 characters written as `\uXXXX`, takes 12 KiB. */
const maxLineBytes = 16 * 1024;
/** A file beyond this is not read to its end: whoever waits behind so much sends again. */
const maxFileBytes = 1024 * 1024;
/** So many bytes before the place reached tell whether it is still the same file. */
const markBytes = 128;

/** How far the file has been read. */
export interface MailboxPlace {
  /** Bytes. */
  readonly position: number;
  /** SHA-256 over the bytes just before; empty at the beginning. */
  readonly mark: string;
}
export const mailboxStart: MailboxPlace = { position: 0, mark: '' };

/** Why the file is not read: it is not what the installer made. */
export type MailboxTrouble = 'missing' | 'not-a-file' | 'linked' | 'foreign-owner' | 'unreadable';

export interface MailboxRead {
  /** Whole lines, as they stand there; empty ones left out. */
  readonly lines: readonly string[];
  readonly place: MailboxPlace;
  /** Lines that no request can be, because of their length or their encoding; and bytes given up with a file too long. */
  readonly dropped: number;
  readonly trouble?: MailboxTrouble;
}

/** What was written since `from`. Reads at most 64 KiB and shortens the file when it has grown past that. Never throws. */
export function readMailboxFile(file: string, from: MailboxPlace): MailboxRead {
  const nothing = { lines: [], place: from, dropped: 0 };
  try {
    const seen = lstatSync(file);
    const before = troubleOf(seen);
    if (before !== undefined) return { ...nothing, trouble: before };
    // Windows: whoever may append may also mark the file read-only, and then not even the system opens it for writing.
    if (process.platform === 'win32' && (seen.mode & 0o200) === 0) chmodSync(file, 0o622);
    // Not followed and not waited for, should somebody have put a link or a pipe there since the look above.
    const { O_RDWR, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
    const descriptor = openSync(file, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
    try {
      const opened = fstatSync(descriptor);
      if (opened.dev !== seen.dev || opened.ino !== seen.ino) return { ...nothing, trouble: 'not-a-file' };
      const after = troubleOf(opened);
      return after === undefined ? readOpen(descriptor, opened.size, from) : { ...nothing, trouble: after };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const trouble = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'missing' : 'unreadable';
    return { ...nothing, trouble };
  }
}

function troubleOf(stats: Stats): MailboxTrouble | undefined {
  if (!stats.isFile()) return 'not-a-file';
  // A second name means that somebody can reach the file by a way the installer did not make.
  if (stats.nlink !== 1) return 'linked';
  const self = process.geteuid?.();
  return self !== undefined && stats.uid !== self ? 'foreign-owner' : undefined;
}

function readOpen(descriptor: number, size: number, from: MailboxPlace): MailboxRead {
  // Shortened or overwritten by somebody else: from the beginning; what was handled already is known by its id.
  const isSame = markAt(descriptor, from.position) === from.mark;
  const start = isSame ? from.position : 0;
  const chunk = readAt(descriptor, start, maxReadBytes);
  const end = chunk.lastIndexOf(0x0a) + 1;
  const tail = chunk.byteLength - end;
  // The last line may still be on its way, unless it is longer than any line can be.
  const isEndless = tail > maxLineBytes;
  const position = start + (isEndless ? chunk.byteLength : end);
  const { lines, dropped } = linesOf(chunk.subarray(0, end));
  const isTooLong = size > maxFileBytes;
  const isDone = position === size && size > maxReadBytes;
  if (isTooLong || isDone) ftruncateSync(descriptor, 0);
  return {
    lines,
    dropped: dropped + (isEndless ? 1 : 0) + (isTooLong ? 1 : 0),
    place: isTooLong || isDone ? mailboxStart : { position, mark: markAt(descriptor, position) },
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function linesOf(bytes: Buffer): { lines: string[]; dropped: number } {
  const lines: string[] = [];
  let dropped = 0;
  for (let at = 0; at < bytes.byteLength; ) {
    const end = bytes.indexOf(0x0a, at);
    const line = bytes.subarray(at, end);
    at = end + 1;
    if (line.byteLength === 0) continue;
    try {
      if (line.byteLength > maxLineBytes) throw new RangeError('too long');
      lines.push(utf8.decode(line));
    } catch {
      dropped += 1;
    }
  }
  return { lines, dropped };
}

function markAt(descriptor: number, position: number): string {
  const length = Math.min(position, markBytes);
  if (length === 0) return '';
  return createHash('sha256')
    .update(readAt(descriptor, position - length, length))
    .digest('base64url');
}

function readAt(descriptor: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const count = readSync(descriptor, buffer, read, length - read, position + read);
    if (count === 0) break;
    read += count;
  }
  return buffer.subarray(0, read);
}
