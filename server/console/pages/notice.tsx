/** One notice: what it says, how far it has come, and on which devices it has not arrived. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { NoticeAcknowledgement, NoticeDevice, NoticeEntry, Retention } from '../../api/contract.ts';
import { composeAddress, type NoticeWay, noticeAddress, noticesAddress, noticeWays } from '../notice-query.ts';
import { announce } from '../parts/announcer.tsx';
import { Choice } from '../parts/field.tsx';
import { Empty, Loaded } from '../parts/load-state.tsx';
import { MorePages, usePages } from '../parts/more-pages.tsx';
import { Page } from '../parts/page.tsx';
import { Shares } from '../parts/shares.tsx';
import { ToneMark } from '../parts/state-mark.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { useResource } from '../resource.ts';
import { Link } from '../router.tsx';
import { useSignedIn } from '../signed-in.ts';
import { useSpeech } from '../speech.ts';
import { NoticePreview } from './notice-preview.tsx';
import { NoticeRecall } from './notice-recall.tsx';
import { NoticeAudience, NoticePeriod, NoticeStateMark } from './notices.tsx';

const wayTones = { delivered: 'ok', waiting: 'attention', unreachable: 'unknown' } as const;

function Facts({ notice }: { readonly notice: NoticeEntry }): JSX.Element {
  const { t, format } = useSpeech();
  return (
    <>
      <dl class="facts">
        <div>
          <dt>{t.condition}</dt>
          <dd>
            <NoticeStateMark state={notice.state} />
          </dd>
        </div>
        <div>
          <dt>{t.noticeFor}</dt>
          <dd>
            <NoticeAudience audience={notice.audience} />, {notice.municipality.name}
          </dd>
        </div>
        <div>
          <dt>{t.noticePeriod}</dt>
          <dd>
            <NoticePeriod {...notice} />
          </dd>
        </div>
      </dl>
      <p class="second">{t.noticePublishedBy(format.instant(notice.publishedAt), notice.publishedBy)}</p>
      {notice.replaces === null ? null : (
        <p>
          <Link to={noticeAddress(notice.replaces)}>{t.noticeReplacesLink}</Link>
        </p>
      )}
      {notice.replacedBy === null ? null : (
        <p>
          <Link to={noticeAddress(notice.replacedBy)}>{t.noticeReplacedByLink}</Link>
        </p>
      )}
    </>
  );
}

interface ProgressProps extends Pick<NoticeEntry, 'progress'> {
  /** Names are listed below. */
  readonly isNamed: boolean;
}

function Answers({ progress, isNamed }: ProgressProps): JSX.Element {
  const { t, format } = useSpeech();
  return (
    <section aria-labelledby="answers">
      <h3 id="answers">{t.noticeAnswers}</h3>
      <dl class="facts">
        {(['seen', 'acknowledged', 'deferred', 'notShown'] as const).map((kind) => (
          <div key={kind}>
            <dt>{t.noticeAnswer[kind]}</dt>
            <dd>{t.noticeAtDevices(progress[kind], format.number(progress[kind]))}</dd>
          </div>
        ))}
      </dl>
      <p class="second">{isNamed ? t.noticeAnswersNamed : t.noticeAnswersStated}</p>
    </section>
  );
}

function Progress({ progress, isNamed }: ProgressProps): JSX.Element {
  const { t, format } = useSpeech();
  return (
    <section aria-labelledby="progress">
      <h2 id="progress">{t.noticeProgress}</h2>
      <div class="share-groups">
        <Shares
          title={t.noticeDevicesTotal(progress.devices, format.number(progress.devices))}
          shares={(['delivered', 'waiting', 'unreachable'] as const).map((way) => ({
            tone: wayTones[way],
            word: t.noticeWay[way],
            count: progress[way],
          }))}
        />
      </div>
      <p class="second">{t.noticeWayHint}</p>
      <Answers progress={progress} isNamed={isNamed} />
    </section>
  );
}

function deviceColumn(header: string): Column<{ readonly id: string; readonly hostname: string }> {
  return {
    id: 'device',
    header,
    names: true,
    cell: ({ id, hostname }) => (
      <Link to={`/geraete/${id}`} class="row-link">
        {hostname}
      </Link>
    ),
  };
}

function Devices({ id }: { readonly id: string }): JSX.Element {
  const { t } = useSpeech();
  const [way, setWay] = useState<NoticeWay | ''>('');
  const pages = usePages<NoticeDevice>(`notices/${id}/devices${way === '' ? '' : `?state=${way}`}`);
  const columns: Column<NoticeDevice>[] = [
    deviceColumn(t.device),
    {
      id: 'way',
      header: t.noticeDelivery,
      cell: ({ state }) => <ToneMark tone={wayTones[state]} word={t.noticeWay[state]} />,
    },
    {
      id: 'confirmed',
      header: t.noticeConfirmed,
      cell: ({ deliveredAt }) =>
        deliveredAt === null ? <span class="muted">–</span> : <When at={deliveredAt} as="date" />,
    },
    { id: 'heard', header: t.lastHeard, cell: ({ lastHeardAt }) => <When at={lastHeardAt} /> },
  ];
  return (
    <section aria-labelledby="devices">
      <h2 id="devices">{t.noticeDevices}</h2>
      <search>
        <form
          class="filters filters-few"
          aria-label={t.noticeDeviceFilter}
          onSubmit={(event) => event.preventDefault()}
        >
          <Choice
            label={t.noticeDelivery}
            value={way}
            choices={[['', t.all], ...noticeWays.map((one) => [one, t.noticeWay[one]] as const)]}
            choose={(value) => setWay(noticeWays.find((one) => one === value) ?? '')}
          />
        </form>
      </search>
      <MorePages pages={pages}>
        {(items) =>
          items.length === 0 ? (
            <Empty title={t.noticeNoDevice} />
          ) : (
            <Table caption={t.noticeDevices} columns={columns} rows={items} keyOf={(device) => device.id} />
          )
        }
      </MorePages>
    </section>
  );
}

/** Each name with its mark: nobody reads a list of names as proof. */
function Names({ id }: { readonly id: string }): JSX.Element {
  const { t, format } = useSpeech();
  const pages = usePages<NoticeAcknowledgement>(`notices/${id}/acknowledgements`);
  const days = useResource<Retention>('retention').data?.nameDays;
  const columns: Column<NoticeAcknowledgement>[] = [
    {
      id: 'name',
      header: t.noticeName,
      cell: ({ statedName }) =>
        statedName === null ? (
          <span class="muted">{t.noticeNameless}</span>
        ) : (
          <>
            <bdi>{statedName}</bdi>
            <div class="second">{t.noticeNameMark}</div>
          </>
        ),
    },
    deviceColumn(t.device),
  ];
  return (
    <section aria-labelledby="names">
      <h2 id="names">{t.noticeNames}</h2>
      {days === undefined ? null : <p>{t.noticeNamesLead(t.noticeNameDays(days, format.number(days)))}</p>}
      <MorePages pages={pages}>
        {(items) =>
          items.length === 0 ? (
            <Empty title={t.noticeNoName} />
          ) : (
            <Table
              caption={t.noticeNames}
              columns={columns}
              rows={items}
              keyOf={(one) => `${one.id} ${one.statedName}`}
            />
          )
        }
      </MorePages>
    </section>
  );
}

export function NoticePage({ id }: { readonly id: string }): JSX.Element {
  const { t, language } = useSpeech();
  const { mayChange } = useSignedIn();
  const resource = useResource<NoticeEntry>(`notices/${id}`);
  const [recalling, setRecalling] = useState(false);
  const [done, setDone] = useState('');
  const title = resource.data?.title[language] ?? resource.data?.title.de ?? t.notice;
  return (
    <Page title={title}>
      <p class="apart">
        <Link to={noticesAddress({})}>{t.toNotices}</Link>
      </p>
      {done === '' ? null : <p class="notice notice-ok">{done}</p>}
      <Loaded resource={resource}>
        {(notice) => {
          // Of what was recalled nobody can look them up any more, and they go.
          const isNamed = notice.answers === 'named' && notice.state !== 'recalled';
          const running = notice.state === 'active' || notice.state === 'scheduled';
          return (
            <>
              <Facts notice={notice} />
              {mayChange && running ? (
                <div class="buttons">
                  <button type="button" onClick={() => setRecalling(true)}>
                    {t.noticeRecall}
                  </button>
                  <Link to={composeAddress(notice.id)}>{t.noticeReplace}</Link>
                </div>
              ) : null}
              <Progress progress={notice.progress} isNamed={isNamed} />
              <section aria-labelledby="said">
                <h2 id="said">{t.noticePreview}</h2>
                <NoticePreview said={notice} />
              </section>
              {notice.answers === 'named' && notice.state !== 'recalled' ? (
                <Names key={notice.issuedAt} id={notice.id} />
              ) : null}
              <Devices key={notice.issuedAt} id={notice.id} />
              {recalling ? (
                <NoticeRecall
                  notice={notice}
                  recalled={() => {
                    setDone(t.noticeRecalled);
                    announce(t.noticeRecalled);
                    resource.reload();
                  }}
                  close={() => setRecalling(false)}
                />
              ) : null}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}
