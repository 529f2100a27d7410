/** One of the four states as shape, word and colour: each of the three is enough alone. */
import type { JSX } from 'preact';
import type { OverallState } from '../../../agent/contract/status.ts';
import { useSpeech } from '../speech.ts';

const outlines: Record<OverallState, JSX.Element> = {
  ok: <circle cx="8" cy="8" r="7" />,
  attention: <path d="M8 1 15.5 15H.5z" />,
  critical: <path d="M8 .2 15.8 8 8 15.8.2 8z" />,
  unknown: <rect x="1.5" y="1.5" width="13" height="13" />,
};

const glyphs: Record<OverallState, string> = {
  ok: 'm4.8 8.2 2.3 2.3 4.2-4.7',
  attention: 'M8 6v4.2M8 12v1.2',
  critical: 'M8 4v4.8M8 10.6v1.4',
  unknown: 'M5.9 6.2c0-2.8 4.3-2.6 4.3-.1C10.2 7.8 8 7.7 8 9.5M8 11.3v1.2',
};

export function StateShape({ light }: { readonly light: OverallState }): JSX.Element {
  return (
    <svg class={`shape shape-${light}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      {outlines[light]}
      <path class="glyph" d={glyphs[light]} />
    </svg>
  );
}

/** `word` replaces the name of the state, where another word says it better. */
export function StateMark({ light, word }: { readonly light: OverallState; readonly word?: string }): JSX.Element {
  const { t } = useSpeech();
  return (
    <span class={`state state-${light}`}>
      <StateShape light={light} />
      <span>{word ?? t.light[light]}</span>
    </span>
  );
}

/** What is neither good nor bad, such as an exception or what cannot be measured, has a shape of its own. */
export type Tone = OverallState | 'plain';

export function ToneShape({ tone }: { readonly tone: Tone }): JSX.Element {
  if (tone !== 'plain') return <StateShape light={tone} />;
  return (
    <svg class="shape shape-plain" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <rect x="1" y="4.5" width="14" height="7" rx="3.5" />
    </svg>
  );
}

export function ToneMark({ tone, word }: { readonly tone: Tone; readonly word: string }): JSX.Element {
  if (tone !== 'plain') return <StateMark light={tone} word={word} />;
  return (
    <span class="state state-plain">
      <ToneShape tone={tone} />
      <span>{word}</span>
    </span>
  );
}
