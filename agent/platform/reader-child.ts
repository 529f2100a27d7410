/**
 * The program behind `Reader`: reads files and SQLite databases of other programs and answers JSON lines, one request at
 * a time. Where it is to have the rights of one person it gives up all others before it looks at anything.
 *
 * `serve|remove TEMP-FOLDER [UID GID]`; `remove` takes away what a killed predecessor left.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import process from 'node:process';
import { Worker } from 'node:worker_threads';
import { type ForeignDatabase, isOwn, openForeign, RefusedRead } from './reader-database.ts';

export type ReaderRequest =
  | { readonly do: 'text'; readonly path: string; readonly maxBytes: number }
  | { readonly do: 'list' | 'stat'; readonly path: string }
  | { readonly do: 'open'; readonly path: string; readonly maxBytes: number }
  | { readonly do: 'columns'; readonly handle: number; readonly table: string }
  | {
      readonly do: 'rows';
      readonly handle: number;
      readonly sql: string;
      readonly params: readonly EncodedValue[];
      readonly maxRows: number;
      readonly maxBytes: number;
    }
  | { readonly do: 'close'; readonly handle: number };

/** A value as JSON carries it: what JSON has no word for stands in a pair. */
export type EncodedValue = string | number | null | readonly ['integer' | 'real' | 'blob', string];

const maxNames = 20_000;
const maxOpen = 16;
/** O_NONBLOCK: a pipe in the place of a file must not hold up anything. Windows knows none of these. */
const readFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

const databases = new Map<number, ForeignDatabase>();
let opened = 0;

function answer(request: ReaderRequest, tempFolder: string): unknown {
  switch (request.do) {
    case 'text':
      return readBounded(request.path, request.maxBytes).toString('base64');
    case 'list': {
      const names = readdirSync(request.path);
      if (names.length > maxNames) throw new RefusedRead('EFBIG');
      return names.sort();
    }
    case 'stat': {
      const found = statSync(request.path);
      return {
        kind: found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other',
        sizeBytes: found.size,
        modifiedMs: found.mtimeMs,
      };
    }
    case 'open': {
      if (databases.size >= maxOpen) throw new RefusedRead('EMFILE');
      opened += 1;
      databases.set(opened, openForeign(request.path, { maxBytes: request.maxBytes, tempFolder }));
      return opened;
    }
    case 'columns':
      return databaseOf(request.handle).columns(request.table);
    case 'rows':
      return databaseOf(request.handle).rows(request.sql, request.params, request);
    case 'close':
      databases.get(request.handle)?.close();
      databases.delete(request.handle);
      return null;
  }
}

function databaseOf(handle: number): ForeignDatabase {
  const database = databases.get(handle);
  if (database === undefined) throw new RefusedRead('EBADF');
  return database;
}

function readBounded(path: string, maxBytes: number): Buffer {
  const descriptor = openSync(path, readFlags);
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) throw new RefusedRead('EINVAL');
    const pieces: Buffer[] = [];
    let total = 0;
    for (;;) {
      const piece = Buffer.allocUnsafe(Math.min(maxBytes + 1 - total, 1 << 20));
      const length = readSync(descriptor, piece);
      if (length === 0) return Buffer.concat(pieces, total);
      pieces.push(piece.subarray(0, length));
      total += length;
      if (total > maxBytes) throw new RefusedRead('EFBIG');
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Groups first: who is no longer root cannot give them up. Throws where any of it fails. */
function becomePerson(uid: number, gid: number): void {
  process.setgroups?.([]);
  process.setgid?.(gid);
  process.setuid?.(uid);
  const now = [process.getuid?.(), process.geteuid?.(), process.getgid?.(), process.getegid?.()];
  if (now.join() !== [uid, uid, gid, gid].join()) throw new Error('the rights could not be given up');
}

/**
 * Ends this process when the agent is gone. A thread of its own, because a query that never ends would keep this one from
 * noticing; as text, because a packed program has no second file to start.
 */
function endWithParent(tempFolder: string): void {
  const watch = `
    const { workerData } = require('node:worker_threads');
    const isThere = () => {
      if (process.ppid !== workerData.parent) return false;
      try { return process.kill(workerData.parent, 0); } catch (error) { return error.code !== 'ESRCH'; }
    };
    setInterval(() => {
      if (isThere()) return;
      const fs = require('node:fs');
      try {
        const found = fs.lstatSync(workerData.tempFolder);
        const self = process.geteuid?.();
        if (found.isDirectory() && (self === undefined || found.uid === self)) fs.rmSync(workerData.tempFolder, { recursive: true, force: true });
      } catch { /* Gone already or out of reach: this process has to end in any case. */ }
      process.kill(process.pid, 'SIGKILL');
    }, 1000);`;
  new Worker(watch, { eval: true, workerData: { parent: process.ppid, tempFolder } });
}

function serve(tempFolder: string): void {
  endWithParent(tempFolder);
  let waiting = '';
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (piece: string) => {
    const lines = (waiting + piece).split('\n');
    waiting = lines.pop() ?? '';
    for (const line of lines) process.stdout.write(`${answerLine(line, tempFolder)}\n`);
  });
  process.stdin.on('end', () => {
    for (const database of databases.values()) database.close();
    process.exit(0);
  });
}

function answerLine(line: string, tempFolder: string): string {
  try {
    return JSON.stringify({ value: answer(JSON.parse(line) as ReaderRequest, tempFolder) });
  } catch (error) {
    const { code } = error as { code?: unknown };
    return JSON.stringify({ error: typeof code === 'string' ? code : 'EIO' });
  }
}

/** Entry: a packed agent calls this when its command line says so. */
export function readerChild(args: readonly string[]): void {
  const [task, tempFolder = '', uid, gid] = args;
  if (uid !== undefined) becomePerson(Number(uid), Number(gid));
  if (task !== 'remove') serve(tempFolder);
  else if (isOwn(tempFolder)) rmSync(tempFolder, { recursive: true, force: true });
}

if (import.meta.main) readerChild(process.argv.slice(2));
