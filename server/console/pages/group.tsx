/** One group: its devices, its name, its policy, and its end. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DeviceGroup, DeviceSummary } from '../../api/contract.ts';
import { change } from '../api.ts';
import { announce } from '../parts/announcer.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { Field } from '../parts/field.tsx';
import { Empty, Failure, Loaded } from '../parts/load-state.tsx';
import { MorePages, usePages } from '../parts/more-pages.tsx';
import { Page } from '../parts/page.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { start, useAction } from '../parts/use-action.ts';
import { useResource } from '../resource.ts';
import { Link, navigate } from '../router.tsx';
import { policyAddress } from '../settings.ts';
import { useSignedIn } from '../signed-in.ts';
import { useSpeech } from '../speech.ts';
import { GroupCandidates } from './group-candidates.tsx';

interface MembersProps {
  readonly group: DeviceGroup;
  readonly changed: (words: string) => void;
}

function Members({ group, changed }: MembersProps): JSX.Element {
  const { t } = useSpeech();
  const { mayChange } = useSignedIn();
  const pages = usePages<DeviceSummary>(`devices?group=${group.id}&limit=100`);
  const action = useAction();
  const takeOut = ({ id, hostname }: DeviceSummary): void =>
    start(
      action.run(async () => {
        await change(`groups/${group.id}/members`, { method: 'POST', body: { remove: [id] } });
        changed(t.takenOut(hostname));
      }),
    );
  const columns: Column<DeviceSummary>[] = [
    {
      id: 'device',
      header: t.device,
      names: true,
      cell: ({ id, hostname }) => (
        <Link to={`/geraete/${id}`} class="row-link">
          {hostname}
        </Link>
      ),
    },
    { id: 'light', header: t.condition, cell: ({ light }) => <StateMark light={light} /> },
    {
      id: 'place',
      header: t.place,
      cell: ({ record: { location, office } }) =>
        [location, office].filter((part) => part !== null && part !== '').join(', ') || (
          <span class="muted">{t.none}</span>
        ),
    },
    ...(mayChange
      ? [
          {
            id: 'actions',
            header: t.actions,
            cell: (device: DeviceSummary) => (
              <button type="button" disabled={action.busy} onClick={() => takeOut(device)}>
                {t.takeOut}
                <span class="unseen">: {device.hostname}</span>
              </button>
            ),
          },
        ]
      : []),
  ];
  return (
    <section aria-labelledby="members">
      <h2 id="members">{t.members}</h2>
      {action.error === undefined ? null : <Failure error={action.error} />}
      <MorePages pages={pages}>
        {(items) =>
          items.length === 0 ? (
            <Empty title={t.noMember} />
          ) : (
            <Table caption={t.members} columns={columns} rows={items} keyOf={({ id }) => id} />
          )
        }
      </MorePages>
    </section>
  );
}

function Rename({ group, changed }: MembersProps): JSX.Element {
  const { t } = useSpeech();
  const [name, setName] = useState(group.name);
  const action = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    start(
      action.run(async () => {
        await change<DeviceGroup>(`groups/${group.id}`, { method: 'PATCH', body: { name } });
        changed(t.renamed);
      }),
    );
  };
  return (
    <details class="section">
      <summary>
        <h2>{t.renameGroup}</h2>
      </summary>
      <form class="section-body" onSubmit={submit} aria-label={t.renameGroup}>
        <Field label={t.groupName}>
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
        {action.error === undefined ? null : <Failure error={action.error} />}
        <button type="submit" class="main" disabled={action.busy}>
          {t.renameGroup}
        </button>
      </form>
    </details>
  );
}

export function GroupPage({ id }: { readonly id: string }): JSX.Element {
  const { t } = useSpeech();
  const { mayChange } = useSignedIn();
  const resource = useResource<DeviceGroup>(`groups/${id}`);
  const [done, setDone] = useState('');
  const [round, setRound] = useState(0);
  const [doomed, setDoomed] = useState(false);
  const changed = (words: string): void => {
    setDone(words);
    announce(words);
    setRound((count) => count + 1);
    resource.reload();
  };
  return (
    <>
      <p class="crumb">
        <Link to="/gruppen">{t.toGroups}</Link>
      </p>
      <Page title={resource.data?.name ?? t.groupLoading}>
        {done === '' ? null : <p class="notice notice-ok">{done}</p>}
        <Loaded resource={resource}>
          {(group) => (
            <>
              <p class="lead">{t.groupSummary(group.municipality.name, group.position, group.devices)}</p>
              <p>
                <Link to={policyAddress({ level: 'group', id })} class="row-link">
                  {t.groupPolicy}
                </Link>{' '}
                <span class="muted">({t.settingsHere(group.settings)})</span>
              </p>
              {/* A change of the members reads both lists anew. */}
              <Members key={`members ${round}`} group={group} changed={changed} />
              {mayChange ? (
                <>
                  <GroupCandidates key={`candidates ${round}`} group={group} changed={changed} />
                  <Rename key={group.name} group={group} changed={changed} />
                  <div class="buttons">
                    <button type="button" class="grave" onClick={() => setDoomed(true)}>
                      {t.deleteGroup}
                    </button>
                  </div>
                </>
              ) : null}
              {doomed ? (
                <Confirm
                  title={`${t.deleteGroup}: ${group.name}`}
                  text={t.deleteGroupText(group.devices, group.settings)}
                  verb={t.deleteGroup}
                  grave
                  act={async () => {
                    await change(`groups/${id}`, { method: 'DELETE' });
                    announce(t.groupDeleted(group.name));
                    navigate('/gruppen', { replace: true });
                  }}
                  close={() => setDoomed(false)}
                />
              ) : null}
            </>
          )}
        </Loaded>
      </Page>
    </>
  );
}
