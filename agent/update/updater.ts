/** The service's part of an update: takes an offer, fetches its file, and asks the guard to install it when it is time. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { FactsOf } from '../contract/facts/index.ts';
import type { ReleaseManifest } from '../contract/release.ts';
import { compareVersions } from '../contract/version-order.ts';
import type { CheckInRequest } from '../contract/wire.ts';
import type { Log } from '../log.ts';
import { ServerUnreachable } from '../report/server-client.ts';
import { shortHash } from '../signing/canonical.ts';
import { JwsError } from '../signing/jws.ts';
import { type DownloadOptions, DownloadRefused, download } from './download.ts';
import { isMaintenanceTime } from './maintenance.ts';
import { failed, isResting, isStale, readUpdate, type UpdateRecord, updateFolder, writeUpdate } from './record.ts';
import { isOnlyOurs, objectionToFile, verifyRelease } from './release.ts';

export interface UpdaterOptions {
  readonly dataDir: string;
  /** The version that runs. */
  readonly version: string;
  readonly platform: 'linux' | 'win32';
  /** Thumbprint of the release key. */
  readonly pin: string;
  readonly bytesPerSecond: number;
  /** Server time, as near as it is known. */
  readonly now: () => Date;
  readonly log: Log;
  /** Undefined while there is no server to fetch from. */
  readonly connection: () => Omit<DownloadOptions, 'manifest' | 'file' | 'bytesPerSecond' | 'signal'> | undefined;
  readonly wakeGuard: () => Promise<void>;
}

export interface Updater {
  /** What a check-in says of releases. */
  asked(): NonNullable<CheckInRequest['release']>;
  /** What a verified answer offers: the hash of a manifest, and the manifest when it was not held. */
  offer(hash: string | undefined, manifest: string | undefined): Promise<void>;
  /** Goes on with what there is to do; settles when that is done. Never rejects. */
  look(): Promise<void>;
  facts(): FactsOf<'agent'>['update'];
  stop(): Promise<void>;
}

export function createUpdater(options: UpdaterOptions): Updater {
  const { dataDir, version, now, log, pin, platform } = options;
  const stopped = new AbortController();
  let current = Promise.resolve();

  const change = (after: UpdateRecord): void => writeUpdate(dataDir, after);
  const verify = (record: UpdateRecord, jws: string): Promise<ReleaseManifest> =>
    verifyRelease(jws, {
      pin,
      platform,
      current: version,
      highestSequence: record.highestSequence,
      highestVersion: record.highestVersion,
      now: now(),
    });

  const offer: Updater['offer'] = async (hash, manifest) => {
    const record = readUpdate(dataDir);
    const held = record.manifest;
    if (hash === undefined) {
      // Withdrawn. What is being installed is not called back.
      if (held !== undefined && record.state !== 'installing') {
        const { manifest: _, offeredAt: __, reason: ___, ...rest } = record;
        change({ ...rest, state: 'none' });
      }
      return;
    }
    if (manifest === undefined || isResting(record, now()) || (held !== undefined && shortHash(held) === hash)) return;
    try {
      if (shortHash(manifest) !== hash) throw new JwsError('signature', 'the manifest is not the one that was offered');
      const said = await verify(record, manifest);
      change({
        ...record,
        state: 'waiting',
        manifest,
        offeredAt: now().toISOString(),
        highestSequence: said.sequence,
        highestVersion: said.version,
        highestExpiresAt: said.expiresAt,
        reason: undefined,
      });
      log.info('release-offered', { version: said.version, sequence: said.sequence });
    } catch (error) {
      if (!(error instanceof JwsError)) throw error;
      log.warn('release-refused', { reason: error.reason, detail: error.message });
      change(failed(record, error.reason, now()));
    }
  };

  const step = async (): Promise<void> => {
    const record = readUpdate(dataDir);
    const { manifest: jws, offeredAt } = record;
    if (jws === undefined || offeredAt === undefined || isResting(record, now())) return;
    let manifest: ReleaseManifest;
    try {
      manifest = await verify(record, jws);
    } catch (error) {
      if (!(error instanceof JwsError)) throw error;
      const { manifest: _, offeredAt: __, ...rest } = record;
      // What runs now is what was offered.
      change({
        ...rest,
        ...(error.reason === 'older' ? done(rest, version) : { state: 'failed', reason: error.reason }),
      });
      clear();
      return;
    }
    const folder = updateFolder(dataDir);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!isOnlyOurs(folder)) {
      change(failed(record, 'folder-open-to-others', now()));
      return;
    }
    const file = join(folder, `${manifest.sha256}.bin`);
    if (objectionToFile(file, manifest) !== undefined && !(await fetch(record, manifest, file))) return;
    const ready = readUpdate(dataDir);
    if (ready.state !== 'ready' && ready.state !== 'installing')
      change({ ...ready, state: 'ready', reason: undefined });
    if (isMaintenanceTime(now(), new Date(offeredAt))) await options.wakeGuard();
  };

  const fetch = async (record: UpdateRecord, manifest: ReleaseManifest, file: string): Promise<boolean> => {
    const connection = options.connection();
    if (connection === undefined) return false;
    change({ ...record, state: 'downloading' });
    clear(file);
    try {
      const { bytesPerSecond } = options;
      await download({ ...connection, manifest, file, bytesPerSecond, signal: stopped.signal });
      const objection = objectionToFile(file, manifest);
      if (objection === undefined) return true;
      rmSync(file, { force: true });
      throw new DownloadRefused('refused', objection);
    } catch (error) {
      const cut = error instanceof ServerUnreachable || stopped.signal.aborted;
      if (!cut && !(error instanceof DownloadRefused)) throw error;
      log.warn('release-not-fetched', { version: manifest.version, error: (error as Error).message });
      const reason =
        error instanceof DownloadRefused ? (error.reason === 'refused' ? error.message : error.reason) : '';
      // A connection that breaks off is no failure: it goes on where it stopped.
      change(cut ? { ...readUpdate(dataDir), state: 'downloading' } : failed(readUpdate(dataDir), reason, now()));
      return false;
    }
  };

  /** Everything but the file that is wanted now. */
  const clear = (wanted?: string): void => {
    const folder = updateFolder(dataDir);
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (name !== 'update.json' && path !== wanted && path !== `${wanted}.part`)
        rmSync(path, { recursive: true, force: true });
    }
  };

  return {
    asked: () => {
      const { manifest, highestSequence } = readUpdate(dataDir);
      return { held: manifest === undefined ? 0 : highestSequence };
    },
    offer,
    look: () => {
      current = current.then(step).catch((error: unknown) => {
        log.error('update-failed', { error: (error as Error).message });
      });
      return current;
    },
    facts: () => {
      try {
        const record = readUpdate(dataDir);
        const { failures, reason, highestVersion } = record;
        const state = isStale(record, now()) ? 'stale' : record.state;
        return {
          state,
          failures,
          ...(reason === undefined ? {} : { reason }),
          ...(highestVersion === undefined || state === 'none' ? {} : { version: highestVersion }),
        };
      } catch {
        return { state: 'failed', failures: 0, reason: 'record-unreadable' };
      }
    },
    stop: async () => {
      stopped.abort();
      await current;
    },
  };
}

function done({ highestVersion }: Pick<UpdateRecord, 'highestVersion'>, version: string) {
  const isHere = highestVersion !== undefined && compareVersions(version, highestVersion) >= 0;
  return isHere
    ? ({ state: 'installed', failures: 0, notBefore: 0, reason: undefined } as const)
    : ({ state: 'failed', reason: 'older' } as const);
}
