/** A token that was just made and is shown this once, with a button that copies it. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useSpeech } from '../speech.ts';
import { start } from './use-action.ts';

interface NewSecretProps {
  readonly secret: string;
  /** What to do with it. */
  readonly children?: ComponentChildren;
}

export function NewSecret({ secret, children }: NewSecretProps): JSX.Element {
  const { t } = useSpeech();
  const heading = useRef<HTMLHeadingElement>(null);
  const [told, setTold] = useState('');
  useEffect(() => heading.current?.focus(), [secret]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(secret);
      setTold(t.copied);
    } catch {
      // Without HTTPS the browser offers no clipboard; the token can still be selected.
      setTold(t.copyFailed);
    }
  };
  return (
    <section class="notice notice-ok" aria-labelledby="new-secret">
      <h2 id="new-secret" ref={heading} tabIndex={-1}>
        {t.tokenMade}
      </h2>
      <p>{t.tokenOnce}</p>
      <p>
        <code class="secret">{secret}</code>
      </p>
      <div class="buttons">
        <button type="button" onClick={() => start(copy())}>
          {t.copy}
        </button>
        <span role="status">{told}</span>
      </div>
      {children}
    </section>
  );
}
