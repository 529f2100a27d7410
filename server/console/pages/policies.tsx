/** Who has a policy: the district, each municipality, each group, and single devices. */
import type { JSX } from 'preact';
import type { DeviceGroup, Municipality, PolicyEntry } from '../../api/contract.ts';
import { Empty, Loaded } from '../parts/load-state.tsx';
import { MorePages, usePages } from '../parts/more-pages.tsx';
import { Page } from '../parts/page.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { useResource } from '../resource.ts';
import { Link } from '../router.tsx';
import { audienceName, policyAddress } from '../settings.ts';
import { useSpeech } from '../speech.ts';

interface Row {
  readonly level: PolicyEntry['level'];
  readonly id: string;
  readonly name: string;
  readonly municipality: string | undefined;
  /** Undefined = there never was a policy; null = not known. */
  readonly policy: PolicyEntry | undefined | null;
}

function Policies({ caption, rows }: { readonly caption: string; readonly rows: readonly Row[] }): JSX.Element {
  const speech = useSpeech();
  const { t } = speech;
  const columns: Column<Row>[] = [
    {
      id: 'for',
      header: t.policyFor,
      names: true,
      cell: (row) => (
        <>
          <Link to={policyAddress(row)} class="row-link">
            {audienceName(row, speech)}
          </Link>
          {row.municipality === undefined ? null : <div class="second">{row.municipality}</div>}
        </>
      ),
    },
    {
      id: 'settings',
      header: t.settingCount,
      cell: ({ policy }) => {
        if (policy === null) return <span class="muted">{t.none}</span>;
        const count = policy?.settings ?? 0;
        return <span class={count === 0 ? 'muted' : undefined}>{t.settingsHere(count)}</span>;
      },
    },
    {
      id: 'changed',
      header: t.policyChanged,
      cell: ({ policy }) =>
        policy === undefined || policy === null ? (
          <span class="muted">–</span>
        ) : (
          <>
            <When at={policy.changedAt} as="date" />
            <div class="second">{policy.changedBy}</div>
          </>
        ),
    },
  ];
  return <Table caption={caption} columns={columns} rows={rows} keyOf={({ level, id }) => `${level} ${id}`} />;
}

interface Everything {
  readonly municipalities: readonly Municipality[];
  readonly groups: readonly DeviceGroup[];
  readonly policies: readonly PolicyEntry[];
  /** Whether these are all policies: only then one that is missing was never made. */
  readonly complete: boolean;
}

function Wide({ municipalities, groups, policies, complete }: Everything): JSX.Element {
  const { t } = useSpeech();
  const policyOf = (level: Row['level'], id: string): Row['policy'] =>
    policies.find((policy) => policy.level === level && policy.id === id) ?? (complete ? undefined : null);
  const wide: Row[] = [
    { level: 'district', id: '', name: '', municipality: undefined, policy: policyOf('district', '') },
    ...municipalities.map(
      ({ id, name }): Row => ({
        level: 'municipality',
        id,
        name,
        municipality: undefined,
        policy: policyOf('municipality', id),
      }),
    ),
  ];
  const ofGroups = groups.map(
    ({ id, name, municipality }): Row => ({
      level: 'group',
      id,
      name,
      municipality: municipality.name,
      policy: policyOf('group', id),
    }),
  );
  return (
    <>
      <h2>{t.policyWide}</h2>
      <Policies caption={t.policyWide} rows={wide} />
      <h2>{t.groups}</h2>
      {ofGroups.length === 0 ? (
        <Empty title={t.noGroup} hint={t.noGroupHint} />
      ) : (
        <Policies caption={t.groups} rows={ofGroups} />
      )}
    </>
  );
}

function Devices(): JSX.Element {
  const { t } = useSpeech();
  const pages = usePages<PolicyEntry>('policies?level=device');
  return (
    <>
      <h2>{t.policyDevices}</h2>
      <MorePages pages={pages}>
        {(items) =>
          items.length === 0 ? (
            <Empty title={t.noDevicePolicy} hint={t.noDevicePolicyHint} />
          ) : (
            <Policies
              caption={t.policyDevices}
              rows={items.map((policy) => ({
                level: policy.level,
                id: policy.id,
                name: policy.name,
                municipality: policy.municipality?.name,
                policy,
              }))}
            />
          )
        }
      </MorePages>
    </>
  );
}

export function PoliciesPage(): JSX.Element {
  const { t } = useSpeech();
  const municipalities = useResource<{ items: Municipality[] }>('municipalities');
  const groups = useResource<{ items: DeviceGroup[] }>('groups');
  const policies = useResource<{ items: PolicyEntry[]; nextCursor: string | null }>(
    'policies?level=above-device&limit=500',
  );
  return (
    <Page title={t.policies} lead={t.policiesLead}>
      <Loaded resource={municipalities}>
        {(places) => (
          <Loaded resource={groups}>
            {(found) => (
              <Loaded resource={policies}>
                {({ items, nextCursor }) => (
                  <Wide
                    municipalities={places.items}
                    groups={found.items}
                    policies={items}
                    complete={nextCursor === null}
                  />
                )}
              </Loaded>
            )}
          </Loaded>
        )}
      </Loaded>
      <Devices />
    </Page>
  );
}
