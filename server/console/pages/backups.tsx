/** Backups across the fleet: the answer first, then the devices, worst first. The filter stands in the address. */
import type { JSX } from 'preact';
import { useCallback, useEffect, useMemo } from 'preact/hooks';
import type { BackupDevice, BackupList, BackupOverview, Municipality } from '../../api/contract.ts';
import { backupTones, productTones } from '../backup-answer.ts';
import {
  allBackups,
  type BackupPageQuery,
  backupAddress,
  backupAges,
  backupLights,
  backupPresences,
  backupRequest,
  narrowedBackups,
  parseBackupQuery,
  restoreTestStates,
  twoSidedStates,
} from '../backup-query.ts';
import { backupReason } from '../backup-reasons.ts';
import { announce } from '../parts/announcer.tsx';
import { Choice } from '../parts/field.tsx';
import { Empty, Loaded } from '../parts/load-state.tsx';
import { Page } from '../parts/page.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { ToneMark, ToneShape } from '../parts/state-mark.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { useResource } from '../resource.ts';
import { Link, navigate, usePlace } from '../router.tsx';
import { useSpeech } from '../speech.ts';
import { BackupAnswer } from './backup-answer.tsx';
import { BackupServers } from './backup-servers.tsx';

interface FilterProps {
  readonly query: BackupPageQuery;
  readonly overview: BackupOverview | undefined;
}

/** Products and reasons are those that occur; one that is asked for stays to be seen. */
function useChoices({ query, overview }: FilterProps) {
  const { language } = useSpeech();
  const products = new Map(overview?.products.map(({ id, name }) => [id, name]));
  if (query.product !== '' && !products.has(query.product)) products.set(query.product, query.product);
  const reasons = new Set(overview?.reasons.map(({ reason }) => reason));
  if (query.reason !== '') reasons.add(query.reason);
  return {
    products: [...products],
    reasons: [...reasons].map((reason) => [reason, backupReason(reason, language)] as const),
  };
}

function Filters(props: FilterProps): JSX.Element {
  const { query } = props;
  const { t } = useSpeech();
  const municipalities = useResource<{ items: Municipality[] }>('municipalities').data?.items ?? [];
  const { products, reasons } = useChoices(props);
  const show = (change: Parameters<typeof narrowedBackups>[1]): void =>
    navigate(backupAddress(narrowedBackups(query, change)));
  const search = useCallback(
    (words: string) => navigate(backupAddress(narrowedBackups(query, { search: words })), { replace: true }),
    [query],
  );
  /** One choice out of a fixed list of codes. */
  const coded = <Code extends string>(
    label: string,
    codes: readonly Code[],
    names: Readonly<Record<Code, string>>,
    value: Code | '',
    choose: (code: Code | '') => void,
  ) => (
    <Choice
      label={label}
      value={value}
      choices={[['', t.all], ...codes.map((code) => [code, names[code]] as const)]}
      choose={(chosen) => choose(codes.find((code) => code === chosen) ?? '')}
    />
  );
  const { age, presence, twoSided, restoreTest, reason } = query;
  const further = [age, presence, twoSided, restoreTest, reason].some((value) => value !== '');
  return (
    <search>
      <form class="filters" aria-label={t.backupFilter} onSubmit={(event) => event.preventDefault()}>
        <SearchField hint={t.searchHint} value={query.search} search={search} />
        <Choice
          label={t.municipality}
          value={query.municipality}
          choices={[['', t.all], ...municipalities.map(({ id, name }) => [id, name] as const)]}
          choose={(municipality) => show({ municipality })}
        />
        {coded(t.condition, backupLights, t.backupLightName, query.light, (light) => show({ light }))}
        <Choice
          label={t.backupProduct}
          value={query.product}
          choices={[['', t.all], ...products]}
          choose={(product) => show({ product })}
        />
        <button
          type="button"
          disabled={backupAddress(query) === backupAddress(allBackups)}
          onClick={() => navigate(backupAddress(allBackups))}
        >
          {t.resetFilter}
        </button>
        <details class="more-filters" open={further}>
          <summary>{t.moreFilters}</summary>
          <div>
            {coded(t.backupAge, backupAges, t.backupAgeName, age, (chosen) => show({ age: chosen }))}
            {coded(t.backupPresence, backupPresences, t.backupPresenceName, presence, (chosen) =>
              show({ presence: chosen }),
            )}
            {coded(t.twoSided, twoSidedStates, t.twoSidedName, twoSided, (chosen) => show({ twoSided: chosen }))}
            {coded(t.restoreTest, restoreTestStates, t.restoreTestName, restoreTest, (chosen) =>
              show({ restoreTest: chosen }),
            )}
            <Choice
              label={t.reason}
              value={reason}
              choices={[['', t.all], ...reasons]}
              choose={(chosen) => show({ reason: chosen })}
            />
          </div>
        </details>
      </form>
    </search>
  );
}

function ProductList({ products }: Pick<BackupDevice, 'products'>): JSX.Element {
  const { t } = useSpeech();
  if (products === null) return <span class="muted">{t.notReported}</span>;
  if (products.length === 0) return <span class="muted">{t.noBackupProgram}</span>;
  return (
    <ul>
      {products.map(({ id, name, kind, state }) => (
        <li key={id} class="named backup-product">
          <ToneShape tone={kind === 'backup' ? productTones[state] : 'plain'} />
          <span>
            {name} <span class="second">{kind === 'backup' ? t.productState[state] : t.notABackup}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function Devices({ list }: { readonly list: BackupList }): JSX.Element {
  const { t, language } = useSpeech();
  const columns: Column<BackupDevice>[] = [
    {
      id: 'device',
      header: t.device,
      names: true,
      cell: ({ id, hostname, municipality, location }) => (
        <div class="device-name">
          <Link to={`/geraete/${id}`} class="row-link">
            {hostname}
          </Link>
          <div class="second">{[municipality.name, location].filter(Boolean).join(' · ')}</div>
        </div>
      ),
    },
    {
      id: 'state',
      header: t.backupState,
      cell: ({ light, worst }) => (
        <div class="explained">
          <ToneMark tone={backupTones[light]} word={t.backupLightName[light]} />
          {worst === null || light === 'ok' ? null : <div class="second">{worst.explanation[language]}</div>}
        </div>
      ),
    },
    {
      id: 'last',
      header: t.lastBackup,
      cell: ({ lastSuccessAt }) =>
        lastSuccessAt === null ? (
          <span class="muted">{t.noneProven}</span>
        ) : (
          <div class="dated">
            <When at={lastSuccessAt} as="both" />
          </div>
        ),
    },
    { id: 'products', header: t.backupProducts, cell: ({ products }) => <ProductList products={products} /> },
    {
      id: 'twoSided',
      header: t.twoSidedShort,
      cell: ({ twoSided }) =>
        twoSided === 'disagree' ? (
          <ToneMark tone="critical" word={t.twoSidedName.disagree} />
        ) : twoSided === 'silent' ? (
          <span class="muted">
            <span aria-hidden="true">–</span>
            <span class="unseen">{t.twoSidedName.silent}</span>
          </span>
        ) : (
          <span class={twoSided === 'agree' ? undefined : 'muted'}>{t.twoSidedName[twoSided]}</span>
        ),
    },
    {
      id: 'restore',
      header: t.restoreTest,
      cell: ({ restoreTest }) => (
        <>
          <span class={restoreTest.state === 'inTime' ? undefined : 'muted'}>
            {t.restoreTestName[restoreTest.state]}
          </span>
          {restoreTest.lastAt === null ? null : (
            <div class="second">
              <When at={restoreTest.lastAt} />
            </div>
          )}
        </>
      ),
    },
  ];
  return <Table caption={t.backupDevices} columns={columns} rows={list.items} keyOf={({ id }) => id} />;
}

export function BackupsPage(): JSX.Element {
  const { t } = useSpeech();
  const { search } = usePlace();
  const query = useMemo(() => parseBackupQuery(search), [search]);
  const scope = query.municipality === '' ? '' : `&municipality=${query.municipality}`;
  const counts = useResource<BackupList>(`backups?limit=1${scope}`, { keep: true });
  const resource = useResource<BackupList>(backupRequest(query), { keep: true });
  const total = resource.data?.total;
  useEffect(() => {
    if (total !== undefined && !resource.loading) announce(t.found(total));
  }, [total, resource.loading, t]);
  const whole = backupAddress({ ...query, municipality: '', cursor: '' }) === backupAddress(allBackups);
  return (
    <Page title={t.backups} lead={t.backupsLead}>
      <Loaded resource={counts}>
        {({ overview }) =>
          overview === null ? null : <BackupAnswer overview={overview} municipality={query.municipality} />
        }
      </Loaded>
      <h2>{t.backupDevices}</h2>
      <Filters query={query} overview={counts.data?.overview ?? undefined} />
      <Loaded resource={resource}>
        {(list) => (
          <>
            <p class="found">{t.found(list.total)}</p>
            {list.items.length > 0 ? <Devices list={list} /> : <Empty title={whole ? t.noDevice : t.noMatch} />}
            {query.cursor === '' && list.nextCursor === null ? null : (
              <nav class="buttons" aria-label={t.pages}>
                {query.cursor === '' ? null : <Link to={backupAddress({ ...query, cursor: '' })}>{t.firstPage}</Link>}
                {list.nextCursor === null ? null : (
                  <Link to={backupAddress({ ...query, cursor: list.nextCursor })}>{t.nextPage}</Link>
                )}
              </nav>
            )}
          </>
        )}
      </Loaded>
      <BackupServers municipality={query.municipality} />
    </Page>
  );
}
