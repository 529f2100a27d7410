/** What KITS says to the people at this PC. Only what was verified arrives here, and it is shown as plain text. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { View } from '../../main/ipc/contract.ts';
import type { PageInput } from '../app.tsx';
import { Page } from '../parts/page.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { useSpeech } from '../speech.ts';
import type { Language } from '../texts.ts';

type Shown = View['notices'][number];

/** One wording of one notice: what was said to it is nothing said to its correction. */
const keyOf = ({ id, issuedAt }: Pick<Shown, 'id' | 'issuedAt'>): string => `${id} ${issuedAt}`;

const severityLights = { warning: 'attention', urgent: 'critical' } as const;

const headingId = ({ id }: Pick<Shown, 'id'>): string => `notice-${id}`;

/** Without an English text the German one. */
const wordsIn = (language: Language, words: Shown['title']): { readonly lang: Language; readonly text: string } =>
  language === 'en' && words.en !== undefined ? { lang: 'en', text: words.en } : { lang: 'de', text: words.de };

export function NoticesPage({ api, view, takesFocus, noticeId }: PageInput): JSX.Element {
  const { t, language, instant } = useSpeech();
  const isSeen = (notice: Shown): boolean =>
    view.requests.some((one) => one.kind === 'notice-seen' && isAbout(one, notice));
  const keys = view.notices
    .filter((notice) => !isSeen(notice))
    .map(keyOf)
    .join('\n');
  useEffect(() => {
    const tell = (): void => {
      // Minimised, covered or behind a locked screen nobody has seen anything.
      if (document.visibilityState !== 'visible') return;
      for (const key of keys === '' ? [] : keys.split('\n')) {
        const [noticeId = '', issuedAt = ''] = key.split(' ');
        // Whether it was seen is a help to KITS and nothing the person waits for: the next opening says it again.
        api.request('notice:seen', { noticeId, issuedAt }).catch(() => undefined);
      }
    };
    tell();
    document.addEventListener('visibilitychange', tell);
    return () => document.removeEventListener('visibilitychange', tell);
  }, [api, keys]);
  const isWanted = view.notices.some(({ id }) => id === noticeId);
  const waiting = view.notices.filter(({ deferredUntil }) => deferredUntil === undefined);
  const deferred = view.notices.filter(({ deferredUntil }) => deferredUntil !== undefined);
  const [putOff, setPutOff] = useState<string>();
  const announced = deferred.find((notice) => keyOf(notice) === putOff);
  const [goesOnAt, setGoesOnAt] = useState<string>();
  const defer = async (notice: Shown, kind: Kind): Promise<void> => {
    const place = waiting.indexOf(notice);
    const next = place < 0 ? notice : waiting[place + 1];
    setGoesOnAt(next === undefined ? undefined : headingId(next));
    await api.request('notice:defer', { noticeId: notice.id, issuedAt: notice.issuedAt, kind });
    setPutOff(keyOf(notice));
  };
  const cardOf = (notice: Shown): JSX.Element => (
    <OneNotice
      key={keyOf(notice)}
      api={api}
      view={view}
      notice={notice}
      isWanted={notice.id === noticeId}
      defer={(kind) => defer(notice, kind)}
    />
  );
  return (
    <Page title={t.pages.notices} takesFocus={takesFocus && !isWanted} goesOnAt={goesOnAt}>
      <p class="unseen" role="status">
        {announced?.deferredUntil === undefined
          ? ''
          : t.deferredNow(wordsIn(language, announced.title).text, instant(announced.deferredUntil))}
      </p>
      {view.refusedNotices > 0 && <p class="warning">{t.refusedNotices(view.refusedNotices)}</p>}
      {waiting.length === 0 && <p>{view.service === 'running' ? t.noNotices(deferred.length) : t.noticesUnknown}</p>}
      {waiting.map(cardOf)}
      {deferred.length > 0 && (
        <section>
          <h2>{t.deferredTitle}</h2>
          {deferred.map(cardOf)}
        </section>
      )}
      <p>
        <a href="#help">{t.genuineTitle}</a>
      </p>
    </Page>
  );
}

interface OneNoticeProps extends Pick<PageInput, 'api' | 'view'> {
  readonly notice: Shown;
  /** Somebody clicked on its toast. */
  readonly isWanted: boolean;
  readonly defer: (kind: Kind) => Promise<void>;
}

function OneNotice({ api, view, notice, isWanted, defer }: OneNoticeProps): JSX.Element {
  const { t, language, instant } = useSpeech();
  const [failed, setFailed] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (isWanted) heading.current?.focus();
  }, [isWanted]);
  const said = view.requests.find((one) => one.kind === 'notice-acknowledged' && isAbout(one, notice));
  const title = wordsIn(language, notice.title);
  const body = wordsIn(language, notice.body);
  const mayAcknowledge = notice.mustAcknowledge && said === undefined;
  const isNamed = notice.answers === 'named';
  const attempt = (asked: Promise<unknown>): void => {
    setFailed(false);
    asked.catch(() => setFailed(true));
  };
  return (
    <article class={`notice notice-${notice.severity}`}>
      <h2 id={headingId(notice)} lang={title.lang} ref={heading} tabIndex={-1}>
        {title.text}
      </h2>
      <p class="muted origin">
        {notice.severity === 'info' ? (
          <strong>{t.severity.info}</strong>
        ) : (
          <StateMark light={severityLights[notice.severity]} word={t.severity[notice.severity]} />
        )}
        <span>{t.genuineSince(notice.sender, instant(notice.validFrom))}</span>
      </p>
      <p class="body" lang={body.lang}>
        {body.text}
      </p>
      {notice.links.length > 0 && (
        <Links notice={notice} open={(url) => attempt(api.request('link:open', { noticeId: notice.id, url }))} />
      )}
      <p class="muted">{t.validUntil(instant(notice.validUntil))}</p>
      {mayAcknowledge && isNamed && <Named id={`name-${notice.id}`} accountName={view.accountName} />}
      <div class="answers">
        {mayAcknowledge && (
          <button
            type="button"
            class="main"
            aria-describedby={isNamed ? `name-${notice.id}` : undefined}
            onClick={() => {
              // The button goes with the answer; the focus stays at the notice.
              const asked = api.request('notice:acknowledge', { noticeId: notice.id, issuedAt: notice.issuedAt });
              attempt(asked.then(() => heading.current?.focus()));
            }}
          >
            {isNamed && view.accountName !== undefined ? t.acknowledgeByName(title.text) : t.acknowledge(title.text)}
          </button>
        )}
        {notice.deferralChoices.length > 0 && (
          <Later notice={notice} now={Date.parse(view.noticesAt)} defer={(kind) => attempt(defer(kind))} />
        )}
      </div>
      <p role="status">
        {failed
          ? t.askFailed
          : said !== undefined
            ? said.handled
              ? said.statedName === undefined
                ? t.acknowledged
                : t.acknowledgedByName(said.statedName)
              : t.acknowledging
            : notice.deferredUntil === undefined
              ? ''
              : t.deferredUntil(instant(notice.deferredUntil))}
      </p>
    </article>
  );
}

/** Before anybody answers: that the name goes along, which one, and who reads it. */
function Named({ id, accountName }: { readonly id: string; readonly accountName: string | undefined }): JSX.Element {
  const { t } = useSpeech();
  return (
    <div id={id} class="named">
      {accountName === undefined ? (
        <p>{t.answeredWithoutName}</p>
      ) : (
        <>
          <p>
            <strong>{t.answeredByName(accountName)}</strong>
          </p>
          <p>{t.whoReadsName}</p>
        </>
      )}
    </div>
  );
}

/** What was asked before wordings were named counts for the one there is. */
function isAbout(asked: View['requests'][number], { id, issuedAt }: Shown): boolean {
  return asked.noticeId === id && (asked.issuedAt ?? issuedAt) === issuedAt;
}

function Links({ notice, open }: { readonly notice: Shown; readonly open: (url: string) => void }): JSX.Element {
  const { t } = useSpeech();
  const isTextAmong = notice.links.some((url) => !notice.openable.includes(url));
  return (
    <>
      <p>{isTextAmong ? t.linksNotOpened : t.linksOpened}</p>
      <ul>
        {notice.links.map((url) => (
          <li key={url}>
            {notice.openable.includes(url) ? (
              // A button, because nothing in this window may lead anywhere by itself; its whole address is its name.
              <button type="button" class="plain breakable" onClick={() => open(url)}>
                {url}
              </button>
            ) : (
              <code class="breakable">{url}</code>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

type Choice = Shown['deferralChoices'][number];
type Kind = Choice['kind'];

const hourMs = 3_600_000;
const lengths: Readonly<Record<Kind, number>> = { 'one-hour': hourMs, 'four-hours': 4 * hourMs, 'next-morning': 0 };

/** After work, and near its end, an hour is not an hour: then the time alone is said. */
function isAsNamed({ kind, until }: Choice, now: number): boolean {
  return kind === 'next-morning' || Math.abs(Date.parse(until) - now - lengths[kind]) < 5 * 60_000;
}

interface LaterProps {
  readonly notice: Shown;
  readonly now: number;
  readonly defer: (kind: Kind) => void;
}

function Later({ notice, now, defer }: LaterProps): JSX.Element {
  const { t, instant } = useSpeech();
  return (
    <details>
      <summary>{t.later}</summary>
      <ul class="choices">
        {notice.deferralChoices.map((choice) => (
          <li key={choice.kind}>
            <button type="button" onClick={() => defer(choice.kind)}>
              {isAsNamed(choice, now)
                ? t.remindAt(t.deferral[choice.kind], instant(choice.until))
                : instant(choice.until)}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
