/** Which page is shown: the path and query of the address bar, changed without loading the document anew. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

export interface Place {
  readonly path: string;
  /** With its leading "?", or empty. */
  readonly search: string;
}

const listeners = new Set<() => void>();

function here(): Place {
  return { path: window.location.pathname, search: window.location.search };
}

function announce(): void {
  for (const listener of listeners) listener();
}

window.addEventListener('popstate', announce);

/** Goes to a path of this console. `replace` leaves no entry in the browser's history. */
export function navigate(to: string, { replace = false } = {}): void {
  if (replace) window.history.replaceState(null, '', to);
  else {
    window.history.pushState(null, '', to);
    // A change of the filter keeps the place on the page; a new page starts at its top.
    if (to.split('?')[0] !== window.location.pathname) window.scrollTo(0, 0);
  }
  announce();
}

export function usePlace(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const update = (): void => setPlace(here());
    listeners.add(update);
    update();
    return () => {
      listeners.delete(update);
    };
  }, []);
  return place;
}

/** The path to return to after signing in; only a path of this console, never another host. */
export function returnPath(search: string): string {
  const wanted = new URLSearchParams(search).get('zurueck') ?? '/';
  return /^\/(?![/\\])/.test(wanted) ? wanted : '/';
}

interface LinkProps {
  readonly to: string;
  readonly children: ComponentChildren;
  readonly class?: string;
  /** Marks the page one is on. */
  readonly current?: boolean;
}

/** A real link, so that it can be opened in a new tab; a plain click stays in the document. */
export function Link({ to, children, current = false, ...rest }: LinkProps): JSX.Element {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a href={to} onClick={follow} aria-current={current ? 'page' : undefined} {...rest}>
      {children}
    </a>
  );
}
