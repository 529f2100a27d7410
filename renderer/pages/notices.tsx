/** What KITS says to the people at this PC. Only what was verified arrives here, and it is shown as plain text. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { View } from '../../main/ipc/contract.ts';
import type { PageInput } from '../app.tsx';
import { Page } from '../parts/page.tsx';
import { useSpeech } from '../speech.ts';

export function NoticesPage({ api, view, takesFocus }: PageInput): JSX.Element {
  const { t } = useSpeech();
  const ids = view.notices.map(({ id }) => id).join(' ');
  useEffect(() => {
    for (const noticeId of ids === '' ? [] : ids.split(' ')) {
      // Whether it was seen is a help to KITS and nothing the person waits for: the next opening says it again.
      api.request('notice:seen', { noticeId }).catch(() => undefined);
    }
  }, [api, ids]);
  return (
    <Page title={t.pages.notices} takesFocus={takesFocus}>
      {view.refusedNotices > 0 && <p class="warning">{t.refusedNotices(view.refusedNotices)}</p>}
      {view.notices.length === 0 ? (
        <p>{view.service === 'running' ? t.noNotices : t.noticesUnknown}</p>
      ) : (
        view.notices.map((notice) => <OneNotice key={notice.id} api={api} view={view} notice={notice} />)
      )}
      <p>
        <a href="#help">{t.genuineTitle}</a>
      </p>
    </Page>
  );
}

interface OneNoticeProps extends Pick<PageInput, 'api' | 'view'> {
  readonly notice: View['notices'][number];
}

function OneNotice({ api, view, notice }: OneNoticeProps): JSX.Element {
  const { t, language, instant } = useSpeech();
  const [failed, setFailed] = useState(false);
  const said = view.requests.find(({ kind, noticeId }) => kind === 'notice-acknowledged' && noticeId === notice.id);
  const inLanguage = (words: { de: string; en?: string | undefined }) =>
    language === 'en' && words.en !== undefined ? { lang: 'en', text: words.en } : { lang: 'de', text: words.de };
  const title = inLanguage(notice.title);
  const body = inLanguage(notice.body);
  const acknowledge = (): void => {
    setFailed(false);
    api.request('notice:acknowledge', { noticeId: notice.id }).catch(() => setFailed(true));
  };
  return (
    <article class={`notice notice-${notice.severity}`}>
      <h2 lang={title.lang}>{title.text}</h2>
      <p class="muted">{t.noticeFrom(t.severity[notice.severity], notice.sender, instant(notice.validFrom))}</p>
      <p class="body" lang={body.lang}>
        {body.text}
      </p>
      {notice.links.length > 0 && (
        <>
          <p>{t.linksNotOpened}</p>
          <ul>
            {notice.links.map((url) => (
              <li key={url}>
                <code class="breakable">{url}</code>
              </li>
            ))}
          </ul>
        </>
      )}
      {notice.mustAcknowledge && said === undefined && (
        <button type="button" class="main" onClick={acknowledge}>
          {t.acknowledge(title.text)}
        </button>
      )}
      <p role="status">
        {failed ? t.askFailed : said === undefined ? '' : said.handled ? t.acknowledged : t.acknowledging}
      </p>
    </article>
  );
}
