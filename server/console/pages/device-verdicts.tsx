/** What the rules say of a device: a sentence each, the readings behind it one step away. */
import type { JSX } from 'preact';
import type { ExplainedVerdict } from '../../api/contract.ts';
import { factValue, pathName, sectionName } from '../facts.ts';
import { urgentFirst, verdictLight } from '../fleet.ts';
import { Empty } from '../parts/load-state.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
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

function VerdictEntry({ verdict }: { readonly verdict: ExplainedVerdict }): JSX.Element {
  const { t, language } = useSpeech();
  const remark = verdict.verdict === 'not-met' && verdict.severity === 'info';
  return (
    <li class="verdict">
      <div class="verdict-head">
        <h3>{verdict.title[language]}</h3>
        <StateMark light={verdictLight(verdict)} word={remark ? t.hint : t.verdict[verdict.verdict]} />
      </div>
      <p>{verdict.explanation[language]}</p>
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
    </li>
  );
}

export function DeviceVerdicts({ verdicts }: { readonly verdicts: readonly ExplainedVerdict[] }): JSX.Element {
  const { t } = useSpeech();
  return (
    <section aria-labelledby="verdicts">
      <h2 id="verdicts">{t.verdicts}</h2>
      {verdicts.length === 0 ? (
        <Empty title={t.verdictSummary.nothing} />
      ) : (
        <ul class="verdicts">
          {urgentFirst(verdicts).map((verdict) => (
            <VerdictEntry key={verdict.ruleId} verdict={verdict} />
          ))}
        </ul>
      )}
    </section>
  );
}
