/**
 * Makes and repairs the data directory on Linux. From the outside in, so that nobody else can exchange names once a folder has
 * been closed; each thing is opened without following a link and set by its descriptor. What somebody else has put there is
 * neither used nor deleted: it is set aside.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  type Stats,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import process from 'node:process';
import { unsafeParent, writableByOthers } from '../platform/safe-place.ts';
import { type OwnedPath, ownedPaths, publicNames } from './rights.ts';

/** The directory cannot be had in a safe way; the message says why, and nothing was changed. */
export class UnsafeDirectory extends Error {
  override readonly name = 'UnsafeDirectory';
}

export interface PrepareOptions {
  /** Owner of everything; only tests name another than root. */
  readonly owner?: number;
  readonly group?: number;
  /** Why the folder may not stand where it stands; a sentence. */
  readonly objection?: (path: string, owner: number) => string | undefined;
  readonly now?: () => Date;
}

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
/** More entries than this are not looked through one by one. */
const maxExamined = 10_000;

/**
 * Brings everything below `dataDir` to the rights of the table. Run again it changes nothing. Returns what was put right, a
 * sentence each. Throws `UnsafeDirectory` before anything is changed, or the error of the file system.
 */
export function prepareLinuxDirectories(dataDir: string, options: PrepareOptions = {}): string[] {
  const { owner = 0, group = owner === 0 ? 0 : (process.getegid?.() ?? owner), objection = unsafeParent } = options;
  const root = resolve(dataDir);
  const why = objection(root, owner) ?? notAFolder(root);
  if (why !== undefined) throw new UnsafeDirectory(`${why} Nothing was changed.`);

  const done: string[] = [];
  const stamp = (options.now?.() ?? new Date()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const own = { owner, group, done, stamp, privateDir: join(root, 'private') };
  const before = lstatSync(root, { throwIfNoEntry: false });
  // Before the way in is closed, so that it is known who could go through it.
  const wasOpen = before !== undefined && !isClosed(before, owner);
  for (const entry of ownedPaths) {
    const path = entry.path === '.' ? root : join(root, entry.path);
    if (entry.path === 'private') vetPrivate(path, wasOpen, own);
    if (entry.kind === 'directory') prepareFolder(path, entry, own);
    else if (entry.madeBy === 'installer') prepareMailbox(path, entry, own);
    else preparePublished(path, entry, own);
  }
  const isDraft = (name: string, found: Stats): boolean => /\.\d+\.tmp$/.test(name) && isPlain(found, owner);
  setStrangersAside(join(root, 'public'), (name, found) => publicNames.has(name) || isDraft(name, found), own);
  const isSent = (name: string, found: Stats): boolean => /^\d+\.json$/.test(name) && isPlain(found, owner);
  setStrangersAside(join(root, 'public', 'sent'), (name, found) => isSent(name, found) || isDraft(name, found), own);
  return done;
}

interface Own {
  readonly owner: number;
  readonly group: number;
  readonly done: string[];
  readonly stamp: string;
  readonly privateDir: string;
}

function notAFolder(root: string): string | undefined {
  const found = lstatSync(root, { throwIfNoEntry: false });
  if (found === undefined || found.isDirectory()) return undefined;
  return found.isSymbolicLink()
    ? `${root} is a link; name the folder it leads to with --data-dir, or mount that folder here.`
    : `${root} is no folder; remove it first.`;
}

const isClosed = (found: Stats, owner: number): boolean => found.uid === owner && (found.mode & writableByOthers) === 0;

/**
 * The private folder holds key, queue and enrolment. If others could write into it, or into the folder above it, and anything
 * in it is not plainly the owner's, none of it can be believed.
 */
function vetPrivate(path: string, parentWasOpen: boolean, own: Own): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || !found.isDirectory()) return;
  if (!parentWasOpen && isClosed(found, own.owner)) return;
  if (found.uid === own.owner && allOwn(path, own.owner)) return;
  const aside = `${path}.set-aside-${own.stamp}`;
  renameSync(path, aside);
  closeFolder(aside, own);
  own.done.push(
    `${path} could be changed by others and holds what is not root's: it was set aside as ${aside}, and nothing of it is used. Look at it, then enrol this PC anew.`,
  );
}

function allOwn(folder: string, owner: number): boolean {
  const waiting = [folder];
  for (let seen = 0; waiting.length > 0; ) {
    const place = waiting.pop() as string;
    for (const name of readdirSync(place)) {
      seen += 1;
      if (seen > maxExamined) return false;
      const found = lstatSync(join(place, name));
      if (found.uid !== owner || (found.mode & writableByOthers) !== 0) return false;
      if (found.isDirectory()) waiting.push(join(place, name));
      else if (!found.isFile() || found.nlink !== 1) return false;
    }
  }
  return true;
}

function prepareFolder(path: string, { mode }: OwnedPath, own: Own): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false) setAside(path, own);
  mkdirSync(path, { recursive: true, mode });
  const descriptor = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    settle(descriptor, path, mode, own);
  } finally {
    closeSync(descriptor);
  }
}

/** Anything but a file only the owner has named is replaced: a descriptor somebody opened before would outlive new rights. */
function prepareMailbox(path: string, { mode }: OwnedPath, own: Own): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined) {
    if (isPlain(found, own.owner) && (found.mode & 0o7777) === mode) return;
    setAside(path, own);
  }
  const descriptor = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    fchownSync(descriptor, own.owner, own.group);
    fchmodSync(descriptor, mode);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function preparePublished(path: string, { mode }: OwnedPath, own: Own): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!isPlain(found, own.owner)) {
    setAside(path, own);
    return;
  }
  const descriptor = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    settle(descriptor, path, mode, own);
  } finally {
    closeSync(descriptor);
  }
}

const isPlain = (found: Stats, owner: number): boolean => found.isFile() && found.nlink === 1 && found.uid === owner;

function settle(descriptor: number, path: string, mode: number, { owner, group, done }: Own): void {
  const found = fstatSync(descriptor);
  if (found.uid !== owner || found.gid !== group) {
    fchownSync(descriptor, owner, group);
    if (found.uid !== owner) done.push(`${path} belonged to user ${found.uid}; it belongs to ${owner} now.`);
  }
  const bits = found.mode & 0o7777;
  // Anew after a change of owner as well: that clears some bits.
  fchmodSync(descriptor, mode);
  if (bits !== mode) done.push(`${path} had the rights ${octal(bits)}; it has ${octal(mode)} now.`);
}

function setStrangersAside(folder: string, stays: (name: string, found: Stats) => boolean, own: Own): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found !== undefined && !stays(name, found)) setAside(path, own);
  }
}

/** Out of reach of everybody else, under a name that says where it was. */
function setAside(path: string, own: Own): void {
  const { privateDir, stamp, done } = own;
  let aside = `${path}.set-aside-${stamp}`;
  if (path !== privateDir) {
    const folder = join(privateDir, 'set-aside');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    aside = join(folder, `${stamp}-${done.length}-${basename(path)}`);
  }
  renameSync(path, aside);
  done.push(`${path} was not as KITS Agent makes it: it was set aside as ${aside}.`);
}

function closeFolder(path: string, { owner, group }: Own): void {
  const descriptor = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    fchownSync(descriptor, owner, group);
    fchmodSync(descriptor, 0o700);
  } finally {
    closeSync(descriptor);
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
