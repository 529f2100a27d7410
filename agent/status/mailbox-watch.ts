/** Notices soon that something was written into the mailbox; the minute tick looks as well, should this miss anything. */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Log } from '../log.ts';

export interface MailboxWatch {
  /** Begins, or begins anew after the directory was not there or the watch broke; at least once a minute. */
  renew(): void;
  stop(): void;
}

/**
 * Calls `changed` `pauseMs` after the first change, and again only that long after the last call has ended: however fast
 * somebody writes, the service has its time to itself.
 */
export function watchMailbox(
  file: string,
  changed: () => Promise<void>,
  { log, pauseMs = 1000 }: { readonly log: Log; readonly pauseMs?: number },
): MailboxWatch {
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isBusy = false;
  let isChanged = false;

  const wait = (): void => {
    if (timer !== undefined || isBusy) return;
    isChanged = false;
    timer = setTimeout(async () => {
      timer = undefined;
      isBusy = true;
      try {
        await changed();
      } finally {
        isBusy = false;
        if (isChanged && watcher !== undefined) wait();
      }
    }, pauseMs).unref();
  };
  const stop = (): void => {
    clearTimeout(timer);
    timer = undefined;
    watcher?.close();
    watcher = undefined;
  };

  return {
    renew: () => {
      if (watcher !== undefined) return;
      try {
        // The directory, which only administrators change: the file in it may be replaced by a repair of the installation.
        watcher = watch(dirname(file), { persistent: false }, (_, name) => {
          if (name !== basename(file)) return;
          isChanged = true;
          wait();
        });
        watcher.on('error', (error) => {
          log.warn('mailbox-watch-broken', { error: error.message });
          watcher?.close();
          watcher = undefined;
        });
      } catch (error) {
        log.debug('mailbox-not-watched', { error: (error as Error).message });
      }
    },
    stop,
  };
}
