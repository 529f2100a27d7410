/** How one device is backed up: its jobs, their runs as a time line, and what the backup server says of it. */
import type { JSX } from 'preact';
import type { BackupFacts, BackupJob } from '../../../agent/contract/facts/backup.ts';
import type { BackupRun, DeviceBackup, DeviceSection, TargetEvidence } from '../../api/contract.ts';
import { productTones } from '../backup-answer.ts';
import { type DayResult, type JobLine, jobLines, momentOf } from '../backup-runs.ts';
import { factValue } from '../facts.ts';
import { Empty, Loaded } from '../parts/load-state.tsx';
import { ToneMark } from '../parts/state-mark.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { useResource } from '../resource.ts';
import { useSpeech } from '../speech.ts';
import { RestoreTests } from './restore-tests.tsx';

type Product = BackupFacts['products'][number];
interface JobRow {
  readonly product: Product;
  /** Undefined: the product tells of none. */
  readonly job: BackupJob | undefined;
}

function jobRows({ products }: BackupFacts): JobRow[] {
  return products.flatMap((product): JobRow[] =>
    product.jobs.length === 0 ? [{ product, job: undefined }] : product.jobs.map((job) => ({ product, job })),
  );
}

function State({ product, job }: JobRow): JSX.Element {
  const { t } = useSpeech();
  if (product.kind !== 'backup') return <ToneMark tone="plain" word={t.notABackup} />;
  const state = !product.installed
    ? 'removed'
    : job === undefined
      ? 'unknown'
      : job.enabled === false
        ? 'disabled'
        : job.state;
  return <ToneMark tone={productTones[state]} word={t.productState[state]} />;
}

function Notes({ product, job }: JobRow): JSX.Element | null {
  const { t, facts } = useSpeech();
  const reasons = [...new Set([...(job?.reasons ?? []), ...product.reasons])];
  const notes = [
    ...reasons.map((reason) => factValue('reasons', reason, facts)),
    ...(job?.writableBy === 'user' ? [t.writableByUser] : []),
  ];
  return notes.length === 0 ? null : <div class="second">{notes.join(' ')}</div>;
}

function Jobs({ backup }: { readonly backup: BackupFacts }): JSX.Element {
  const { t } = useSpeech();
  const columns: Column<JobRow>[] = [
    {
      id: 'job',
      header: t.backupJob,
      names: true,
      cell: ({ product, job }) => (
        <>
          {job?.name ?? product.name}
          <div class="second">
            {job === undefined ? t.noJobs : [product.name, product.version].filter(Boolean).join(' ')}
          </div>
        </>
      ),
    },
    {
      id: 'state',
      header: t.backupState,
      cell: (row) => (
        <div>
          <State {...row} />
          <Notes {...row} />
        </div>
      ),
    },
    {
      id: 'success',
      header: t.lastSuccess,
      cell: ({ job }) =>
        job?.lastSuccess === undefined ? (
          <span class="muted">{t.noneProven}</span>
        ) : (
          <When at={job.lastSuccess.endedAt} as="both" />
        ),
    },
    {
      id: 'target',
      header: t.backupTarget,
      cell: ({ job }) =>
        job === undefined || job.targets.length === 0 ? (
          <span class="muted">{t.none}</span>
        ) : (
          <div>
            {job.targets.map(({ kind, name }) => (
              <div key={`${kind} ${name}`} class="breakable">
                {[t.targetKind[kind], name].filter(Boolean).join(': ')}
              </div>
            ))}
            {job.encrypted === undefined ? null : (
              <div class="second">{job.encrypted ? t.encrypted : t.notEncrypted}</div>
            )}
          </div>
        ),
    },
    {
      id: 'next',
      header: t.nextRun,
      cell: ({ job }) => (
        <div>
          {job?.nextRunAt === undefined ? <span class="muted">{t.none}</span> : <When at={job.nextRunAt} as="date" />}
          {job?.schedule === undefined ? null : <div class="second">{job.schedule}</div>}
        </div>
      ),
    },
  ];
  const keyOf = ({ product, job }: JobRow): string => `${product.id} ${job?.id}`;
  return <Table caption={t.backupJobs} columns={columns} rows={jobRows(backup)} keyOf={keyOf} />;
}

/** One mark a day; what it says stands in words beside it. */
function Strip({ days }: Pick<JobLine, 'days'>): JSX.Element {
  return (
    <svg class="strip" viewBox={`0 0 ${days.length * 10} 20`} aria-hidden="true" focusable="false">
      {days.map(({ day, result }, index) => (
        <path key={day} class={`strip-${result}`} transform={`translate(${index * 10} 0)`} d={marks[result]} />
      ))}
    </svg>
  );
}

/** Height tells them apart without colour: whole is good, half is not, a low line is a day without a run. */
const marks: Readonly<Record<DayResult, string>> = {
  success: 'M1 1h8v18H1z',
  warning: 'M5 1 9 19H1z',
  failed: 'M1 2 3 0l2 2 2-2 2 2v16l-2 2-2-2-2 2-2-2z',
  cancelled: 'M1 8h8v11H1z',
  running: 'M1 12h8v7H1z',
  unknown: 'M1 1h8v18H1zM3 3v14h4V3z',
  none: 'M1 17h8v2H1z',
};

function Runs({ runs }: { readonly runs: readonly BackupRun[] }): JSX.Element {
  const { t } = useSpeech();
  const columns: Column<BackupRun>[] = [
    {
      id: 'ended',
      header: t.runEnded,
      names: true,
      cell: ({ endedAt }) => (endedAt === null ? <span class="muted">{t.none}</span> : <When at={endedAt} as="date" />),
    },
    {
      id: 'started',
      header: t.runStarted,
      cell: ({ startedAt }) =>
        startedAt === null ? <span class="muted">{t.none}</span> : <When at={startedAt} as="date" />,
    },
    {
      id: 'result',
      header: t.runResult,
      cell: ({ result, code }) => (
        <div>
          <ToneMark tone={productTones[result]} word={t.productState[result]} />
          {code === null ? null : <div class="second breakable">{code}</div>}
        </div>
      ),
    },
    {
      id: 'evidence',
      header: t.evidence,
      cell: ({ evidence }) => (
        <div>
          {evidence.source}
          <div class="second breakable">
            {[t.evidenceKind[evidence.kind as keyof typeof t.evidenceKind], evidence.reference]
              .filter(Boolean)
              .join(' · ')}
          </div>
        </div>
      ),
    },
  ];
  const keyOf = (run: BackupRun): string => `${run.startedAt} ${run.endedAt}`;
  return <Table caption={t.runsOf(runs.length)} columns={columns} rows={runs} keyOf={keyOf} />;
}

function Line({ line }: { readonly line: JobLine }): JSX.Element {
  const { t, format } = useSpeech();
  const [newest] = line.runs;
  const counted = (Object.keys(t.runCount) as BackupRun['result'][]).flatMap((result) => {
    const count = line.counts[result] ?? 0;
    return count === 0 ? [] : [t.runCount[result](count)];
  });
  return (
    <li class="job-line">
      <h4>
        {line.job} <span class="second">{line.product}</span>
      </h4>
      <Strip days={line.days} />
      <p class="strip-ends second" aria-hidden="true">
        <span>{format.day(line.days[0]?.day ?? '')}</span>
        <span>{t.today}</span>
      </p>
      <p>
        {counted.length === 0 ? t.noRunInTime : counted.join(', ')}
        {newest === undefined ? null : (
          <span class="muted">
            {' '}
            · {t.lastRun}: <When at={momentOf(newest)} as="both" />
          </span>
        )}
      </p>
      <details>
        <summary>{t.runsOf(line.runs.length)}</summary>
        <Runs runs={line.runs} />
      </details>
    </li>
  );
}

function TargetWords({ evidence }: { readonly evidence: readonly TargetEvidence[] }): JSX.Element {
  const { t, format } = useSpeech();
  if (evidence.length === 0) return <p class="muted">{t.noTargetWord}</p>;
  const columns: Column<TargetEvidence>[] = [
    {
      id: 'server',
      header: t.serverName,
      names: true,
      cell: ({ server, source }) => (
        <>
          {server.name}
          {source === '' ? null : <div class="second">{source}</div>}
        </>
      ),
    },
    { id: 'newest', header: t.newestPoint, cell: ({ newestAt }) => <When at={newestAt} as="both" /> },
    {
      id: 'points',
      header: t.restorePoints,
      numeric: true,
      cell: ({ restorePoints }) => (restorePoints === null ? '–' : format.number(restorePoints)),
    },
    {
      id: 'size',
      header: t.pointSize,
      numeric: true,
      cell: ({ bytes }) => (bytes === null ? '–' : format.bytes(bytes)),
    },
    { id: 'said', header: t.said, cell: ({ receivedAt }) => <When at={receivedAt} as="both" /> },
  ];
  const keyOf = ({ server, source }: TargetEvidence): string => `${server.id} ${source}`;
  return <Table caption={t.targetSays} columns={columns} rows={evidence} keyOf={keyOf} />;
}

interface DeviceBackupProps {
  readonly id: string;
  readonly sections: readonly DeviceSection[];
  /** Something was entered or withdrawn: the checks of the device are others now. */
  readonly changed: (words: string) => void;
}

export function DeviceBackupPart({ id, sections, changed }: DeviceBackupProps): JSX.Element {
  const { t } = useSpeech();
  const resource = useResource<DeviceBackup>(`devices/${id}/backup`);
  // The server keeps only facts that fit their schema.
  const backup = sections.find((section) => section.id === 'backup')?.data as BackupFacts | undefined;
  return (
    <section class="backup-part" aria-labelledby="backup">
      <h2 id="backup">{t.deviceBackup}</h2>
      {backup === undefined ? (
        <Empty title={t.noBackupFacts} />
      ) : backup.products.length === 0 ? (
        <Empty title={t.noBackupProduct} />
      ) : (
        <Jobs backup={backup} />
      )}
      <Loaded resource={resource}>
        {({ runs, evidence }) => (
          <>
            <h3>{t.timeline}</h3>
            {runs.length === 0 ? (
              <p class="muted">{t.noRuns}</p>
            ) : (
              <ul class="job-lines">
                {jobLines(runs, new Date()).map((line) => (
                  <Line key={line.key} line={line} />
                ))}
              </ul>
            )}
            <h3>{t.targetSays}</h3>
            <TargetWords evidence={evidence} />
          </>
        )}
      </Loaded>
      <RestoreTests id={id} products={backup?.products ?? []} changed={changed} />
    </section>
  );
}
