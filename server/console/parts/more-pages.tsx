/** A list that grows: the first page at once, each further one on request. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { read } from '../api.ts';
import { type Resource, useResource } from '../resource.ts';
import { useSpeech } from '../speech.ts';
import { announce } from './announcer.tsx';
import { Failure, Loaded } from './load-state.tsx';
import { type Action, start, useAction } from './use-action.ts';

interface CursorPage<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

interface Pages<T> {
  readonly first: Resource<CursorPage<T>>;
  readonly further: readonly CursorPage<T>[];
  readonly action: Action;
  readonly more: (cursor: string) => void;
}

/** `path` without a cursor; it may have a query. */
export function usePages<T>(path: string): Pages<T> {
  const first = useResource<CursorPage<T>>(path);
  const [further, setFurther] = useState<readonly CursorPage<T>[]>([]);
  const action = useAction();
  const { t } = useSpeech();
  // A new first page starts the list anew.
  useEffect(() => setFurther([]), [first.data]);
  const more = (cursor: string): void =>
    start(
      action.run(async () => {
        const page = await read<CursorPage<T>>(
          `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`,
        );
        setFurther((pages) => [...pages, page]);
        announce(t.loaded);
      }),
    );
  return { first, further, action, more };
}

interface MorePagesProps<T> {
  readonly pages: Pages<T>;
  readonly children: (items: readonly T[]) => ComponentChildren;
}

export function MorePages<T>({ pages, children }: MorePagesProps<T>): JSX.Element {
  const { t } = useSpeech();
  const { first, further, action, more } = pages;
  return (
    <Loaded resource={first}>
      {(page) => {
        const cursor = (further.at(-1) ?? page).nextCursor;
        return (
          <>
            {children([page, ...further].flatMap(({ items }) => items))}
            {action.error === undefined ? null : <Failure error={action.error} />}
            {cursor === null ? null : (
              <p>
                <button type="button" disabled={action.busy} onClick={() => more(cursor)}>
                  {t.more}
                </button>
              </p>
            )}
          </>
        );
      }}
    </Loaded>
  );
}
