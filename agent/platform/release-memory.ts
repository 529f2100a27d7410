/** What a round took is given back to the system: by itself the engine keeps it until the next one, an hour later. */

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

/** Takes a tenth of a second. Does nothing where the engine was not started with `--expose-gc`, as the single executable is. */
export function releaseMemory(): void {
  (globalThis as { gc?: Collect }).gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
