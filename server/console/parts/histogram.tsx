/** How many there are of each kind, one bar a line: drawn for the eye, and said in words beside it. */
import type { JSX } from 'preact';
import { useId } from 'preact/hooks';
import { Link } from '../router.tsx';
import { useSpeech } from '../speech.ts';
import type { Share } from './shares.tsx';

interface HistogramProps {
  readonly title: string;
  /** In the order of what they are classes of. */
  readonly bars: readonly Share[];
}

export function Histogram({ title, bars }: HistogramProps): JSX.Element {
  const { format } = useSpeech();
  const id = useId();
  const most = Math.max(1, ...bars.map(({ count }) => count));
  return (
    <section class="histogram" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <ul>
        {bars.map(({ tone, word, count, to }) => (
          <li key={word} class={count === 0 ? 'muted' : undefined}>
            {to === undefined || count === 0 ? <span>{word}</span> : <Link to={to}>{word}</Link>}
            <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">
              {count === 0 ? null : <rect class={`bar-${tone}`} width={(count / most) * 100} height="10" />}
            </svg>
            <strong>{format.number(count)}</strong>
          </li>
        ))}
      </ul>
    </section>
  );
}
