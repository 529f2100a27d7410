/** Versions of the agent: the answer first, then what runs where, then the releases on offer. */
import type { JSX } from 'preact';
import type { AgentVersion, Municipality, PublishedRelease, VersionOverview } from '../../api/contract.ts';
import { idOrNothing, listAddress, withoutDefaults } from '../list-query.ts';
import { Choice } from '../parts/field.tsx';
import { Empty, Loaded } from '../parts/load-state.tsx';
import { Page } from '../parts/page.tsx';
import { StateShape, type Tone, ToneMark } from '../parts/state-mark.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { useResource } from '../resource.ts';
import { Link, navigate, usePlace } from '../router.tsx';
import { useSpeech } from '../speech.ts';
import { versionLight, versionSentences } from '../version-answer.ts';

const rings = ['early', 'regular', 'late'] as const;
/** Worst first. */
const standings = ['failed', 'stale', 'waiting', 'unknown', 'settled', 'byOthers'] as const;
const tones: Record<(typeof standings)[number], Tone> = {
  failed: 'attention',
  stale: 'attention',
  waiting: 'plain',
  unknown: 'unknown',
  settled: 'ok',
  byOthers: 'plain',
};
const releaseTones = { valid: 'ok', 'expires-soon': 'attention', expired: 'attention' } as const;
/** More municipalities than these are only counted in a row. */
const namedInRow = 3;

function Filter({ municipality }: { readonly municipality: string }): JSX.Element | null {
  const { t } = useSpeech();
  const municipalities = useResource<{ items: Municipality[] }>('municipalities').data?.items ?? [];
  if (municipalities.length < 2 && municipality === '') return null;
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <Choice
        label={t.municipality}
        value={municipality}
        choices={[['', t.all], ...municipalities.map(({ id, name }) => [id, name] as const)]}
        choose={(chosen) => navigate(`/versionen${withoutDefaults([['gemeinde', chosen, '']])}`)}
      />
    </form>
  );
}

function Answer({ overview }: { readonly overview: VersionOverview }): JSX.Element {
  const { t, format } = useSpeech();
  const light = versionLight(overview);
  const [first, ...further] = versionSentences(overview, t, format);
  return (
    <p class={`answer answer-${light}`}>
      <StateShape light={light} />
      <span>
        <strong>{first}</strong>
        <span class="answer-age">{further.join(' ')}</span>
      </span>
    </p>
  );
}

function Running({ versions, only }: { readonly versions: readonly AgentVersion[]; only: string }): JSX.Element {
  const { t, format } = useSpeech();
  const columns: Column<AgentVersion>[] = [
    {
      id: 'version',
      header: t.version,
      names: true,
      cell: ({ version }) => (
        <Link to={listAddress({ version, municipality: only })} class="row-link">
          {version}
        </Link>
      ),
    },
    { id: 'devices', header: t.devices, numeric: true, cell: ({ devices }) => format.number(devices) },
    {
      id: 'update',
      header: t.selfUpdateState,
      cell: ({ update, rolledBack }) => (
        <ul>
          {rolledBack === 0 ? null : (
            <li>
              <ToneMark tone="attention" word={`${format.number(rolledBack)} ${t.rolledBack}`} />
            </li>
          )}
          {standings
            .filter((standing) => update[standing] > 0)
            .map((standing) => (
              <li key={standing}>
                <ToneMark
                  tone={tones[standing]}
                  word={`${format.number(update[standing])} ${t.updateStanding[standing]}`}
                />
              </li>
            ))}
        </ul>
      ),
    },
    {
      id: 'municipalities',
      header: t.distribution,
      cell: ({ version, municipalities }) => (
        <ul>
          {municipalities.slice(0, namedInRow).map(({ id, name, devices }) => (
            <li key={id}>
              <Link to={listAddress({ version, municipality: id })} class="row-link">
                {name}
              </Link>{' '}
              <span class="muted">{format.number(devices)}</span>
            </li>
          ))}
          {municipalities.length <= namedInRow ? null : (
            <li class="muted">{t.furtherMunicipalities(municipalities.length - namedInRow)}</li>
          )}
        </ul>
      ),
    },
    {
      id: 'rings',
      header: t.rings,
      cell: (version) => (
        <ul>
          {rings
            .filter((ring) => version.rings[ring] > 0)
            .map((ring) => (
              <li key={ring}>
                {t.ringName[ring]} <span class="muted">{format.number(version.rings[ring])}</span>
              </li>
            ))}
        </ul>
      ),
    },
  ];
  return <Table caption={t.runningVersions} columns={columns} rows={versions} keyOf={({ version }) => version} />;
}

function Releases({ releases }: { readonly releases: readonly PublishedRelease[] }): JSX.Element {
  const { t, format } = useSpeech();
  const columns: Column<PublishedRelease>[] = [
    {
      id: 'version',
      header: t.version,
      names: true,
      cell: ({ version, platform, sequence, minimumVersion }) => (
        <>
          {version} {t.platformName[platform]}
          <div class="second">{`${t.releaseNumber(sequence)} · ${t.fromVersion(minimumVersion)}`}</div>
        </>
      ),
    },
    {
      id: 'validity',
      header: t.releaseValidity,
      cell: ({ standing, newest, expiresAt }) => (
        <>
          <ToneMark tone={newest ? releaseTones[standing] : 'plain'} word={t.releaseStanding[standing]} />
          <div class="second">
            {t.expires} <When at={expiresAt} as="date" />
          </div>
        </>
      ),
    },
    {
      id: 'rollout',
      header: t.rolledOutTo,
      cell: ({ rollouts }) =>
        rollouts.length === 0 ? (
          <span class="muted">{t.offeredToNobody}</span>
        ) : (
          <ul>
            {rollouts.map(({ municipality, ring, percent }) => (
              <li key={`${municipality?.id} ${ring}`}>
                {format.number(percent)} %{' '}
                <span class="muted">
                  {municipality?.name ?? t.everywhere}, {ring === null ? t.everyRing : t.ringName[ring]}
                </span>
              </li>
            ))}
          </ul>
        ),
    },
    { id: 'published', header: t.published, cell: ({ publishedAt }) => <When at={publishedAt} as="date" /> },
  ];
  return <Table caption={t.releases} columns={columns} rows={releases} keyOf={({ sequence }) => String(sequence)} />;
}

export function VersionsPage(): JSX.Element {
  const { t } = useSpeech();
  const { search } = usePlace();
  const municipality = idOrNothing(new URLSearchParams(search).get('gemeinde'));
  const resource = useResource<VersionOverview>(`versions${withoutDefaults([['municipality', municipality, '']])}`, {
    keep: true,
  });
  return (
    <Page title={t.agentVersions} lead={t.agentVersionsLead}>
      <Filter municipality={municipality} />
      <Loaded resource={resource}>
        {(overview) => (
          <>
            <Answer overview={overview} />
            <h2>{t.runningVersions}</h2>
            {overview.versions.length === 0 ? (
              <Empty title={t.noVersion} />
            ) : (
              <Running versions={overview.versions} only={municipality} />
            )}
            <h2>{t.releases}</h2>
            {overview.releases.length === 0 ? (
              <Empty title={t.noRelease} hint={t.noReleaseHint} />
            ) : (
              <Releases releases={overview.releases} />
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}
