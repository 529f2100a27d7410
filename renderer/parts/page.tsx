/** A page of the window: its heading takes the focus when somebody goes there, so that a screen reader starts at it. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** Of the heading: where the keyboard goes on when what it stood on is gone. */
export const titleId = 'page-title';

export interface PageProps {
  readonly title: string;
  /** False for the page the window opens with: nobody went anywhere yet. */
  readonly takesFocus: boolean;
  readonly children: ComponentChildren;
}

export function Page({ title, takesFocus, children }: PageProps): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (takesFocus) heading.current?.focus();
  }, [takesFocus]);
  return (
    <main>
      <h1 id={titleId} ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {children}
    </main>
  );
}
