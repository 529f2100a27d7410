/** Enrolment tokens: made here, shown once, taken back when they are no longer wanted. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CreatedToken, EnrolmentToken, Municipality } from '../../api/contract.ts';
import { change } from '../api.ts';
import { announce } from '../parts/announcer.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { Choice, Field } from '../parts/field.tsx';
import { Empty, Failure, Loaded } from '../parts/load-state.tsx';
import { NewSecret } from '../parts/new-secret.tsx';
import { Page } from '../parts/page.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { start, useAction } from '../parts/use-action.ts';
import { When } from '../parts/when.tsx';
import { useResource } from '../resource.ts';
import { useSignedIn } from '../signed-in.ts';
import { useSpeech } from '../speech.ts';

interface CreateFormProps {
  readonly municipalities: readonly Municipality[];
  readonly made: (token: CreatedToken) => void;
}

function CreateForm({ municipalities, made }: CreateFormProps): JSX.Element {
  const { t } = useSpeech();
  const [municipalityId, setMunicipality] = useState(municipalities.length === 1 ? (municipalities[0]?.id ?? '') : '');
  const [uses, setUses] = useState('1');
  const [days, setDays] = useState('14');
  const action = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    const body = { municipalityId, uses: Number(uses), expiresInDays: Number(days) };
    start(action.run(async () => made(await change<CreatedToken>('tokens', { method: 'POST', body }))));
  };
  return (
    <form class="filters" onSubmit={submit} aria-label={t.createToken}>
      <Choice
        label={t.municipality}
        value={municipalityId}
        choices={[['', '–'], ...municipalities.map(({ id, name }) => [id, name] as const)]}
        choose={setMunicipality}
        required
      />
      <Field label={t.uses} hint={t.usesHint}>
        {(marks) => (
          <input
            {...marks}
            type="number"
            min={1}
            max={10_000}
            required
            value={uses}
            onInput={(event) => setUses(event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label={t.days} hint={t.daysHint}>
        {(marks) => (
          <input
            {...marks}
            type="number"
            min={1}
            max={365}
            required
            value={days}
            onInput={(event) => setDays(event.currentTarget.value)}
          />
        )}
      </Field>
      <button type="submit" class="main" disabled={action.busy}>
        {t.createToken}
      </button>
      {action.error === undefined ? null : <Failure error={action.error} />}
    </form>
  );
}

/** Everything a silent installation needs, so that nobody copies a thumbprint by hand. */
function SetupFile({ token, serverKey }: CreatedToken): JSX.Element {
  const { t } = useSpeech();
  const content = JSON.stringify({ server: location.origin, serverKey, token }, null, 2);
  return (
    <>
      <p>
        <a
          class="button-link"
          download="kits-agent-setup.json"
          href={`data:application/json;charset=utf-8,${encodeURIComponent(`${content}\n`)}`}
        >
          {t.setupFile}
        </a>
      </p>
      <p>{t.setupFileHint}</p>
    </>
  );
}

interface TokenTableProps {
  readonly tokens: readonly EnrolmentToken[];
  readonly revoke: (token: EnrolmentToken) => void;
}

function TokenTable({ tokens, revoke }: TokenTableProps): JSX.Element {
  const { t, format } = useSpeech();
  const { mayChange } = useSignedIn();
  const condition = ({ revokedAt, expiresAt, usesLeft }: EnrolmentToken): string => {
    if (revokedAt !== null) return t.tokenRevoked;
    // Nonsense in the date falls on the side of "expired".
    if (!(Date.parse(expiresAt) > Date.now())) return t.tokenExpired;
    return usesLeft === 0 ? t.tokenUsedUp : t.tokenUsable;
  };
  const columns: Column<EnrolmentToken>[] = [
    { id: 'municipality', header: t.municipality, names: true, cell: ({ municipality }) => municipality.name },
    { id: 'condition', header: t.condition, cell: condition },
    { id: 'uses', header: t.usesLeft, numeric: true, cell: ({ usesLeft }) => format.number(usesLeft) },
    { id: 'expires', header: t.expires, cell: ({ expiresAt }) => <When at={expiresAt} as="both" /> },
    { id: 'created', header: t.created, cell: ({ createdAt }) => <When at={createdAt} as="date" /> },
    {
      id: 'actions',
      header: t.actions,
      cell: (token) =>
        mayChange && condition(token) === t.tokenUsable ? (
          <button type="button" onClick={() => revoke(token)}>
            {t.revoke}
            <span class="unseen">: {token.municipality.name}</span>
          </button>
        ) : (
          <span class="muted">–</span>
        ),
    },
  ];
  return <Table caption={t.existingTokens} columns={columns} rows={tokens} keyOf={({ id }) => id} />;
}

export function TokensPage(): JSX.Element {
  const { t } = useSpeech();
  const { mayChange } = useSignedIn();
  const municipalities = useResource<{ items: Municipality[] }>('municipalities');
  const tokens = useResource<{ items: EnrolmentToken[] }>('tokens');
  const [made, setMade] = useState<CreatedToken>();
  const [doomed, setDoomed] = useState<EnrolmentToken>();
  return (
    <Page title={t.tokens} lead={t.tokensLead}>
      {mayChange ? (
        <Loaded resource={municipalities}>
          {({ items }) => (
            <CreateForm
              municipalities={items}
              made={(token) => {
                setMade(token);
                tokens.reload();
              }}
            />
          )}
        </Loaded>
      ) : null}
      {made === undefined ? null : (
        <NewSecret secret={made.token}>
          <SetupFile {...made} />
        </NewSecret>
      )}
      <h2>{t.existingTokens}</h2>
      <Loaded resource={tokens}>
        {({ items }) =>
          items.length === 0 ? <Empty title={t.noToken} /> : <TokenTable tokens={items} revoke={setDoomed} />
        }
      </Loaded>
      {doomed === undefined ? null : (
        <Confirm
          title={t.revokeTitle}
          text={t.revokeText(doomed.municipality.name)}
          verb={t.revoke}
          grave
          act={async () => {
            await change(`tokens/${doomed.id}`, { method: 'DELETE' });
            if (made?.id === doomed.id) setMade(undefined);
            announce(t.revoked);
            tokens.reload();
          }}
          close={() => setDoomed(undefined)}
        />
      )}
    </Page>
  );
}
