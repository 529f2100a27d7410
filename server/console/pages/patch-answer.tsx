/** The answer of the updates page: who lacks security updates, who waits for a restart, and how old that knowledge is. */
import type { JSX } from 'preact';
import type { PatchCounts, PatchOverview } from '../../api/contract.ts';
import { type Share, Shares } from '../parts/shares.tsx';
import { StateShape } from '../parts/state-mark.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { patchLight, patchSentences } from '../patch-answer.ts';
import { patchAddress } from '../patch-query.ts';
import { Link } from '../router.tsx';
import { useSpeech } from '../speech.ts';

type Place = PatchOverview['municipalities'][number];

function Scans({ counts: { security, restart, scan } }: { readonly counts: PatchCounts }): JSX.Element {
  const { t } = useSpeech();
  const groups: readonly (readonly [title: string, shares: readonly Share[]])[] = [
    [
      t.securityUpdates,
      [
        { tone: 'attention', word: t.someMissing, count: security.missing },
        { tone: 'unknown', word: t.light.unknown, count: security.unknown },
        { tone: 'ok', word: t.noneMissing, count: security.noneMissing },
      ],
    ],
    [
      t.restart,
      [
        { tone: 'attention', word: t.restartDue, count: restart.due },
        { tone: 'unknown', word: t.light.unknown, count: restart.unknown },
        { tone: 'ok', word: t.restartNotDue, count: restart.notDue },
      ],
    ],
    [
      t.scanAge,
      [
        { tone: 'critical', word: t.scanOld, count: scan.older },
        { tone: 'attention', word: t.scanAging, count: scan.upTo14Days },
        { tone: 'unknown', word: t.scanUnknown, count: scan.unknown },
        { tone: 'ok', word: t.scanFresh, count: scan.upTo3Days },
      ],
    ],
  ];
  return (
    <div class="share-groups">
      {groups.map(([title, shares]) => (
        <Shares key={title} title={title} shares={shares} />
      ))}
    </div>
  );
}

function Places({ places }: { readonly places: readonly Place[] }): JSX.Element {
  const { t, format } = useSpeech();
  const number = (id: string, header: string, of: (place: Place) => number): Column<Place> => ({
    id,
    header,
    numeric: true,
    cell: (place) => <span class={of(place) === 0 ? 'muted' : undefined}>{format.number(of(place))}</span>,
  });
  const columns: Column<Place>[] = [
    {
      id: 'name',
      header: t.municipality,
      names: true,
      cell: ({ id, name }) => (
        <Link to={patchAddress({ municipality: id })} class="row-link">
          {name}
        </Link>
      ),
    },
    number('devices', t.devices, ({ devices }) => devices),
    number('security', t.lackingSecurity, ({ security }) => security.missing),
    number('unknown', t.securityNotKnown, ({ security }) => security.unknown),
    number('restart', t.restartsDue, ({ restart }) => restart.due),
    number('scan', t.scanStale, ({ scan }) => scan.older + scan.unknown),
  ];
  return <Table caption={t.byMunicipalityTable} columns={columns} rows={places} keyOf={({ id }) => id} />;
}

export function PatchAnswer({ overview }: { readonly overview: PatchOverview }): JSX.Element {
  const { t, format } = useSpeech();
  const { total, municipalities } = overview;
  const light = patchLight(total);
  const [first, ...further] = patchSentences(total, t, format);
  return (
    <>
      <p class={`answer answer-${light}`}>
        <StateShape light={light} />
        <span>
          <strong>{first}</strong>
          <span class="answer-age">{further.join(' ')}</span>
        </span>
      </p>
      {total.devices === 0 ? null : <Scans counts={total} />}
      {municipalities.length < 2 ? null : (
        <details class="section">
          <summary>
            <h3>{t.byMunicipalityTable}</h3>
          </summary>
          <div class="section-body">
            <Places places={municipalities} />
          </div>
        </details>
      )}
    </>
  );
}
