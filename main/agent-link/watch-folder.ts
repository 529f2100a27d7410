/** A change in the protected directory shows at once; where a folder cannot be watched the slow poll still sees it. */
import { type FSWatcher, watch } from 'node:fs';

/** Several changes of the directory come together; they are one reading. */
const settleMs = 200;

export interface FolderWatch {
  /** Begins, or begins anew after the folder was not there or was replaced; call it at each poll. */
  renew(): void;
}

export function watchFolder(folder: string, changed: () => void): FolderWatch {
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    watcher?.close();
    watcher = undefined;
  };
  return {
    renew: () => {
      if (watcher !== undefined) return;
      try {
        watcher = watch(folder, { persistent: false }, (event, name) => {
          if (name === 'requests') return;
          // The folder itself was moved or removed: it is watched anew where its name leads then.
          if (event === 'rename' && name === null) end();
          clearTimeout(timer);
          timer = setTimeout(changed, settleMs);
        });
        watcher.on('error', end);
      } catch {
        // Not there yet: the poll goes on asking.
      }
    },
  };
}
