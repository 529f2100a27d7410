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
import type { Language, Texts } from './texts.ts';

export interface PageInput {
  readonly api: AppApi;
  readonly view: View;
  readonly takesFocus: boolean;
  /** To be in sight, on the page of the notices. */
  readonly noticeId: string | undefined;
}

const pages: Record<PageName, (input: PageInput) => JSX.Element> = {
  status: StatusPage,
  notices: NoticesPage,
  sent: SentPage,
  help: HelpPage,
  about: AboutPage,
};
const pageNames = Object.keys(pages) as PageName[];

/** "#notices/ID": the page, and the notice somebody clicked on. */
function placeInAddress(): { page: PageName; noticeId: string | undefined } {
  const [named, noticeId] = window.location.hash.slice(1).split('/');
  return { page: pageNames.find((name) => name === named) ?? 'status', noticeId };
}

export function lightOf(view: View): Light {
  if (view.service === 'running' && view.status !== undefined) return view.status.overall;
  return view.service === 'newer' || view.service === 'waking' ? 'unknown' : 'offline';
}

/** How many still want something of the person. */
export function openNotices({ notices }: View): number {
  return notices.filter(({ isOpen }) => isOpen).length;
}

export function sentenceOf(view: View, t: Texts): string {
  return view.service === 'waking' ? t.waking : t.sentence[lightOf(view)];
}

export function App({ api }: { readonly api: AppApi }): JSX.Element {
  const [chosen, setChosen] = useState<Language | undefined>(rememberedLanguage);
  const [view, setView] = useState<View>();
  const language = chosen ?? view?.language ?? 'de';
  const [failed, setFailed] = useState(false);
  const [{ page, noticeId }, setPlace] = useState(placeInAddress);
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
      setPlace(placeInAddress());
      setMoved(true);
    };
    window.addEventListener('hashchange', follow);
    const end = api.on('page:open', (target) => {
      window.location.hash = target.noticeId === undefined ? target.page : `${target.page}/${target.noticeId}`;
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

  const choose = (wanted: Language): void => {
    rememberLanguage(wanted);
    setChosen(wanted);
    // For the tray and its toasts; the window speaks it in any case.
    api.request('language:choose', { language: wanted }).catch(() => undefined);
  };
  const waiting = view === undefined ? 0 : openNotices(view);

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
                  {name === 'notices' && waiting > 0 ? t.noticesWithCount(waiting) : t.pages[name]}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      </header>
      <p class="unseen" role="status">
        {view === undefined ? '' : sentenceOf(view, t)}
      </p>
      <p class="unseen" role="status">
        {waiting > 0 ? t.noticesWaiting(waiting) : ''}
      </p>
      {view === undefined ? (
        <main>
          <h1>{t.pages[page]}</h1>
          <p>{failed ? t.noAnswer : t.loading}</p>
          {failed && <StateMark light="unknown" />}
        </main>
      ) : (
        <Shown key={page} api={api} view={view} takesFocus={moved} noticeId={noticeId} />
      )}
    </SpeechContext.Provider>
  );
}
