/** The answer of the page of backups: how many are well, how old, with what, and what is behind it. */
import type { JSX } from 'preact';
import type { BackupAge, BackupCounts, BackupOverview } from '../../api/contract.ts';
import { backupLight, backupSentences, backupTones, productHeaps } from '../backup-answer.ts';
import {
  backupAddress,
  backupAges,
  backupLights,
  backupPresences,
  restoreTestStates,
  twoSidedStates,
} from '../backup-query.ts';
import { backupReason } from '../backup-reasons.ts';
import { factValue } from '../facts.ts';
import { Histogram } from '../parts/histogram.tsx';
import { Shares } from '../parts/shares.tsx';
import { StateShape, type Tone, ToneMark } from '../parts/state-mark.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Link } from '../router.tsx';
import { useSpeech } from '../speech.ts';

interface PartProps {
  readonly overview: BackupOverview;
  /** Id, or '' for all that the person looks after. */
  readonly municipality: string;
}

const ageTones: Readonly<Record<BackupAge, Tone>> = {
  upTo1Day: 'ok',
  upTo3Days: 'ok',
  upTo7Days: 'attention',
  upTo30Days: 'critical',
  older: 'critical',
  none: 'unknown',
};
const presenceTones = { none: 'critical', hint: 'unknown', unknown: 'unknown', present: 'ok' } as const;
const twoSidedTones = { disagree: 'critical', unknown: 'unknown', silent: 'plain', agree: 'ok' } as const;
const restoreTones = { due: 'attention', unknown: 'unknown', exempt: 'plain', inTime: 'ok' } as const;

function Groups({ overview: { total }, municipality }: PartProps): JSX.Element {
  const { t } = useSpeech();
  return (
    <div class="share-groups">
      <Shares
        title={t.backupState}
        shares={backupLights.map((light) => ({
          tone: backupTones[light],
          word: t.backupLightName[light],
          count: total.states[light],
          to: backupAddress({ municipality, light }),
        }))}
      />
      <Histogram
        title={t.backupAge}
        bars={backupAges.map((age) => ({
          tone: ageTones[age],
          word: t.backupAgeName[age],
          count: total.freshness[age],
          to: backupAddress({ municipality, age }),
        }))}
      />
      <Shares
        title={t.backupPresence}
        shares={backupPresences.map((presence) => ({
          tone: presenceTones[presence],
          word: t.backupPresenceName[presence],
          count: total.presence[presence],
          to: backupAddress({ municipality, presence }),
        }))}
      />
      <Shares
        title={t.twoSided}
        shares={twoSidedStates.map((twoSided) => ({
          tone: twoSidedTones[twoSided],
          word: t.twoSidedName[twoSided],
          count: total.twoSided[twoSided],
          to: backupAddress({ municipality, twoSided }),
        }))}
      />
      <Shares
        title={t.restoreTest}
        shares={restoreTestStates.map((restoreTest) => ({
          tone: restoreTones[restoreTest],
          word: t.restoreTestName[restoreTest],
          count: total.restoreTests[restoreTest],
          to: backupAddress({ municipality, restoreTest }),
        }))}
      />
    </div>
  );
}

function Reasons({ overview: { reasons }, municipality }: PartProps): JSX.Element {
  const { t, language, format } = useSpeech();
  type Reason = BackupOverview['reasons'][number];
  const columns: Column<Reason>[] = [
    {
      id: 'reason',
      header: t.reason,
      names: true,
      cell: ({ light, reason }) => (
        <Link to={backupAddress({ municipality, light, reason })} class="row-link">
          {backupReason(reason, language)}
        </Link>
      ),
    },
    {
      id: 'light',
      header: t.backupState,
      cell: ({ light }) => <ToneMark tone={backupTones[light]} word={t.backupLightName[light]} />,
    },
    { id: 'rule', header: t.rule, cell: ({ title }) => title[language] },
    { id: 'devices', header: t.devices, numeric: true, cell: ({ devices }) => format.number(devices) },
  ];
  const keyOf = ({ light, ruleId, reason }: Reason): string => `${light} ${ruleId} ${reason}`;
  return <Table caption={t.backupReasons} columns={columns} rows={reasons} keyOf={keyOf} />;
}

function Products({ overview: { products }, municipality }: PartProps): JSX.Element {
  const { t, format, facts } = useSpeech();
  type Product = BackupOverview['products'][number];
  const heap = (id: string, header: string, of: (product: Product) => number): Column<Product> => ({
    id,
    header,
    numeric: true,
    cell: (product) => <span class={of(product) === 0 ? 'muted' : undefined}>{format.number(of(product))}</span>,
  });
  /** What is no backup neither succeeds nor fails as one. */
  const ofBackup = (id: string, header: string, of: (product: Product) => number): Column<Product> => {
    const column = heap(id, header, of);
    return {
      ...column,
      cell: (product) => (product.kind === 'backup' ? column.cell(product) : <span class="muted">–</span>),
    };
  };
  const columns: Column<Product>[] = [
    {
      id: 'name',
      header: t.backupProduct,
      names: true,
      cell: ({ id, name, kind }) => (
        <>
          <Link to={backupAddress({ municipality, product: id })} class="row-link">
            {name}
          </Link>
          {kind === 'backup' ? null : <div class="second">{factValue('kind', kind, facts)}</div>}
        </>
      ),
    },
    heap('devices', t.devices, ({ devices }) => devices),
    ofBackup('good', t.productGood, ({ states }) => productHeaps(states).good),
    ofBackup('bad', t.productBad, ({ states }) => productHeaps(states).bad),
    ofBackup('open', t.productOpen, ({ states }) => productHeaps(states).open),
  ];
  return <Table caption={t.backupProducts} columns={columns} rows={products} keyOf={({ id }) => id} />;
}

function Places({ places }: { readonly places: BackupOverview['municipalities'] }): JSX.Element {
  const { t, format } = useSpeech();
  type Place = (typeof places)[number];
  const number = (id: string, header: string, of: (counts: BackupCounts) => number): Column<Place> => ({
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
        <div class="device-name">
          <Link to={backupAddress({ municipality: id })} class="row-link">
            {name}
          </Link>
        </div>
      ),
    },
    number('devices', t.devices, ({ devices }) => devices),
    number('lacking', t.lacking, ({ states }) => states.critical + states.attention),
    number('unknown', t.stateUnknown, ({ states }) => states.unknown),
    number('none', t.withoutAnyBackup, ({ presence }) => presence.none),
    number('contradiction', t.contradiction, ({ twoSided }) => twoSided.disagree),
    number('tested', t.testedInTime, ({ restoreTests }) => restoreTests.inTime),
  ];
  return <Table caption={t.byMunicipalityTable} columns={columns} rows={places} keyOf={({ id }) => id} />;
}

interface FoldProps {
  readonly title: string;
  readonly gist?: string;
  readonly children: JSX.Element;
}

/** A part one step behind the answer. */
function Fold({ title, gist = '', children }: FoldProps): JSX.Element {
  return (
    <details class="section">
      <summary>
        <h3>{title}</h3>
        <span class="gist">{gist}</span>
      </summary>
      <div class="section-body">{children}</div>
    </details>
  );
}

export function BackupAnswer({ overview, municipality }: PartProps): JSX.Element {
  const { t } = useSpeech();
  const { total, municipalities, products, reasons } = overview;
  const light = backupLight(total);
  const [first, ...further] = backupSentences(total, t);
  return (
    <>
      <p class={`answer answer-${light}`}>
        <StateShape light={light} />
        <span>
          <strong>{first}</strong>
          <span class="answer-age">{further.join(' ')}</span>
        </span>
      </p>
      {total.devices === 0 ? null : <Groups overview={overview} municipality={municipality} />}
      {reasons.length === 0 ? null : (
        <Fold title={t.backupReasons} gist={t.backupReasonsGist(reasons.length)}>
          <Reasons overview={overview} municipality={municipality} />
        </Fold>
      )}
      {products.length === 0 ? null : (
        <Fold title={t.backupProducts} gist={t.backupProductsGist(products.length)}>
          <Products overview={overview} municipality={municipality} />
        </Fold>
      )}
      {municipalities.length < 2 ? null : (
        <Fold title={t.byMunicipalityTable}>
          <Places places={municipalities} />
        </Fold>
      )}
    </>
  );
}
