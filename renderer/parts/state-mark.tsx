/** A state as shape, word and colour: each of the three is enough alone. */
import type { JSX } from 'preact';
import type { OverallState } from '../../agent/contract/status.ts';
import { useSpeech } from '../speech.ts';

export type Light = OverallState | 'offline';

const outlines: Record<Light, JSX.Element> = {
  ok: <circle cx="8" cy="8" r="7" />,
  attention: <path d="M8 1 15.5 15H.5z" />,
  critical: <path d="M8 .2 15.8 8 8 15.8.2 8z" />,
  unknown: <rect x="1.5" y="1.5" width="13" height="13" />,
  offline: <circle class="ring" cx="8" cy="8" r="6" />,
};

const glyphs: Record<Light, string> = {
  ok: 'm4.8 8.2 2.3 2.3 4.2-4.7',
  attention: 'M8 6v4.2M8 12v1.2',
  critical: 'M8 4v4.8M8 10.6v1.4',
  unknown: 'M5.9 6.2c0-2.8 4.3-2.6 4.3-.1C10.2 7.8 8 7.7 8 9.5M8 11.3v1.2',
  offline: '',
};

interface StateMarkProps {
  readonly light: Light;
  /** In place of what the state is called otherwise. */
  readonly word?: string;
}

export function StateMark({ light, word }: StateMarkProps): JSX.Element {
  const { t } = useSpeech();
  return (
    <span class={`state state-${light}`}>
      <svg class="shape" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
        {outlines[light]}
        <path class="glyph" d={glyphs[light]} />
      </svg>
      <span>{word ?? t.light[light]}</span>
    </span>
  );
}
