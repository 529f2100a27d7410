/** One update: the devices that lack it or wait for a restart after it, longest missing first. */
import type { JSX } from 'preact';
import type { PatchDevice, PatchList } from '../../api/contract.ts';
import { withoutDefaults } from '../list-query.ts';
import { Empty } from '../parts/load-state.tsx';
import { MorePages, usePages } from '../parts/more-pages.tsx';
import { Page } from '../parts/page.tsx';
import { Since } from '../parts/since.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { allPatches, parseUpdateQuery, patchAddress, patchRequest } from '../patch-query.ts';
import { useResource } from '../resource.ts';
import { Link, usePlace } from '../router.tsx';
import { useSpeech } from '../speech.ts';
import { NotFoundPage } from './not-found.tsx';
import { UpdateKind } from './update-kind.tsx';

interface UpdateProps {
  readonly id: string;
  readonly municipality: string;
}

/** What the fleet as a whole knows of the update. */
function Summary({ id, municipality }: UpdateProps): JSX.Element | null {
  const { t } = useSpeech();
  const list = useResource<PatchList>(patchRequest({ ...allPatches, search: id, municipality }));
  const patch = list.data?.items.find((entry) => entry.id === id);
  if (patch === undefined) return null;
  const entries: readonly (readonly [name: string, value: JSX.Element | string])[] = [
    [t.update, patch.title],
    [t.updateKind, <UpdateKind key="kind" update={patch} />],
    [t.origin, patch.origins.join(', ') || t.none],
    [t.versions, patch.candidateVersions.join(', ') || t.none],
    [t.missingSince, <Since key="since" day={patch.oldestSince} />],
  ];
  return (
    <dl class="facts">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Devices({ id, municipality }: UpdateProps): JSX.Element {
  const { t } = useSpeech();
  const pages = usePages<PatchDevice>(
    `patches/devices${withoutDefaults([
      ['update', id, ''],
      ['municipality', municipality, ''],
    ])}`,
  );
  const columns: Column<PatchDevice>[] = [
    {
      id: 'name',
      header: t.device,
      names: true,
      cell: (device) => (
        <Link to={`/geraete/${device.id}`} class="row-link">
          {device.hostname}
        </Link>
      ),
    },
    { id: 'municipality', header: t.municipality, cell: (device) => device.municipality.name },
    {
      id: 'state',
      header: t.condition,
      cell: ({ state, held }) => (
        <>
          <StateMark light="attention" word={t.updateState[state]} />
          {held ? <div class="second">{t.heldBack}</div> : null}
        </>
      ),
    },
    { id: 'installed', header: t.installedVersion, cell: ({ installedVersion }) => installedVersion ?? t.none },
    { id: 'candidate', header: t.versions, cell: ({ candidateVersion }) => candidateVersion ?? t.none },
    { id: 'since', header: t.missingOneSince, cell: ({ since }) => <Since day={since} /> },
    { id: 'heard', header: t.lastHeard, cell: ({ lastHeardAt }) => <When at={lastHeardAt} /> },
  ];
  return (
    <MorePages pages={pages}>
      {(items) =>
        items.length === 0 ? (
          <Empty title={t.noUpdateDevice} />
        ) : (
          <Table caption={t.devices} columns={columns} rows={items} keyOf={(device) => device.id} />
        )
      }
    </MorePages>
  );
}

export function UpdatePage(): JSX.Element {
  const { t } = useSpeech();
  const { search } = usePlace();
  const { id, municipality } = parseUpdateQuery(search);
  if (id === '') return <NotFoundPage />;
  return (
    <>
      <p class="crumb">
        <Link to={patchAddress({ municipality })}>{t.backToPatches}</Link>
      </p>
      <Page title={t.updateTitle(id)}>
        <Summary id={id} municipality={municipality} />
        <h2>{t.devices}</h2>
        <Devices id={id} municipality={municipality} />
      </Page>
    </>
  );
}
