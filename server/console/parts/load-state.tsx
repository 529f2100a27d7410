/** What stands in place of content while it loads, when it failed, and when there is none. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { ApiError } from '../api.ts';
import type { Resource } from '../resource.ts';
import { useSpeech } from '../speech.ts';
import type { Texts } from '../texts.ts';
import { announce } from './announcer.tsx';

/** What happened, and what to do about it. */
export function errorWords(error: ApiError, t: Texts): { title: string; hint: string } {
  if (error.kind === 'unreachable') return { title: t.unreachable, hint: t.unreachableHint };
  if (error.status === 403 && error.code === 'forbidden') return { title: t.forbidden, hint: t.forbiddenHint };
  if (error.status === 404) return { title: t.notFound, hint: t.notFoundHint };
  if (error.status === 429) return { title: t.tooMany, hint: error.message };
  if (error.status >= 500) return { title: t.serverFault, hint: t.serverFaultHint };
  return { title: t.refused, hint: error.message };
}

interface FailureProps {
  readonly error: ApiError;
  readonly retry?: (() => void) | undefined;
}

export function Failure({ error, retry }: FailureProps): JSX.Element {
  const { t } = useSpeech();
  const { title, hint } = errorWords(error, t);
  return (
    <div class="notice notice-critical" role="alert">
      <p>
        <strong>{title}</strong>
      </p>
      {hint === '' ? null : <p>{hint}</p>}
      <p class="muted">
        {t.code}: <code>{error.code}</code>
      </p>
      {retry === undefined ? null : (
        <button type="button" onClick={retry}>
          {t.retry}
        </button>
      )}
    </div>
  );
}

interface LoadedProps<T> {
  readonly resource: Resource<T>;
  readonly children: (data: T) => ComponentChildren;
}

/** Shows the content once it is there; an error of a later reload stands above what was there before. */
export function Loaded<T>({ resource, children }: LoadedProps<T>): JSX.Element {
  const { t } = useSpeech();
  const { data, error, loading, reload } = resource;
  useEffect(() => {
    announce(loading ? t.loading : t.loaded);
  }, [loading, t]);
  return (
    <>
      {error === undefined || loading ? null : <Failure error={error} retry={reload} />}
      {data === undefined && loading ? <p class="loading">{t.loading}</p> : null}
      {data === undefined ? null : <div class={loading ? 'content content-old' : 'content'}>{children(data)}</div>}
    </>
  );
}

export function Empty({ title, hint }: { readonly title: string; readonly hint?: string }): JSX.Element {
  return (
    <div class="empty">
      <p>
        <strong>{title}</strong>
      </p>
      {hint === undefined ? null : <p>{hint}</p>}
    </div>
  );
}
