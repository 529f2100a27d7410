/** A moment as `<time>`: how long ago, the date, or both. */
import type { JSX } from 'preact';
import { useSpeech } from '../speech.ts';

interface WhenProps {
  /** Null = it has not happened yet. */
  readonly at: string | null;
  readonly as?: 'relative' | 'date' | 'both';
}

export function When({ at, as = 'relative' }: WhenProps): JSX.Element {
  const { t, format } = useSpeech();
  if (at === null) return <span class="muted">{t.never}</span>;
  const relative = format.relative(at, new Date());
  if (as === 'relative')
    return (
      <time dateTime={at} class="whole">
        {relative}
      </time>
    );
  if (as === 'date')
    return (
      <time dateTime={at} class="whole">
        {format.instant(at)}
      </time>
    );
  return (
    <time dateTime={at}>
      {format.instant(at)} <span class="muted">({relative})</span>
    </time>
  );
}
