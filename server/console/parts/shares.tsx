/** How a whole divides: a bar for the eye, and the same in words beside it, which is all a screen reader needs. */
import type { JSX } from 'preact';
import { useId } from 'preact/hooks';
import { Link } from '../router.tsx';
import { useSpeech } from '../speech.ts';
import { type Tone, ToneShape } from './state-mark.tsx';

export interface Share {
  readonly tone: Tone;
  readonly word: string;
  readonly count: number;
  /** Where the things counted can be seen. */
  readonly to?: string;
}

interface SharesProps {
  readonly title: string;
  readonly shares: readonly Share[];
}

/** Left edge and width of each part in percent of the whole. */
function segments(shares: readonly Share[]): { share: Share; start: number; width: number }[] {
  const whole = shares.reduce((sum, { count }) => sum + count, 0);
  let start = 0;
  return shares
    .filter(({ count }) => count > 0)
    .map((share) => {
      const segment = { share, start, width: (share.count / whole) * 100 };
      start += segment.width;
      return segment;
    });
}

export function Shares({ title, shares }: SharesProps): JSX.Element {
  const { format } = useSpeech();
  const id = useId();
  return (
    <section class="shares" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">
        {segments(shares).map(({ share, start, width }) => (
          <rect key={share.word} class={`bar-${share.tone}`} x={start} width={width} height="10" />
        ))}
      </svg>
      <ul>
        {shares.map(({ tone, word, count, to }) => (
          <li key={word} class={count === 0 ? 'muted' : undefined}>
            <ToneShape tone={tone} />
            {to === undefined || count === 0 ? <span>{word}</span> : <Link to={to}>{word}</Link>}
            <strong>{format.number(count)}</strong>
          </li>
        ))}
      </ul>
    </section>
  );
}
