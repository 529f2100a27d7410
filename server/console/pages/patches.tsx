/** Updates across the fleet: the answer first, then what is missing where, since when. The filter stands in the address. */
import type { JSX } from 'preact';
import { useCallback, useEffect, useMemo } from 'preact/hooks';
import type { Municipality, Patch, PatchList, PatchOverview } from '../../api/contract.ts';
import { announce } from '../parts/announcer.tsx';
import { Choice } from '../parts/field.tsx';
import { Empty, Loaded } from '../parts/load-state.tsx';
import { Page } from '../parts/page.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { Since } from '../parts/since.tsx';
import { type Column, Table } from '../parts/table.tsx';
import {
  allPatches,
  narrowedPatches,
  type PatchQuery,
  parsePatchQuery,
  patchAddress,
  patchRequest,
  updateAddress,
  updateStates,
} from '../patch-query.ts';
import { useResource } from '../resource.ts';
import { Link, navigate, usePlace } from '../router.tsx';
import { useSpeech } from '../speech.ts';
import { PatchAnswer } from './patch-answer.tsx';
import { UpdateKind } from './update-kind.tsx';

const kinds = ['true', 'false'] as const;
/** More municipalities than these are only counted in a row. */
const namedInRow = 3;

function Filters({ query }: { readonly query: PatchQuery }): JSX.Element {
  const { t } = useSpeech();
  const municipalities = useResource<{ items: Municipality[] }>('municipalities').data?.items ?? [];
  const show = (change: Parameters<typeof narrowedPatches>[1]): void =>
    navigate(patchAddress(narrowedPatches(query, change)));
  const search = useCallback(
    (words: string) => navigate(patchAddress(narrowedPatches(query, { search: words })), { replace: true }),
    [query],
  );
  const kindWords = { true: t.securityOnly, false: t.notSecurity };
  return (
    <search>
      <form class="filters" aria-label={t.patchFilter} onSubmit={(event) => event.preventDefault()}>
        <SearchField hint={t.patchSearchHint} value={query.search} search={search} />
        <Choice
          label={t.municipality}
          value={query.municipality}
          choices={[['', t.all], ...municipalities.map(({ id, name }) => [id, name] as const)]}
          choose={(municipality) => show({ municipality })}
        />
        <Choice
          label={t.updateKind}
          value={query.security}
          choices={[['', t.all], ...kinds.map((kind) => [kind, kindWords[kind]] as const)]}
          choose={(security) => show({ security: kinds.find((entry) => entry === security) ?? '' })}
        />
        <Choice
          label={t.membership}
          value={query.state}
          choices={[['', t.all], ...updateStates.map((state) => [state, t.updateState[state]] as const)]}
          choose={(state) => show({ state: updateStates.find((entry) => entry === state) ?? '' })}
        />
        <button
          type="button"
          disabled={patchAddress(query) === patchAddress(allPatches)}
          onClick={() => navigate(patchAddress(allPatches))}
        >
          {t.resetFilter}
        </button>
      </form>
    </search>
  );
}

function Spread({ patch }: { readonly patch: Patch }): JSX.Element {
  const { t, format } = useSpeech();
  const further = patch.municipalities.length - namedInRow;
  return (
    <ul>
      {patch.municipalities.slice(0, namedInRow).map(({ id, name, devices, waitingForRestart }) => (
        <li key={id}>
          <Link to={updateAddress(patch.id, id)} class="row-link">
            {name}
          </Link>{' '}
          <span class="muted">{format.number(devices + waitingForRestart)}</span>
        </li>
      ))}
      {further <= 0 ? null : <li class="muted">{t.furtherMunicipalities(further)}</li>}
    </ul>
  );
}

function Updates({ list, query }: { readonly list: PatchList; readonly query: PatchQuery }): JSX.Element {
  const { t, format } = useSpeech();
  const columns: Column<Patch>[] = [
    {
      id: 'update',
      header: t.update,
      names: true,
      cell: ({ id, title, origins }) => (
        <>
          <Link to={updateAddress(id, query.municipality)} class="row-link">
            {title}
          </Link>
          <div class="second breakable">{[...(title === id ? [] : [id]), ...origins].join(' · ')}</div>
        </>
      ),
    },
    { id: 'kind', header: t.updateKind, cell: (patch) => <UpdateKind update={patch} /> },
    { id: 'missing', header: t.missingOn, numeric: true, cell: ({ devices }) => format.number(devices) },
    {
      id: 'waiting',
      header: t.restartsDue,
      numeric: true,
      cell: ({ waitingForRestart }) => (
        <span class={waitingForRestart === 0 ? 'muted' : undefined}>{format.number(waitingForRestart)}</span>
      ),
    },
    { id: 'where', header: t.distribution, cell: (patch) => <Spread patch={patch} /> },
    { id: 'since', header: t.missingSince, cell: ({ oldestSince }) => <Since day={oldestSince} /> },
    {
      id: 'versions',
      header: t.versions,
      cell: ({ candidateVersions }) =>
        candidateVersions.length === 0 ? (
          <span class="muted">{t.none}</span>
        ) : (
          <span class="breakable">{candidateVersions.join(', ')}</span>
        ),
    },
  ];
  return <Table caption={t.updates} columns={columns} rows={list.items} keyOf={({ id }) => id} />;
}

export function PatchesPage(): JSX.Element {
  const { t } = useSpeech();
  const { search } = usePlace();
  const query = useMemo(() => parsePatchQuery(search), [search]);
  const scope = query.municipality === '' ? '' : `?municipality=${query.municipality}`;
  const overview = useResource<PatchOverview>(`patches/overview${scope}`, { keep: true });
  const resource = useResource<PatchList>(patchRequest(query), { keep: true });
  const total = resource.data?.total;
  useEffect(() => {
    if (total !== undefined && !resource.loading) announce(t.updatesFound(total));
  }, [total, resource.loading, t]);
  const whole = patchAddress({ ...query, municipality: '', cursor: '' }) === patchAddress(allPatches);
  return (
    <Page title={t.patches} lead={t.patchesLead}>
      <Loaded resource={overview}>{(answer) => <PatchAnswer overview={answer} />}</Loaded>
      <h2>{t.updates}</h2>
      <Filters query={query} />
      <Loaded resource={resource}>
        {(list) => (
          <>
            <p class="found">{t.updatesFound(list.total)}</p>
            {list.items.length > 0 ? (
              <Updates list={list} query={query} />
            ) : whole ? (
              <Empty title={t.noPatch} hint={t.noPatchHint} />
            ) : (
              <Empty title={t.noPatchMatch} />
            )}
            {query.cursor === '' && list.nextCursor === null ? null : (
              <nav class="buttons" aria-label={t.pages}>
                {query.cursor === '' ? null : <Link to={patchAddress({ ...query, cursor: '' })}>{t.firstPage}</Link>}
                {list.nextCursor === null ? null : (
                  <Link to={patchAddress({ ...query, cursor: list.nextCursor })}>{t.nextPage}</Link>
                )}
              </nav>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}
