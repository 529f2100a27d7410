/** Frame of the window: navigation, language, and the page the address names. */
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import type { PageName } from '../main/ipc/channels.ts';
import type { View } from '../main/ipc/contract.ts';
import type { AppApi } from './api.ts';
import { AboutPage } from './pages/about.tsx';
import { HelpPage } from './pages/help.tsx';
import { NoticesPage } from './pages/notices.tsx';
import { SentPage } from './pages/sent.tsx';
import { StatusPage } from './pages/status.tsx';
import { type Light, StateMark } from './parts/state-mark.tsx';
import { rememberedLanguage, rememberLanguage, SpeechContext, speechFor } from './speech.ts';
import type { Language } from './texts.ts';

export interface PageInput {
  readonly api: AppApi;
  readonly view: View;
  readonly takesFocus: boolean;
}

const pages: Record<PageName, (input: PageInput) => JSX.Element> = {
  status: StatusPage,
  notices: NoticesPage,
  sent: SentPage,
  help: HelpPage,
  about: AboutPage,
};
const pageNames = Object.keys(pages) as PageName[];

function pageInAddress(): PageName {
  const named = window.location.hash.slice(1);
  return pageNames.find((name) => name === named) ?? 'status';
}

export function lightOf(view: View): Light {
  if (view.service === 'running' && view.status !== undefined) return view.status.overall;
  return view.service === 'newer' ? 'unknown' : 'offline';
}

export function App({ api }: { readonly api: AppApi }): JSX.Element {
  const [language, setLanguage] = useState<Language>(rememberedLanguage);
  const [view, setView] = useState<View>();
  const [failed, setFailed] = useState(false);
  const [page, setPage] = useState(pageInAddress);
  const [moved, setMoved] = useState(false);
  const speech = speechFor(language);
  const { t } = speech;

  useEffect(() => {
    api.request('view:get', undefined).then(setView, () => setFailed(true));
    return api.on('view:changed', (changed) => {
      setView(changed);
      setFailed(false);
    });
  }, [api]);

  useEffect(() => {
    const follow = (): void => {
      setPage(pageInAddress());
      setMoved(true);
    };
    window.addEventListener('hashchange', follow);
    const end = api.on('page:open', (name) => {
      window.location.hash = name;
    });
    return () => {
      window.removeEventListener('hashchange', follow);
      end();
    };
  }, [api]);

  // Together with the texts: a screen reader must not read one language in the voice of the other.
  useLayoutEffect(() => {
    document.documentElement.lang = language;
    document.title = t.windowTitle(t.pages[page]);
  }, [language, page, t]);

  const choose = (chosen: Language): void => {
    rememberLanguage(chosen);
    setLanguage(chosen);
  };

  const Shown = pages[page];
  return (
    <SpeechContext.Provider value={speech}>
      <header>
        <p class="product">KITS Agent</p>
        <button type="button" class="plain" lang={t.otherLanguage.code} onClick={() => choose(t.otherLanguage.code)}>
          {t.otherLanguage.name}
        </button>
        <nav aria-label={t.navigation}>
          <ul>
            {pageNames.map((name) => (
              <li key={name}>
                <a href={`#${name}`} aria-current={name === page ? 'page' : undefined}>
                  {name === 'notices' && view !== undefined && view.notices.length > 0
                    ? t.noticesWithCount(view.notices.length)
                    : t.pages[name]}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      </header>
      <p class="unseen" role="status">
        {view === undefined ? '' : t.sentence[lightOf(view)]}
      </p>
      {view === undefined ? (
        <main>
          <h1>{t.pages[page]}</h1>
          <p>{failed ? t.noAnswer : t.loading}</p>
          {failed && <StateMark light="unknown" />}
        </main>
      ) : (
        <Shown key={page} api={api} view={view} takesFocus={moved} />
      )}
    </SpeechContext.Provider>
  );
}
