/** The device list. Search, filter, order and page stand in the address. */
import type { JSX } from 'preact';
import { useCallback, useEffect, useMemo } from 'preact/hooks';
import type { DeviceList, DeviceSummary, Municipality } from '../../api/contract.ts';
import {
  type ListQuery,
  lights,
  listAddress,
  listRequest,
  narrowed,
  parseListQuery,
  type SortKey,
  sortedBy,
  states,
  wholeList,
} from '../list-query.ts';
import { announce } from '../parts/announcer.tsx';
import { Choice } from '../parts/field.tsx';
import { Empty, Loaded } from '../parts/load-state.tsx';
import { Page } from '../parts/page.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { useResource } from '../resource.ts';
import { Link, navigate, usePlace } from '../router.tsx';
import { useSpeech } from '../speech.ts';

function Filters({ query }: { readonly query: ListQuery }): JSX.Element {
  const { t } = useSpeech();
  const municipalities = useResource<{ items: Municipality[] }>('municipalities').data?.items ?? [];
  const show = (change: Parameters<typeof narrowed>[1]): void => navigate(listAddress(narrowed(query, change)));
  const search = useCallback(
    (words: string) => navigate(listAddress(narrowed(query, { search: words })), { replace: true }),
    [query],
  );
  const filtered = listAddress(query) !== listAddress({ sort: query.sort, order: query.order });
  return (
    <search>
      <form class="filters" aria-label={t.filter} onSubmit={(event) => event.preventDefault()}>
        <SearchField hint={t.searchHint} value={query.search} search={search} />
        <Choice
          label={t.municipality}
          value={query.municipality}
          choices={[['', t.all], ...municipalities.map(({ id, name }) => [id, name] as const)]}
          choose={(municipality) => show({ municipality })}
        />
        <Choice
          label={t.condition}
          value={query.light}
          choices={[['', t.all], ...lights.map((light) => [light, t.light[light]] as const)]}
          choose={(light) => show({ light: lights.find((entry) => entry === light) ?? '' })}
        />
        <Choice
          label={t.membership}
          value={query.state}
          choices={[['', t.inFleet], ...states.map((state) => [state, t.state[state]] as const)]}
          choose={(state) => show({ state: states.find((entry) => entry === state) ?? '' })}
        />
        {query.version === '' ? null : (
          <Choice
            label={t.agentVersion}
            value={query.version}
            choices={[
              ['', t.all],
              [query.version, query.version],
            ]}
            choose={(version) => show({ version })}
          />
        )}
        <button type="button" disabled={!filtered} onClick={() => navigate(listAddress({}))}>
          {t.resetFilter}
        </button>
      </form>
    </search>
  );
}

function Place({ record }: { readonly record: DeviceSummary['record'] }): JSX.Element {
  const { t } = useSpeech();
  const parts = [record.location, record.office].filter((part) => part !== null && part !== '');
  return <span class={parts.length === 0 ? 'muted' : undefined}>{parts.join(', ') || t.none}</span>;
}

function Devices({ list, query }: { readonly list: DeviceList; readonly query: ListQuery }): JSX.Element {
  const { t } = useSpeech();
  const sort = (key: SortKey): Column<DeviceSummary>['sort'] & object => ({
    order: query.sort === key ? query.order : undefined,
    toggle: () => navigate(listAddress(sortedBy(query, key)), { replace: true }),
  });
  const columns: Column<DeviceSummary>[] = [
    {
      id: 'name',
      header: t.device,
      names: true,
      sort: sort('hostname'),
      cell: ({ id, hostname, record }) => (
        <>
          <Link to={`/geraete/${id}`} class="row-link">
            {hostname}
          </Link>
          {record.inventoryNumber === null ? null : <div class="second">{record.inventoryNumber}</div>}
        </>
      ),
    },
    {
      id: 'light',
      header: t.condition,
      sort: sort('light'),
      cell: ({ light, state }) => (
        <>
          <StateMark light={light} />
          {state === 'active' ? null : <div class="second">{t.state[state]}</div>}
        </>
      ),
    },
    {
      id: 'municipality',
      header: t.municipality,
      sort: sort('municipality'),
      cell: ({ municipality }) => municipality.name,
    },
    { id: 'place', header: t.place, cell: ({ record }) => <Place record={record} /> },
    {
      id: 'os',
      header: t.osAndModel,
      sort: sort('osName'),
      cell: ({ osName, model }) => (
        <>
          {osName ?? <span class="muted">{t.none}</span>}
          {model === null ? null : <div class="second">{model}</div>}
        </>
      ),
    },
    {
      id: 'heard',
      header: t.lastHeard,
      sort: sort('lastHeardAt'),
      cell: ({ lastHeardAt }) => <When at={lastHeardAt} />,
    },
  ];
  return <Table caption={t.devices} columns={columns} rows={list.items} keyOf={({ id }) => id} />;
}

function Nothing({ query }: { readonly query: ListQuery }): JSX.Element {
  const { t } = useSpeech();
  const whole = listAddress({ ...query, sort: wholeList.sort, order: wholeList.order }) === listAddress({});
  return whole ? <Empty title={t.noDevice} hint={t.noDeviceHint} /> : <Empty title={t.noMatch} />;
}

export function DevicesPage(): JSX.Element {
  const { t } = useSpeech();
  const { search } = usePlace();
  const query = useMemo(() => parseListQuery(search), [search]);
  const resource = useResource<DeviceList>(listRequest(query), { keep: true });
  const total = resource.data?.total;
  useEffect(() => {
    if (total !== undefined && !resource.loading) announce(t.found(total));
  }, [total, resource.loading, t]);
  return (
    <Page title={t.devices}>
      <Filters query={query} />
      <Loaded resource={resource}>
        {(list) => (
          <>
            <p class="found">{t.found(list.total)}</p>
            {list.items.length === 0 ? <Nothing query={query} /> : <Devices list={list} query={query} />}
            {query.cursor === '' && list.nextCursor === null ? null : (
              <nav class="buttons" aria-label={t.pages}>
                {query.cursor === '' ? null : <Link to={listAddress({ ...query, cursor: '' })}>{t.firstPage}</Link>}
                {list.nextCursor === null ? null : (
                  <Link to={listAddress({ ...query, cursor: list.nextCursor })}>{t.nextPage}</Link>
                )}
              </nav>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}
