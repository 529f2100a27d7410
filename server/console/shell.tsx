/** What surrounds every page: skip link, name, navigation, language, and who is signed in. */
import type { ComponentChildren, JSX } from 'preact';
import type { Session } from '../api/contract.ts';
import { change } from './api.ts';
import type { Language } from './format.ts';
import { Announcer } from './parts/announcer.tsx';
import { Failure } from './parts/load-state.tsx';
import { start, useAction } from './parts/use-action.ts';
import { Link, navigate, usePlace } from './router.tsx';
import { useSpeech } from './speech.ts';

interface ShellProps {
  /** Undefined = nobody; the navigation is then left out. */
  readonly session: Session | undefined;
  readonly setLanguage: (language: Language) => void;
  /** Called after signing out. */
  readonly left: () => void;
  readonly children: ComponentChildren;
}

function Navigation({ session }: { readonly session: Session }): JSX.Element {
  const { t } = useSpeech();
  const { path } = usePlace();
  const entries: readonly (readonly [to: string, words: string, shown: boolean])[] = [
    ['/', t.overview, true],
    ['/geraete', t.devices, true],
    ['/aktualisierungen', t.patches, true],
    ['/sicherungen', t.backups, true],
    ['/mitteilungen', t.notices, true],
    ['/vorgaben', t.controls, true],
    ['/ausnahmen', t.exceptions, true],
    ['/richtlinien', t.policies, true],
    ['/gruppen', t.groups, true],
    ['/versionen', t.agentVersions, true],
    ['/stammdaten', t.records, session.role !== 'viewer'],
    ['/anmeldung-tokens', t.tokens, session.role !== 'viewer'],
    ['/protokoll', t.audit, true],
  ];
  return (
    <nav class="navigation" aria-label={t.navigation}>
      <ul>
        {entries
          .filter(([, , shown]) => shown)
          .map(([to, words]) => (
            <li key={to}>
              <Link to={to} current={path === to || (to !== '/' && path.startsWith(`${to}/`))}>
                {words}
              </Link>
            </li>
          ))}
      </ul>
    </nav>
  );
}

function LanguageSwitch({ setLanguage }: Pick<ShellProps, 'setLanguage'>): JSX.Element {
  const { language } = useSpeech();
  const other = language === 'de' ? 'en' : 'de';
  return (
    <button type="button" class="plain" lang={other} onClick={() => setLanguage(other)}>
      {other === 'de' ? 'Deutsch' : 'English'}
    </button>
  );
}

export function Shell({ session, setLanguage, left, children }: ShellProps): JSX.Element {
  const { t } = useSpeech();
  const action = useAction();
  const signOut = async (): Promise<void> => {
    await change('session', { method: 'DELETE' });
    navigate('/anmelden');
    left();
  };
  return (
    <>
      <button type="button" class="skip" onClick={skipToContent}>
        {t.skip}
      </button>
      <header class="top">
        <Link to="/" class="product">
          <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
            <path d="M6 5h5v8.6L19 5h6.4L16 14.8 26 27h-6.5L11 16.5V27H6z" />
          </svg>
          {t.product}
        </Link>
        <div class="account">
          {session === undefined ? null : (
            <span class="who">
              <span class="unseen">{t.signedInAs} </span>
              {session.user} <span class="muted">({t.role[session.role]})</span>
            </span>
          )}
          <LanguageSwitch setLanguage={setLanguage} />
          {session === undefined ? null : (
            <button type="button" class="plain" onClick={() => start(action.run(signOut))}>
              {t.signOut}
            </button>
          )}
        </div>
      </header>
      <div class={session === undefined ? 'body body-alone' : 'body'}>
        {session === undefined ? null : <Navigation session={session} />}
        <main id="inhalt" tabIndex={-1}>
          {action.error === undefined ? null : <Failure error={action.error} />}
          {children}
        </main>
      </div>
      <Announcer />
    </>
  );
}

/** A button and no link to a fragment: on the sign-in page a fragment is the secret of a one-time link. */
function skipToContent(): void {
  document.getElementById('inhalt')?.focus();
}
