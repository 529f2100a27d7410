/** Notices: what was said to whom, whether it is in force, and how far it has come. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Municipality, NoticeEntry, NoticeSigning } from '../../api/contract.ts';
import { withoutDefaults } from '../list-query.ts';
import { composeAddress, noticeAddress, noticeStates, noticesAddress, parseNoticeQuery } from '../notice-query.ts';
import { announce } from '../parts/announcer.tsx';
import { Choice } from '../parts/field.tsx';
import { Empty } from '../parts/load-state.tsx';
import { MorePages, usePages } from '../parts/more-pages.tsx';
import { Page } from '../parts/page.tsx';
import { ToneMark } from '../parts/state-mark.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { useResource } from '../resource.ts';
import { Link, navigate, usePlace } from '../router.tsx';
import { useSignedIn } from '../signed-in.ts';
import { useSpeech } from '../speech.ts';
import { NoticeKey } from './notice-key.tsx';
import { NoticeRecall } from './notice-recall.tsx';

const stateTones = {
  scheduled: 'plain',
  active: 'ok',
  ended: 'plain',
  replaced: 'plain',
  recalled: 'attention',
} as const;

export function NoticeStateMark({ state }: Pick<NoticeEntry, 'state'>): JSX.Element {
  const { t } = useSpeech();
  return <ToneMark tone={stateTones[state]} word={t.noticeState[state]} />;
}

/** Whom it is for, in one line. */
export function NoticeAudience({ audience }: Pick<NoticeEntry, 'audience'>): JSX.Element {
  const { t } = useSpeech();
  switch (audience.level) {
    case 'municipality':
      return <>{t.noticeWhole}</>;
    case 'group':
      return (
        <>
          {t.group} {audience.name}
        </>
      );
    case 'device':
      return (
        <>
          {t.device} {audience.name}
        </>
      );
  }
}

export function NoticePeriod({ validFrom, validUntil }: Pick<NoticeEntry, 'validFrom' | 'validUntil'>): JSX.Element {
  const { t, format } = useSpeech();
  return <>{t.noticeFromTo(format.instant(validFrom), format.instant(validUntil))}</>;
}

interface EntriesProps {
  readonly entries: readonly NoticeEntry[];
  readonly recall: (entry: NoticeEntry) => void;
}

function Entries({ entries, recall }: EntriesProps): JSX.Element {
  const { t, format, language } = useSpeech();
  const { mayChange } = useSignedIn();
  const columns: Column<NoticeEntry>[] = [
    {
      id: 'title',
      header: t.notice,
      names: true,
      cell: ({ id, title, severity, answers }) => (
        <>
          <Link to={noticeAddress(id)} class="row-link">
            {title[language] ?? title.de}
          </Link>
          <div class="second">{t.noticeSeverities[severity]}</div>
          {answers === 'named' ? <div class="second">{t.noticeAsksForNames}</div> : null}
        </>
      ),
    },
    { id: 'state', header: t.condition, cell: ({ state }) => <NoticeStateMark state={state} /> },
    {
      id: 'for',
      header: t.noticeFor,
      cell: ({ audience, municipality }) => (
        <div>
          <NoticeAudience audience={audience} />
          <div class="second">{municipality.name}</div>
        </div>
      ),
    },
    { id: 'period', header: t.noticePeriod, cell: (entry) => <NoticePeriod {...entry} /> },
    {
      id: 'progress',
      header: t.noticeProgress,
      cell: ({ state, progress }) => {
        const words = state === 'recalled' ? t.noticeRecallDeliveredOf : t.noticeDeliveredOf;
        return (
          <div>
            {words(format.number(progress.delivered), format.number(progress.devices))}
            {progress.acknowledged === 0 ? null : (
              <div class="second">{t.noticeAcknowledgedBy(format.number(progress.acknowledged))}</div>
            )}
          </div>
        );
      },
    },
    {
      id: 'actions',
      header: t.actions,
      cell: (entry) =>
        mayChange && (entry.state === 'active' || entry.state === 'scheduled') ? (
          <button type="button" onClick={() => recall(entry)}>
            {t.noticeRecall}
            <span class="unseen">: {entry.title[language] ?? entry.title.de}</span>
          </button>
        ) : (
          <span class="muted">–</span>
        ),
    },
  ];
  return <Table caption={t.noticeList} columns={columns} rows={entries} keyOf={({ id }) => id} />;
}

function ListFilters({ municipalities }: { readonly municipalities: readonly Municipality[] }): JSX.Element {
  const { t } = useSpeech();
  const query = parseNoticeQuery(usePlace().search);
  return (
    <search>
      <form class="filters filters-few" aria-label={t.noticeFilter} onSubmit={(event) => event.preventDefault()}>
        <Choice
          label={t.municipality}
          value={query.municipality}
          choices={[['', t.all], ...municipalities.map(({ id, name }) => [id, name] as const)]}
          choose={(municipality) => navigate(noticesAddress({ ...query, municipality }))}
        />
        <Choice
          label={t.condition}
          value={query.state}
          choices={[['', t.all], ...noticeStates.map((state) => [state, t.noticeState[state]] as const)]}
          choose={(state) =>
            navigate(noticesAddress({ ...query, state: noticeStates.find((one) => one === state) ?? '' }))
          }
        />
      </form>
    </search>
  );
}

export function NoticesPage(): JSX.Element {
  const { t } = useSpeech();
  const { mayChange } = useSignedIn();
  const query = parseNoticeQuery(usePlace().search);
  const municipalities = useResource<{ items: Municipality[] }>('municipalities').data?.items ?? [];
  const signing = useResource<NoticeSigning>('notices/signing').data?.key;
  const pages = usePages<NoticeEntry>(
    `notices${withoutDefaults([
      ['municipality', query.municipality, ''],
      ['state', query.state, ''],
    ])}`,
  );
  const [done, setDone] = useState('');
  const [doomed, setDoomed] = useState<NoticeEntry>();
  return (
    <Page title={t.notices} lead={t.noticesLead}>
      {done === '' ? null : <p class="notice notice-ok">{done}</p>}
      {signing === undefined ? null : <NoticeKey signing={signing} />}
      {mayChange && signing === 'online' ? (
        <p class="apart">
          <Link to={composeAddress()} class="button-link">
            {t.newNotice}
          </Link>
        </p>
      ) : null}
      <ListFilters municipalities={municipalities} />
      <MorePages pages={pages}>
        {(items) =>
          items.length > 0 ? (
            <Entries entries={items} recall={setDoomed} />
          ) : (
            <Empty title={query.municipality === '' && query.state === '' ? t.noNotice : t.noNoticeMatch} />
          )
        }
      </MorePages>
      {doomed === undefined ? null : (
        <NoticeRecall
          notice={doomed}
          recalled={() => {
            setDone(t.noticeRecalled);
            announce(t.noticeRecalled);
            pages.first.reload();
          }}
          close={() => setDoomed(undefined)}
        />
      )}
    </Page>
  );
}
