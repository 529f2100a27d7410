/** An installer that runs again, or an administrator with an editor, changes settings under a running service. */
import { unwatchFile, watchFile } from 'node:fs';

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
  const look = (now: { mtimeMs: number }): void => {
    // Gone is not changed: the service itself removes a token that is used up.
    if (now.mtimeMs !== 0 && isUsable()) resolve();
  };
  for (const file of files) watchFile(file, { interval: intervalMs, persistent: false }, look);
  return {
    changed: promise,
    stop: () => {
      for (const file of files) unwatchFile(file, look);
    },
  };
}
