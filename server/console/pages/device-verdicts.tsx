/** What the rules say of a device: a sentence each, the readings behind it one step away. */
import type { JSX } from 'preact';
import { pathName } from '../../../agent/contract/words/names.ts';
import type { Device, ExplainedVerdict } from '../../api/contract.ts';
import { exceptionAddress } from '../control-query.ts';
import { factValue, sectionName } from '../facts.ts';
import { urgentFirst, verdictLight } from '../fleet.ts';
import { Empty } from '../parts/load-state.tsx';
import { ToneMark } from '../parts/state-mark.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { Link } from '../router.tsx';
import { useSignedIn } from '../signed-in.ts';
import { useSpeech } from '../speech.ts';

type Evidence = ExplainedVerdict['evidence'][number];

/** "volumes[0].freeBytes" is a reading in bytes: the last name in the path says the unit. */
function fieldOf(path: string): string {
  return /([A-Za-z]+)(\[\d+\])?$/.exec(path)?.[1] ?? path;
}

function EvidenceTable({ verdict }: { readonly verdict: ExplainedVerdict }): JSX.Element {
  const { t, language, facts } = useSpeech();
  const columns: Column<Evidence>[] = [
    { id: 'section', header: t.section, cell: ({ section }) => sectionName(section, language) },
    {
      id: 'field',
      header: t.field,
      cell: ({ section, path }) => (
        <>
          {pathName(section, path, language)}
          <div class="second">
            <code class="breakable">{path}</code>
          </div>
        </>
      ),
    },
    { id: 'value', header: t.value, cell: ({ path, value }) => factValue(fieldOf(path), value, facts) },
  ];
  return (
    <Table
      caption={`${t.evidence}: ${verdict.title[language]}`}
      columns={columns}
      rows={verdict.evidence}
      keyOf={({ section, path }) => `${section} ${path}`}
    />
  );
}

/** What an exception needs to know of the device. */
type Holder = Pick<Device, 'id' | 'municipality'>;

interface VerdictProps {
  readonly verdict: ExplainedVerdict;
  readonly device: Holder;
}

/** From what is not as it should be to the form of an exception, and from what is exempt to the list. */
function ExceptionLink({ verdict, device }: VerdictProps): JSX.Element | null {
  const { t, language } = useSpeech();
  const { mayChange } = useSignedIn();
  const about = <span class="unseen">: {verdict.title[language]}</span>;
  if (verdict.verdict === 'exempt') {
    return (
      <Link class="exception-link" to={exceptionAddress({ municipality: device.municipality.id, state: 'active' })}>
        {t.showException}
        {about}
      </Link>
    );
  }
  if (verdict.verdict === 'met' || !mayChange) return null;
  return (
    <Link class="exception-link" to={exceptionAddress({ rule: verdict.ruleId, device: device.id })}>
      {t.askException}
      {about}
    </Link>
  );
}

export function VerdictEntry({ verdict, device }: VerdictProps): JSX.Element {
  const { t, language } = useSpeech();
  const remark = verdict.verdict === 'not-met' && verdict.severity === 'info';
  // What is exempt is not as it should be: it is neither green nor red.
  const tone = verdict.verdict === 'exempt' ? 'plain' : verdictLight(verdict);
  return (
    <li class="verdict">
      <div class="verdict-head">
        <h3>{verdict.title[language]}</h3>
        <ToneMark tone={tone} word={remark ? t.hint : t.verdict[verdict.verdict]} />
      </div>
      <p>{verdict.explanation[language]}</p>
      <div class="verdict-foot">
        <details>
          <summary>{t.evidence}</summary>
          <p class="second">
            {t.since} <When at={verdict.since} as="both" /> · {t.code}{' '}
            <code>
              {verdict.ruleId}/{verdict.reason}
            </code>
          </p>
          {verdict.evidence.length === 0 ? <p>{t.noEvidence}</p> : <EvidenceTable verdict={verdict} />}
        </details>
        <ExceptionLink verdict={verdict} device={device} />
      </div>
    </li>
  );
}

interface DeviceVerdictsProps {
  readonly verdicts: readonly ExplainedVerdict[];
  readonly device: Holder;
}

export function DeviceVerdicts({ verdicts, device }: DeviceVerdictsProps): JSX.Element {
  const { t } = useSpeech();
  return (
    <section aria-labelledby="verdicts">
      <h2 id="verdicts">{t.verdicts}</h2>
      {verdicts.length === 0 ? (
        <Empty title={t.verdictSummary.nothing} />
      ) : (
        <ul class="verdicts">
          {urgentFirst(verdicts).map((verdict) => (
            <VerdictEntry key={verdict.ruleId} verdict={verdict} device={device} />
          ))}
        </ul>
      )}
    </section>
  );
}
