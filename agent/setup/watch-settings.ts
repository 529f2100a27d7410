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
  // Not fs.watchFile: its first look comes at some later time, and what was written until then would never count.
  const seen = new Map(files.map((file) => [file, versionOf(file)]));
  const look = (): void => {
    for (const file of files) {
      const version = versionOf(file);
      if (version === seen.get(file)) continue;
      seen.set(file, version);
      // Gone is not changed: the service itself removes a token that is used up.
      if (version !== undefined && isUsable()) resolve();
    }
  };
  const timer = setInterval(look, intervalMs).unref();
  return { changed: promise, stop: () => clearInterval(timer) };
}

/** Tells one content from the next; `undefined` = there is no such file, or none that can be looked at. */
function versionOf(file: string): string | undefined {
  try {
    const { mtimeNs, ctimeNs, ino, size } = statSync(file, { bigint: true });
    return [mtimeNs, ctimeNs, ino, size].join(' ');
  } catch {
    return undefined;
  }
}
