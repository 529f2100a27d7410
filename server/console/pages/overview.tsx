/** One line per municipality, the most urgent first, and the sum of all above it. */
import type { JSX } from 'preact';
import type { OverallState } from '../../../agent/contract/status.ts';
import type { Municipality } from '../../api/contract.ts';
import { totalLights, worstFirst, worstLight } from '../fleet.ts';
import { lights, listAddress } from '../list-query.ts';
import { Empty, Loaded } from '../parts/load-state.tsx';
import { Page } from '../parts/page.tsx';
import { StateMark, StateShape } from '../parts/state-mark.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { useResource } from '../resource.ts';
import { Link } from '../router.tsx';
import { useSpeech } from '../speech.ts';

/** How many devices have a light; a link to them where there are any. */
function Count({ count, light, municipality }: { count: number; light: OverallState; municipality: string }) {
  const { t, format } = useSpeech();
  if (count === 0) return <span class="muted">0</span>;
  return (
    <Link to={listAddress({ light, municipality })} class="count">
      {format.number(count)}
      <span class="unseen"> {t.light[light]}</span>
    </Link>
  );
}

function Totals({ municipalities }: { readonly municipalities: readonly Municipality[] }): JSX.Element {
  const { t, format } = useSpeech();
  const total = totalLights(municipalities);
  return (
    <section aria-label={t.allDevices}>
      <ul class="totals">
        {lights.map((light) => (
          <li key={light}>
            <Link to={listAddress({ light })}>
              <StateMark light={light} />
              <strong>{format.number(total[light])}</strong>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Municipalities({ municipalities }: { readonly municipalities: readonly Municipality[] }): JSX.Element {
  const { t, format } = useSpeech();
  // Quarantine is rare: a column of nothing but zeros would only take room.
  const waiting = municipalities.some(({ quarantined }) => quarantined > 0)
    ? (['pending', 'quarantined'] as const)
    : (['pending'] as const);
  const columns: Column<Municipality>[] = [
    {
      id: 'name',
      header: t.municipality,
      names: true,
      cell: ({ id, name, lights: counts }) => (
        <span class="named">
          <StateShape light={worstLight(counts)} />
          <Link to={listAddress({ municipality: id })} class="row-link">
            {name}
          </Link>
        </span>
      ),
    },
    ...lights.map((light) => ({
      id: light,
      header: t.light[light],
      numeric: true,
      cell: ({ id, lights: counts }: Municipality) => <Count count={counts[light]} light={light} municipality={id} />,
    })),
    { id: 'devices', header: t.devices, numeric: true, cell: ({ devices }) => format.number(devices) },
    ...waiting.map((state) => ({
      id: state,
      header: t[state],
      numeric: true,
      cell: ({ id, [state]: count }: Municipality) =>
        count === 0 ? (
          <span class="muted">0</span>
        ) : (
          <Link to={listAddress({ municipality: id, state })} class="count">
            {format.number(count)}
          </Link>
        ),
    })),
    { id: 'heard', header: t.lastHeard, cell: ({ lastHeardAt }) => <When at={lastHeardAt} /> },
  ];
  return (
    <Table caption={t.byMunicipality} columns={columns} rows={worstFirst(municipalities)} keyOf={({ id }) => id} />
  );
}

export function OverviewPage(): JSX.Element {
  const { t } = useSpeech();
  const resource = useResource<{ items: Municipality[] }>('municipalities');
  const items = resource.data?.items ?? [];
  const devices = items.reduce((sum, entry) => sum + entry.devices, 0);
  const pending = items.reduce((sum, entry) => sum + entry.pending, 0);
  return (
    <Page title={t.overview} lead={items.length === 0 ? undefined : t.overviewLead(devices, items.length)}>
      <Loaded resource={resource}>
        {({ items: municipalities }) =>
          municipalities.length === 0 ? (
            <Empty title={t.noMunicipality} hint={t.noMunicipalityHint} />
          ) : (
            <>
              {pending === 0 ? null : (
                <p class="notice">
                  {t.pendingNotice(pending)} <Link to={listAddress({ state: 'pending' })}>{t.showPending}</Link>
                </p>
              )}
              <Totals municipalities={municipalities} />
              <h2>{t.byMunicipality}</h2>
              <Municipalities municipalities={municipalities} />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}
