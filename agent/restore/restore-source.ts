/** What a restore test needs of a place that holds backups: what is in it, and a few files of it back. */

/** The source could not be read; the message says why and what to do. */
export class RestoreError extends Error {
  override readonly name = 'RestoreError';
}

export interface ArchivedFile {
  /** As the archive names it; passed back to `restore`. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
}

export interface RestoreSource {
  /** Id of the product, as in the facts about backups. */
  readonly product: string;
  /**
   * Calls `onFile` for each regular file of the newest restore point. `base`: folder on this PC below which the paths of
   * the archive lie, as far as the source knows it. Throws `RestoreError`.
   */
  list(
    onFile: (file: ArchivedFile) => void,
    signal: AbortSignal,
  ): Promise<{ readonly name: string; readonly base: string }>;
  /** Writes the files below `folder`, at their paths in the archive. What does not come back is simply not there. */
  restore(files: readonly ArchivedFile[], folder: string, signal: AbortSignal): Promise<void>;
}

/** Calls `onLine` for each line of a stream of chunks; a line longer than 64 KiB is passed over. */
export function lineReader(onLine: (line: string) => void): { push(chunk: Buffer): void; end(): void } {
  const longest = 65_536;
  const decoder = new TextDecoder();
  let rest = '';
  let tooLong = false;
  const take = (text: string): void => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!tooLong && line.length <= longest) onLine(line);
      tooLong = false;
    }
    if (rest.length > longest) {
      rest = '';
      tooLong = true;
    }
  };
  return {
    push: (chunk) => take(decoder.decode(chunk, { stream: true })),
    end: () => {
      take(decoder.decode());
      if (!tooLong && rest !== '') onLine(rest);
    },
  };
}

/** Undefined for what is no JSON: the schema it meets next says so. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A line cut off, or words of the program.
    return undefined;
  }
}
