/** Loads what a page shows and keeps the old answer on screen while a newer one is on its way. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import { ApiError, read } from './api.ts';

export interface Resource<T> {
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  readonly loading: boolean;
  /** Asks again; the old answer stays until then. */
  readonly reload: () => void;
}

interface Loaded<T> {
  readonly path: string;
  readonly data?: T;
  readonly error?: ApiError;
}

/** Anything that is no answer of the server is a fault of this program and is shown as one. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError('refused', 0, 'console-fault', error instanceof Error ? error.message : String(error));
}

/** `keep` shows the answer of the path before while the next one loads, as a list does when its filter changes. */
export function useResource<T>(path: string, { keep = false } = {}): Resource<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>();
  const [round, setRound] = useState(0);
  const [loading, setLoading] = useState(true);
  useEffect(() => {
    const aborter = new AbortController();
    setLoading(true);
    read<T>(path, aborter.signal).then(
      (data) => {
        if (aborter.signal.aborted) return;
        setLoaded({ path, data });
        setLoading(false);
      },
      (error: unknown) => {
        if (aborter.signal.aborted) return;
        // What was there before stays readable below the error.
        setLoaded((before) => ({ ...(before?.path === path ? before : { path }), error: asApiError(error) }));
        setLoading(false);
      },
    );
    return () => aborter.abort();
  }, [path, round]);
  const reload = useCallback(() => setRound((count) => count + 1), []);
  const shown = loaded !== undefined && (keep || loaded.path === path) ? loaded : undefined;
  return { data: shown?.data, error: shown?.error, loading, reload };
}
