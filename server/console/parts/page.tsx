/** The frame of every page: its heading takes the focus when one arrives, so that keyboard and screen reader start there. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useSpeech } from '../speech.ts';

interface PageProps {
  readonly title: string;
  readonly lead?: ComponentChildren;
  readonly children?: ComponentChildren;
}

let visited = false;

export function Page({ title, lead, children }: PageProps): JSX.Element {
  const { t } = useSpeech();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · ${t.product}`;
  }, [title, t]);
  useEffect(() => {
    // The first page of a visit begins where the browser begins: before the skip link.
    if (visited) heading.current?.focus();
    visited = true;
  }, []);
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {lead === undefined ? null : <p class="lead">{lead}</p>}
      {children}
    </>
  );
}
