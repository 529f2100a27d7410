/**
 * The guard's part of an update: verifies everything once more and starts the installer. The guard does it and not the
 * service, because the installer ends the service, and with it whatever the service has started.
 */
import { closeSync, copyFileSync, fchmodSync, fsyncSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../log.ts';
import type { CommandOutcome } from '../platform/machine.ts';
import { JwsError } from '../signing/jws.ts';
import { isMaintenanceTime } from './maintenance.ts';
import { failed, isResting, readUpdate, updateFolder, writeUpdate } from './record.ts';
import { isOnlyOurs, objectionToFile, verifyRelease } from './release.ts';

export interface InstallOptions {
  readonly dataDir: string;
  readonly version: string;
  readonly platform: 'linux' | 'win32';
  readonly pin: string;
  readonly now: () => Date;
  readonly log: Log;
  /** Starts an installer silently and waits for its end. */
  readonly run: (file: string) => Promise<CommandOutcome>;
  /** Between the last look at the file and its start; a test changes things there. */
  readonly reached?: (point: 'copied' | 'verified') => void;
}

/** Undefined when there is nothing to install now. Must not be called while the upgrade is held: the installer takes it. */
export async function installUpdate(options: InstallOptions): Promise<'installed' | 'failed' | undefined> {
  const { dataDir, version, platform, pin, now, log, reached = () => undefined } = options;
  const record = readUpdate(dataDir);
  const { manifest: jws, offeredAt } = record;
  if (jws === undefined || offeredAt === undefined || !['ready', 'installing'].includes(record.state)) return undefined;
  if (isResting(record, now()) || !isMaintenanceTime(now(), new Date(offeredAt))) return undefined;
  const folder = updateFolder(dataDir);
  const refuse = (reason: string): 'failed' => {
    log.error('update-not-installed', { reason });
    writeUpdate(dataDir, failed(readUpdate(dataDir), reason, now()));
    return 'failed';
  };
  try {
    if (!isOnlyOurs(folder)) return refuse('folder-open-to-others');
    const { highestSequence, highestVersion } = record;
    const manifest = await verifyRelease(jws, {
      pin,
      platform,
      current: version,
      highestSequence,
      highestVersion,
      now: now(),
    });
    writeUpdate(dataDir, { ...record, state: 'installing' });
    // A folder nobody knew before: what is verified there is what is started.
    const own = mkdtempSync(join(folder, 'install-'));
    try {
      const file = join(own, platform === 'win32' ? 'setup.exe' : 'setup');
      copyFileSync(join(folder, `${manifest.sha256}.bin`), file);
      makeExecutable(file);
      reached('copied');
      const objection = objectionToFile(file, manifest);
      if (objection !== undefined) return refuse(objection);
      reached('verified');
      log.info('update-starts', { version: manifest.version });
      const outcome = await options.run(file);
      if (outcome.kind !== 'exited' || outcome.exitCode !== 0) {
        return refuse(outcome.kind === 'exited' ? `installer-exit-${outcome.exitCode}` : `installer-${outcome.kind}`);
      }
      log.info('update-installed', { version: manifest.version });
      return 'installed';
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  } catch (error) {
    if (error instanceof JwsError) return refuse(error.reason);
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined) return refuse(code === 'ENOENT' ? 'missing' : code.toLowerCase());
    throw error;
  }
}

function makeExecutable(file: string): void {
  const descriptor = openSync(file, 'r+');
  try {
    fchmodSync(descriptor, 0o700);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
