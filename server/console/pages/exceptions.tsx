/** Exceptions: who excused which check for whom, why, and until when. Entered here, withdrawn here, never deleted. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ExceptionEntry, Municipality } from '../../api/contract.ts';
import { change } from '../api.ts';
import { dayOf, endOfDay } from '../calendar.ts';
import { exceptionAddress, exceptionStates, parseExceptionQuery } from '../control-query.ts';
import { withoutDefaults } from '../list-query.ts';
import { announce } from '../parts/announcer.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { Choice } from '../parts/field.tsx';
import { Empty } from '../parts/load-state.tsx';
import { MorePages, usePages } from '../parts/more-pages.tsx';
import { Page } from '../parts/page.tsx';
import { ToneMark } from '../parts/state-mark.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { useResource } from '../resource.ts';
import { Link, navigate, usePlace } from '../router.tsx';
import { useSignedIn } from '../signed-in.ts';
import { useSpeech } from '../speech.ts';
import { ExceptionForm } from './exception-form.tsx';

const stateTones = { active: 'plain', expired: 'attention', withdrawn: 'plain' } as const;

/** The last day it is in force; the time as well where it ends within a day. */
function End({ at }: { readonly at: string }): JSX.Element {
  const { format } = useSpeech();
  const day = dayOf(new Date(Date.parse(at) - 1));
  if (endOfDay(day) !== at) return <When at={at} as="both" />;
  return (
    <time dateTime={at}>
      {format.day(day)} <span class="muted whole">({format.relative(at, new Date())})</span>
    </time>
  );
}

interface EntriesProps {
  readonly entries: readonly ExceptionEntry[];
  readonly withdraw: (entry: ExceptionEntry) => void;
}

function Entries({ entries, withdraw }: EntriesProps): JSX.Element {
  const { t, language } = useSpeech();
  const { mayChange } = useSignedIn();
  const columns: Column<ExceptionEntry>[] = [
    {
      id: 'rule',
      header: t.rule,
      names: true,
      cell: ({ rule, reason }) => (
        <>
          {rule.title[language]}
          <div class="second breakable">{reason}</div>
        </>
      ),
    },
    {
      id: 'state',
      header: t.condition,
      cell: ({ state }) => <ToneMark tone={stateTones[state]} word={t.exceptionState[state]} />,
    },
    {
      id: 'for',
      header: t.exceptionFor,
      cell: ({ municipality, device }) => (
        <>
          {device === null ? (
            t.allOfMunicipality
          ) : (
            <Link to={`/geraete/${device.id}`} class="row-link">
              {device.hostname}
            </Link>
          )}
          <div class="second">{municipality.name}</div>
        </>
      ),
    },
    {
      id: 'approver',
      header: t.approver,
      cell: ({ approvedBy, enteredBy }) => (
        <>
          {approvedBy}
          <div class="second">{t.enteredBy(enteredBy)}</div>
        </>
      ),
    },
    { id: 'from', header: t.recorded, cell: ({ approvedAt }) => <When at={approvedAt} as="date" /> },
    {
      id: 'ends',
      header: t.ends,
      cell: ({ expiresAt, withdrawnAt, withdrawnBy }) =>
        withdrawnAt === null ? (
          <End at={expiresAt} />
        ) : (
          <>
            <When at={withdrawnAt} as="date" />
            <div class="second">{t.withdrawnBy(withdrawnBy ?? t.none)}</div>
          </>
        ),
    },
    {
      id: 'actions',
      header: t.actions,
      cell: (entry) =>
        mayChange && entry.state === 'active' ? (
          <button type="button" onClick={() => withdraw(entry)}>
            {t.withdraw}
            <span class="unseen">: {entry.rule.title[language]}</span>
          </button>
        ) : (
          <span class="muted">–</span>
        ),
    },
  ];
  return <Table caption={t.existingExceptions} columns={columns} rows={entries} keyOf={({ id }) => id} />;
}

function ListFilters({ municipalities }: { readonly municipalities: readonly Municipality[] }): JSX.Element {
  const { t } = useSpeech();
  const query = parseExceptionQuery(usePlace().search);
  return (
    <search>
      <form class="filters filters-few" aria-label={t.exceptionFilter} onSubmit={(event) => event.preventDefault()}>
        <Choice
          label={t.municipality}
          value={query.municipality}
          choices={[['', t.all], ...municipalities.map(({ id, name }) => [id, name] as const)]}
          choose={(municipality) => navigate(exceptionAddress({ ...query, municipality }))}
        />
        <Choice
          label={t.condition}
          value={query.state}
          choices={[['', t.all], ...exceptionStates.map((state) => [state, t.exceptionState[state]] as const)]}
          choose={(state) =>
            navigate(exceptionAddress({ ...query, state: exceptionStates.find((entry) => entry === state) ?? '' }))
          }
        />
      </form>
    </search>
  );
}

export function ExceptionsPage(): JSX.Element {
  const { t, language } = useSpeech();
  const { mayChange } = useSignedIn();
  const { search } = usePlace();
  const query = parseExceptionQuery(search);
  const municipalities = useResource<{ items: Municipality[] }>('municipalities').data?.items;
  const pages = usePages<ExceptionEntry>(
    `exceptions${withoutDefaults([
      ['municipality', query.municipality, ''],
      ['state', query.state, ''],
    ])}`,
  );
  const [done, setDone] = useState('');
  const [recorded, setRecorded] = useState(0);
  const [doomed, setDoomed] = useState<ExceptionEntry>();
  const tell = (words: string): void => {
    setDone(words);
    announce(words);
    pages.first.reload();
  };
  return (
    <Page title={t.exceptions} lead={t.exceptionsLead}>
      {done === '' ? null : <p class="notice notice-ok">{done}</p>}
      {mayChange && municipalities !== undefined ? (
        <ExceptionForm
          // A recorded exception leaves an empty form.
          key={`${query.rule} ${query.device} ${recorded}`}
          about={query}
          municipalities={municipalities}
          made={(entry) => {
            setRecorded((count) => count + 1);
            tell(entry.device === null ? t.exceptionMadeForAll : t.exceptionMade);
            navigate(exceptionAddress({}), { replace: true });
          }}
        />
      ) : null}
      <h2>{t.existingExceptions}</h2>
      <ListFilters municipalities={municipalities ?? []} />
      <MorePages pages={pages}>
        {(items) =>
          items.length > 0 ? (
            <Entries entries={items} withdraw={setDoomed} />
          ) : (
            <Empty title={query.municipality === '' && query.state === '' ? t.noException : t.noExceptionMatch} />
          )
        }
      </MorePages>
      {doomed === undefined ? null : (
        <Confirm
          title={t.withdrawTitle}
          text={t.withdrawText(doomed.rule.title[language], doomed.device?.hostname ?? doomed.municipality.name)}
          verb={t.withdraw}
          grave
          act={async () => {
            await change(`exceptions/${doomed.id}`, { method: 'DELETE' });
            tell(t.withdrawn);
          }}
          close={() => setDoomed(undefined)}
        />
      )}
    </Page>
  );
}
