/** An installer that runs again, or an administrator with an editor, changes settings under a running service. */
import { statSync } from 'node:fs';

export interface SettingsWatch {
  /** Comes once, when a file was written that can be used. */
  readonly changed: Promise<void>;
  stop(): void;
}

/**
 * Looks at `files` every `intervalMs`. `isUsable` is asked after each change and says why when it refuses: what cannot be used must
 * not end a service that runs.
 */
export function watchSettings(
  files: readonly string[],
  { intervalMs, isUsable }: { intervalMs: number; isUsable: () => boolean },
): SettingsWatch {
  const { promise, resolve } = Promise.withResolvers<void>();
  // Looked at before this function returns: what is written right after it counts as a change, however busy the machine is.
  const seen = new Map(files.map((file) => [file, stampOf(file)]));
  const timer = setInterval(() => {
    const changed = files.filter((file) => {
      const stamp = stampOf(file);
      const isChanged = stamp !== seen.get(file);
      seen.set(file, stamp);
      // Gone is not changed: the service itself removes a token that is used up.
      return isChanged && stamp !== 'gone';
    });
    if (changed.length > 0 && isUsable()) resolve();
  }, intervalMs);
  timer.unref();
  return { changed: promise, stop: () => clearInterval(timer) };
}

function stampOf(file: string): string {
  try {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? 'gone' : `${stat.ino} ${stat.mtimeNs} ${stat.size}`;
  } catch {
    // A disk that cannot be read now: nothing to take on until it can.
    return 'gone';
  }
}
