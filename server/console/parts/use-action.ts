/** Runs one change at a time and keeps its error; what the person entered stays where it is. */
import { useState } from 'preact/hooks';
import type { ApiError } from '../api.ts';
import { asApiError } from '../resource.ts';

export interface Action {
  readonly busy: boolean;
  readonly error: ApiError | undefined;
  /** Resolves when the work has ended, also when it failed. */
  readonly run: (work: () => Promise<void>) => Promise<void>;
}

export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const run = async (work: () => Promise<void>): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setError(undefined);
    try {
      await work();
    } catch (failure) {
      setError(asApiError(failure));
    }
    setBusy(false);
  };
  return { busy, error, run };
}

/** For an event handler: starts what reports its own failure. */
export function start(work: Promise<void>): void {
  work.catch((error: unknown) => {
    reportError(error);
  });
}
