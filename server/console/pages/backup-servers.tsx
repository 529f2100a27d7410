/** Backup servers that tell what they hold: their tokens are made here, shown once, and taken back. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { BackupServer, Municipality } from '../../api/contract.ts';
import { change } from '../api.ts';
import { announce } from '../parts/announcer.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { Choice, Field } from '../parts/field.tsx';
import { Empty, Failure, Loaded } from '../parts/load-state.tsx';
import { NewSecret } from '../parts/new-secret.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { start, useAction } from '../parts/use-action.ts';
import { When } from '../parts/when.tsx';
import { useResource } from '../resource.ts';
import { useSignedIn } from '../signed-in.ts';
import { useSpeech } from '../speech.ts';

type CreatedServer = BackupServer & { readonly token: string };

interface CreateFormProps {
  readonly municipalities: readonly Municipality[];
  readonly made: (server: CreatedServer) => void;
}

function CreateForm({ municipalities, made }: CreateFormProps): JSX.Element {
  const { t } = useSpeech();
  const [municipalityId, setMunicipality] = useState(municipalities.length === 1 ? (municipalities[0]?.id ?? '') : '');
  const [name, setName] = useState('');
  const action = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    const body = { municipalityId, name: name.trim() };
    start(
      action.run(async () => {
        made(await change<CreatedServer>('backups/servers', { method: 'POST', body }));
        setName('');
      }),
    );
  };
  return (
    <form class="filters" onSubmit={submit} aria-label={t.createServer}>
      <Choice
        label={t.municipality}
        value={municipalityId}
        choices={[['', '–'], ...municipalities.map(({ id, name: place }) => [id, place] as const)]}
        choose={setMunicipality}
        required
      />
      <Field label={t.serverName}>
        {(marks) => (
          <input
            {...marks}
            type="text"
            required
            maxLength={120}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
      </Field>
      <button type="submit" class="main" disabled={action.busy}>
        {t.createServer}
      </button>
      {action.error === undefined ? null : <Failure error={action.error} />}
    </form>
  );
}

interface ServerTableProps {
  readonly servers: readonly BackupServer[];
  readonly revoke: (server: BackupServer) => void;
}

function ServerTable({ servers, revoke }: ServerTableProps): JSX.Element {
  const { t, format } = useSpeech();
  const { mayChange } = useSignedIn();
  const columns: Column<BackupServer>[] = [
    { id: 'name', header: t.serverName, names: true, cell: ({ name }) => name },
    { id: 'municipality', header: t.municipality, cell: ({ municipality }) => municipality.name },
    {
      id: 'condition',
      header: t.condition,
      cell: ({ revokedAt }) => (revokedAt === null ? t.tokenUsable : <span class="muted">{t.tokenRevoked}</span>),
    },
    { id: 'devices', header: t.spokenOf, numeric: true, cell: ({ devices }) => format.number(devices) },
    { id: 'used', header: t.lastUsed, cell: ({ lastUsedAt }) => <When at={lastUsedAt} as="both" /> },
    { id: 'created', header: t.created, cell: ({ createdAt }) => <When at={createdAt} as="date" /> },
    {
      id: 'actions',
      header: t.actions,
      cell: (server) =>
        mayChange && server.revokedAt === null ? (
          <button type="button" onClick={() => revoke(server)}>
            {t.revoke}
            <span class="unseen">: {server.name}</span>
          </button>
        ) : (
          <span class="muted">–</span>
        ),
    },
  ];
  return <Table caption={t.backupServers} columns={columns} rows={servers} keyOf={({ id }) => id} />;
}

/** `municipality`: only those of this one; '' = all that the person looks after. */
export function BackupServers({ municipality }: { readonly municipality: string }): JSX.Element {
  const { t } = useSpeech();
  const { mayChange } = useSignedIn();
  const municipalities = useResource<{ items: Municipality[] }>('municipalities');
  const resource = useResource<{ items: BackupServer[] }>('backups/servers');
  const [made, setMade] = useState<CreatedServer>();
  const [doomed, setDoomed] = useState<BackupServer>();
  const shown = (servers: readonly BackupServer[]) =>
    servers.filter((server) => municipality === '' || server.municipality.id === municipality);
  const speaking = shown(resource.data?.items ?? []).filter(({ revokedAt }) => revokedAt === null).length;
  return (
    <details class="section backup-servers">
      <summary>
        <h2>{t.backupServers}</h2>
        <span class="gist">{resource.data === undefined ? '' : t.backupServersGist(speaking)}</span>
      </summary>
      <div class="section-body">
        <p class="lead">{t.backupServersLead}</p>
        {mayChange ? (
          <Loaded resource={municipalities}>
            {({ items }) => (
              <CreateForm
                municipalities={items}
                made={(server) => {
                  setMade(server);
                  resource.reload();
                }}
              />
            )}
          </Loaded>
        ) : null}
        {made === undefined ? null : <NewSecret secret={made.token} />}
        <Loaded resource={resource}>
          {({ items }) =>
            shown(items).length === 0 ? (
              <Empty title={t.noServer} />
            ) : (
              <ServerTable servers={shown(items)} revoke={setDoomed} />
            )
          }
        </Loaded>
        {doomed === undefined ? null : (
          <Confirm
            title={t.serverRevokeTitle}
            text={t.serverRevokeText(doomed.name)}
            verb={t.revoke}
            grave
            act={async () => {
              await change(`backups/servers/${doomed.id}`, { method: 'DELETE' });
              if (made?.id === doomed.id) setMade(undefined);
              announce(t.revoked);
              resource.reload();
            }}
            close={() => setDoomed(undefined)}
          />
        )}
      </div>
    </details>
  );
}
