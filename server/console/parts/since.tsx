/** A day and how long ago it was: "14.11.2026 (9 Tage)". */
import type { JSX } from 'preact';
import { ageInDays } from '../calendar.ts';
import { useSpeech } from '../speech.ts';

export function Since({ day }: { readonly day: string }): JSX.Element {
  const { t, format } = useSpeech();
  const age = ageInDays(day, new Date());
  return (
    <time dateTime={day}>
      {format.day(day)} {age === undefined ? null : <span class="muted whole">({t.ageInDays(age)})</span>}
    </time>
  );
}
