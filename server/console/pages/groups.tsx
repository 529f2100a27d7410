/** Groups of devices, by municipality and in the order in which they win. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DeviceGroup, Municipality } from '../../api/contract.ts';
import { change } from '../api.ts';
import { announce } from '../parts/announcer.tsx';
import { Choice, Field } from '../parts/field.tsx';
import { Empty, Failure, Loaded } from '../parts/load-state.tsx';
import { Page } from '../parts/page.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { start, useAction } from '../parts/use-action.ts';
import { useResource } from '../resource.ts';
import { Link, navigate } from '../router.tsx';
import { policyAddress } from '../settings.ts';
import { useSignedIn } from '../signed-in.ts';
import { useSpeech } from '../speech.ts';

interface FormProps {
  readonly municipalities: readonly Municipality[];
}

function NewGroup({ municipalities }: FormProps): JSX.Element {
  const { t } = useSpeech();
  const [municipalityId, setMunicipality] = useState(municipalities.length === 1 ? (municipalities[0]?.id ?? '') : '');
  const [name, setName] = useState('');
  const action = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    start(
      action.run(async () => {
        const made = await change<DeviceGroup>('groups', { method: 'POST', body: { municipalityId, name } });
        announce(t.groupMade(made.name));
        navigate(`/gruppen/${made.id}`);
      }),
    );
  };
  return (
    <details class="section">
      <summary>
        <h2>{t.newGroup}</h2>
      </summary>
      <form class="exception-form" onSubmit={submit} aria-label={t.newGroup}>
        <Choice
          label={t.municipality}
          value={municipalityId}
          choices={[['', '–'], ...municipalities.map((place) => [place.id, place.name] as const)]}
          choose={setMunicipality}
          required
        />
        <Field label={t.groupName} hint={t.groupNameHint}>
          {(marks) => (
            <input
              {...marks}
              required
              maxLength={80}
              autoComplete="off"
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Field>
        <div class="wide">
          {action.error === undefined ? null : <Failure error={action.error} />}
          <button type="submit" class="main" disabled={action.busy}>
            {t.createGroup}
          </button>
        </div>
      </form>
    </details>
  );
}

interface ListProps {
  readonly groups: readonly DeviceGroup[];
  readonly moved: () => void;
}

function Groups({ groups, moved }: ListProps): JSX.Element {
  const { t, format } = useSpeech();
  const { mayChange } = useSignedIn();
  const action = useAction();
  const move = (group: DeviceGroup, position: number): void =>
    start(
      action.run(async () => {
        await change<DeviceGroup>(`groups/${group.id}`, { method: 'PATCH', body: { position } });
        announce(t.groupMoved(group.name, position));
        moved();
      }),
    );
  const columns: Column<DeviceGroup>[] = [
    {
      id: 'name',
      header: t.group,
      names: true,
      cell: ({ id, name }) => (
        <Link to={`/gruppen/${id}`} class="row-link">
          {name}
        </Link>
      ),
    },
    { id: 'rank', header: t.rank, numeric: true, cell: ({ position }) => format.number(position) },
    { id: 'devices', header: t.deviceCount, numeric: true, cell: ({ devices }) => format.number(devices) },
    {
      id: 'settings',
      header: t.devicePolicy,
      cell: ({ id, name, settings }) => (
        <Link to={policyAddress({ level: 'group', id })} class="row-link">
          {t.settingsHere(settings)}
          <span class="unseen">: {name}</span>
        </Link>
      ),
    },
    ...(mayChange && groups.length > 1
      ? [
          {
            id: 'actions',
            header: t.actions,
            cell: (group: DeviceGroup) => (
              <span class="pair">
                {([t.moveUp, t.moveDown] as const).map((words, index) => {
                  const position = group.position + (index === 0 ? -1 : 1);
                  return (
                    <button
                      key={words}
                      type="button"
                      disabled={action.busy || position < 1 || position > groups.length}
                      onClick={() => move(group, position)}
                    >
                      {words}
                      <span class="unseen">: {group.name}</span>
                    </button>
                  );
                })}
              </span>
            ),
          },
        ]
      : []),
  ];
  const place = groups[0]?.municipality.name ?? '';
  return (
    <>
      <h2>{place}</h2>
      {action.error === undefined ? null : <Failure error={action.error} />}
      <Table caption={`${t.groups}: ${place}`} columns={columns} rows={groups} keyOf={({ id }) => id} />
    </>
  );
}

export function GroupsPage(): JSX.Element {
  const { t } = useSpeech();
  const { mayChange } = useSignedIn();
  const municipalities = useResource<{ items: Municipality[] }>('municipalities').data?.items;
  const resource = useResource<{ items: DeviceGroup[] }>('groups');
  return (
    <Page title={t.groups} lead={t.groupsLead}>
      {mayChange && municipalities !== undefined ? <NewGroup municipalities={municipalities} /> : null}
      <Loaded resource={resource}>
        {({ items }) => {
          const places = [...new Set(items.map(({ municipality }) => municipality.id))];
          if (places.length === 0) return <Empty title={t.noGroup} hint={t.noGroupHint} />;
          return places.map((id) => (
            <Groups
              key={id}
              groups={items.filter(({ municipality }) => municipality.id === id)}
              moved={resource.reload}
            />
          ));
        }}
      </Loaded>
    </Page>
  );
}
