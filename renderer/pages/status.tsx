/** The answer first, then each area: what is wrong, since when, what to do, what KITS does. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PageInput } from '../app.tsx';
import { lightOf, openNotices, sentenceOf } from '../app.tsx';
import { type AreaState, areaStates, isInformed } from '../areas.ts';
import { Page } from '../parts/page.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { useSpeech } from '../speech.ts';

export function StatusPage({ api, view, takesFocus }: PageInput): JSX.Element {
  const { t, instant } = useSpeech();
  const light = lightOf(view);
  const { status } = view;
  const collectedAt = status?.reporting.lastCollectedAt;
  const waiting = openNotices(view);
  return (
    <Page title={t.pages.status} takesFocus={takesFocus}>
      <section class={`answer answer-${light}`}>
        <StateMark light={light} />
        <p class="sentence">{sentenceOf(view, t)}</p>
        {view.service === 'silent' && view.writtenAt !== undefined && <p>{t.silent(instant(view.writtenAt))}</p>}
        {view.service === 'waking' && <p>{t.wakingHint}</p>}
        {view.service === 'unreadable' && <p>{t.unreadable}</p>}
        {view.service === 'newer' && <p>{t.newer}</p>}
        {status !== undefined && <p>{collectedAt === undefined ? t.neverCollected : t.asOf(instant(collectedAt))}</p>}
        {waiting > 0 && (
          <p>
            <a href="#notices">{t.noticesWaiting(waiting)}</a>
          </p>
        )}
      </section>
      <CheckNow api={api} view={view} />
      {status !== undefined && (
        <ul class="areas">
          {areaStates(status).map((state) => (
            <AreaCard key={state.area} state={state} status={status} now={new Date(view.at)} />
          ))}
        </ul>
      )}
    </Page>
  );
}

function CheckNow({ api, view }: Pick<PageInput, 'api' | 'view'>): JSX.Element {
  const { t, instant } = useSpeech();
  const [failed, setFailed] = useState(false);
  const asked = view.requests.filter(({ kind }) => kind === 'check-now').at(-1);
  const collectedAt = view.status?.reporting.lastCollectedAt;
  const isDone = asked !== undefined && collectedAt !== undefined && collectedAt >= asked.askedAt;
  const progress = (): string => {
    if (failed) return t.askFailed;
    if (asked === undefined) return '';
    if (isDone) return t.checkDone(instant(collectedAt));
    if (!view.mailboxReachable) return t.mailboxUnreachable;
    return asked.handled ? t.checkRuns : t.checkAsked;
  };
  const start = (): void => {
    setFailed(false);
    api.request('check:start', undefined).catch(() => setFailed(true));
  };
  return (
    <div class="action">
      <button type="button" class="main" onClick={start}>
        {t.checkNow}
      </button>
      <p role="status">{progress()}</p>
    </div>
  );
}

interface AreaCardProps {
  readonly state: AreaState;
  readonly status: NonNullable<PageInput['view']['status']>;
  readonly now: Date;
}

function AreaCard({ state, status, now }: AreaCardProps): JSX.Element {
  const { t, language, since } = useSpeech();
  const { area, light, open, isExempt } = state;
  const words = t.areas[area];
  const isBad = open.some(({ verdict }) => verdict === 'not-met');
  return (
    <li class={`area area-${light}`}>
      <h2>
        {words.name} <StateMark light={light} />
      </h2>
      {open.length === 0 && <p>{light === 'ok' ? words.fine : isExempt ? t.exempt : t.nothingKnown}</p>}
      {open.map((verdict) => {
        const age = since(verdict.since, now);
        return (
          <div key={verdict.ruleId} class="finding">
            <h3>{verdict.title[language]}</h3>
            <p>{verdict.explanation[language]}</p>
            {age !== undefined && <p class="muted">{age}</p>}
          </div>
        );
      })}
      {area === 'connection' && <Reporting status={status} />}
      {open.length > 0 && (
        <dl>
          <dt>{t.whatYouDo}</dt>
          <dd>{isBad ? words.you : t.nothingToDo}</dd>
          <dt>{t.whatKitsDoes}</dt>
          <dd>{isInformed(status) ? (isBad ? words.kits : t.kitsLooks) : t.kitsWillKnow}</dd>
        </dl>
      )}
    </li>
  );
}

/** Neither this PC nor the server: a proxy or filter speaks in the server's place, or changes what is sent. */
const onTheWay: ReadonlySet<string> = new Set(['request-altered', 'refusal-unsigned']);

function Reporting({ status }: Pick<AreaCardProps, 'status'>): JSX.Element {
  const { t, instant } = useSpeech();
  const { waiting, lastAcceptedAt, storage, needsAttention } = status.reporting;
  return (
    <div class="muted">
      <p>{lastAcceptedAt === undefined ? t.neverAccepted : t.lastAccepted(instant(lastAcceptedAt))}</p>
      {waiting > 0 && <p>{t.waiting(waiting)}</p>}
      {storage !== undefined && <p>{t.storageFailed}</p>}
      {needsAttention !== undefined && <p>{onTheWay.has(needsAttention.code) ? t.heldUpOnTheWay : t.notAccepted}</p>}
    </div>
  );
}
