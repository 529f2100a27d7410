/**
 * A page of the window: its heading takes the focus when somebody goes there, so that a screen reader starts at it, and when
 * what had the focus is gone, so that the keyboard does not begin anew at the top of the window.
 */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export interface PageProps {
  readonly title: string;
  /** False for the page the window opens with: nobody went anywhere yet. */
  readonly takesFocus: boolean;
  /** Id of what takes the focus in place of the heading when what had it is gone. */
  readonly goesOnAt?: string | undefined;
  readonly children: ComponentChildren;
}

export function Page({ title, takesFocus, goesOnAt, children }: PageProps): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (takesFocus) heading.current?.focus();
  }, [takesFocus]);
  const focused = useRef<EventTarget | null>(null);
  useEffect(() => {
    const note = ({ target }: FocusEvent): void => {
      focused.current = target;
    };
    document.addEventListener('focusin', note);
    return () => document.removeEventListener('focusin', note);
  }, []);
  useEffect(() => {
    const { current: last } = focused;
    if (!(last instanceof Node) || last.isConnected || document.activeElement !== document.body) return;
    (document.getElementById(goesOnAt ?? '') ?? heading.current)?.focus();
  });
  return (
    <main>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {children}
    </main>
  );
}
