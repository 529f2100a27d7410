/** One polite live region for the whole console: "loaded", "saved", how many were found. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

let say: (text: string) => void = () => undefined;

/** The screen reader reads it out when it gets to it; nothing is shown. */
export function announce(text: string): void {
  say(text);
}

export function Announcer(): JSX.Element {
  const [text, setText] = useState('');
  useEffect(() => {
    // A text that is the same as before would not be read again.
    say = (next) => setText((current) => (current === next ? `${next}\u00a0` : next));
  }, []);
  return (
    <div class="unseen" role="status" aria-live="polite">
      {text}
    </div>
  );
}
