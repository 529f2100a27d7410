/**
 * A restore test: some files of the newest restore point are brought back into a private folder and compared, by hash,
 * with what lies on this PC. The source is only read, and the folder is removed whatever happens.
 */
import { createHash, randomInt } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { chmod, lstat, mkdir, mkdtemp, open, rm, statfs } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { RestoreTest } from '../contract/facts/backup.ts';
import { type ArchivedFile, RestoreError, type RestoreSource } from './restore-source.ts';

/** Larger files would make a sample of one; the test is about whether restoring works at all. */
const largestFile = 256 * 1024 * 1024;
/** How many files are looked at for one that is compared: files change, and those that did cannot be compared. */
const candidatesPerFile = 8;
const spareBytes = 512 * 1024 * 1024;

export interface RestoreTestOptions {
  /** Makes the source; `scratch` is a folder for its caches, thrown away with the test. */
  readonly source: (scratch: string) => RestoreSource;
  /** How many files to compare. */
  readonly sample: number;
  /** Folder in which the private folder is made. */
  readonly temporary: string;
  /** Folder on this PC below which the paths of the archive lie; overrides what the source knows. */
  readonly original?: string;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

export interface RestoreTestOutcome {
  readonly product: string;
  readonly restorePoint: string;
  readonly result: RestoreTest['result'];
  readonly files: number;
  readonly bytes: number;
  readonly different: number;
  /** Paths in the archive of files that came back otherwise or not at all; for the person at the keyboard only. */
  readonly differing: readonly string[];
  /** Files of the restore point that could not be compared because they changed on the PC since. */
  readonly changed: number;
  readonly startedAt: Date;
  readonly durationSeconds: number;
}

/** Throws `RestoreError` when nothing could be tested; then nothing is proven either way. */
export async function testRestore(options: RestoreTestOptions): Promise<RestoreTestOutcome> {
  const startedAt = options.now();
  const folder = await mkdtemp(join(options.temporary, 'restore-test-'));
  try {
    await chmod(folder, 0o700);
    const source = options.source(folder);
    const candidates: ArchivedFile[] = [];
    let seen = 0;
    const point = await source.list((file) => {
      if (!isCandidate(file)) return;
      seen += 1;
      const room = options.sample * candidatesPerFile;
      if (candidates.length < room) candidates.push(file);
      else {
        // Reservoir: each file has the same chance, however many there are.
        const place = randomInt(seen);
        if (place < room) candidates[place] = file;
      }
    }, options.signal);
    if (seen === 0) throw new RestoreError(`The restore point ${point.name} holds no file to test.`);
    const { chosen, changed } = await choose(candidates, options.original ?? point.base, options);
    if (chosen.length === 0) {
      throw new RestoreError(
        `None of ${candidates.length} files looked at is on this PC as it was backed up: they changed or are gone, or their ` +
          'folder is another one (name it with --original). Nothing is proven and nothing was recorded.',
      );
    }
    await ensureRoom(chosen, folder);
    const target = join(folder, 'files');
    await mkdir(target);
    await source.restore(
      chosen.map(({ file }) => file),
      target,
      options.signal,
    );
    const differing: string[] = [];
    let bytes = 0;
    let missing = 0;
    for (const { file, original } of chosen) {
      const [restored, there] = await Promise.all([hashOf(inside(target, file.path)), hashOf(original)]);
      if (restored === undefined) missing += 1;
      if (restored === undefined || restored !== there) differing.push(file.path);
      else bytes += file.sizeBytes;
    }
    return {
      product: source.product,
      restorePoint: point.name,
      result: missing === chosen.length ? 'failed' : differing.length > 0 ? 'different' : 'equal',
      files: chosen.length,
      bytes,
      different: differing.length,
      differing,
      changed,
      startedAt,
      durationSeconds: Math.max(0, Math.round((options.now().getTime() - startedAt.getTime()) / 1000)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function isCandidate({ path, sizeBytes, modifiedAt }: ArchivedFile): boolean {
  const whole = sizeBytes > 0 && sizeBytes <= largestFile && !Number.isNaN(modifiedAt.getTime());
  // An archive is a stranger's: its paths must not lead out of the folder they are restored to.
  return whole && !path.includes('\0') && !normalize(path).split(sep).includes('..');
}

const inside = (folder: string, path: string): string => join(folder, normalize(`/${path}`));

/** Files that lie on this PC as they were when they were backed up. */
async function choose(
  candidates: readonly ArchivedFile[],
  base: string,
  { sample }: RestoreTestOptions,
): Promise<{ chosen: { file: ArchivedFile; original: string }[]; changed: number }> {
  const chosen: { file: ArchivedFile; original: string }[] = [];
  let changed = 0;
  for (const file of candidates) {
    if (chosen.length >= sample) break;
    const places = base === '/' ? [inside('/', file.path)] : [inside('/', file.path), inside(base, file.path)];
    const found = await firstUnchanged(places, file);
    if (found === undefined) changed += 1;
    else chosen.push({ file, original: found });
  }
  return { chosen, changed };
}

async function firstUnchanged(places: readonly string[], file: ArchivedFile): Promise<string | undefined> {
  for (const place of places) {
    try {
      const found = await lstat(place);
      // Archives keep times to a microsecond at least, some file systems to two seconds.
      const sameTime = Math.abs(found.mtime.getTime() - file.modifiedAt.getTime()) < 2000;
      if (found.isFile() && found.size === file.sizeBytes && sameTime) return place;
    } catch {
      // Not there any more, or elsewhere.
    }
  }
  return undefined;
}

async function ensureRoom(chosen: readonly { file: ArchivedFile }[], folder: string): Promise<void> {
  const needed = chosen.reduce((sum, { file }) => sum + file.sizeBytes, 0);
  const { bavail, bsize } = await statfs(folder);
  if (needed + spareBytes > bavail * bsize) {
    throw new RestoreError(
      `The sample needs ${Math.ceil(needed / 1024 ** 2)} MiB, and ${folder} would be left with too little. Take a smaller sample.`,
    );
  }
}

/** SHA-256 of a regular file; undefined when it is not there or is none. A link is not followed. */
async function hashOf(path: string): Promise<string | undefined> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    // Did not come back, or went away meanwhile.
    return undefined;
  }
  try {
    if (!(await handle.stat()).isFile()) return undefined;
    const hash = createHash('sha256');
    await pipeline(createReadStream('', { fd: handle.fd, autoClose: false }), hash);
    return hash.digest('base64url');
  } finally {
    await handle.close();
  }
}
