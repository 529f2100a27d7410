/** The sections of a device with their facts, drawn from the facts themselves: a new section needs nothing here. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { fieldName } from '../../../agent/contract/words/names.ts';
import type { DeviceSection } from '../../api/contract.ts';
import {
  columnsOf,
  factValue,
  fieldsOf,
  inline,
  inUsualOrder,
  isScalar,
  problemSentence,
  sectionName,
} from '../facts.ts';
import { matches, sectionGist } from '../gist.ts';
import { Field } from '../parts/field.tsx';
import { Empty } from '../parts/load-state.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { useSpeech } from '../speech.ts';

/** A longer list gets a search and is cut until all of it is asked for. */
const shownAtFirst = 25;

interface FactsProps {
  readonly section: string;
  readonly field: string;
}

function Rows({ section, field, rows }: FactsProps & { readonly rows: readonly unknown[] }): JSX.Element {
  const { t, language, format, facts } = useSpeech();
  const [words, setWords] = useState('');
  const [all, setAll] = useState(false);
  const name = fieldName(section, field, language);
  const found = rows.filter((row) => matches(row, words, section, facts));
  const shown = all ? found : found.slice(0, shownAtFirst);
  const columns: Column<unknown>[] = columnsOf(rows).map((column, index) => ({
    id: column,
    header: fieldName(section, column, language),
    names: index === 0,
    cell: (row) => inline(section, column, new Map(fieldsOf(row)).get(column), facts),
  }));
  return (
    <>
      {rows.length <= shownAtFirst ? null : (
        <Field label={t.filterEntries}>
          {(marks) => (
            <input {...marks} type="search" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
          )}
        </Field>
      )}
      <Table caption={name} columns={columns} rows={shown} keyOf={(_, index) => String(index)} />
      {rows.length <= shownAtFirst ? null : (
        <p class="cut" role="status">
          {t.shownOf(format.number(shown.length), format.number(rows.length))}{' '}
          {shown.length === found.length ? null : (
            <button type="button" onClick={() => setAll(true)}>
              {t.showAll(format.number(found.length))}
            </button>
          )}
        </p>
      )}
    </>
  );
}

/** Facts of one object: single values as a list of terms, then its parts with a heading each. */
function Facts({ section, value }: { readonly section: string; readonly value: unknown }): JSX.Element {
  const { t, language, facts } = useSpeech();
  const fields = fieldsOf(value);
  const isShort = (entry: unknown): boolean => isScalar(entry) || (Array.isArray(entry) && entry.every(isScalar));
  const short = fields.filter(([, entry]) => isShort(entry));
  const long = fields.filter(([, entry]) => !isShort(entry));
  return (
    <>
      {short.length === 0 ? null : (
        <dl class="facts">
          {short.map(([field, entry]) => (
            <div key={field}>
              <dt>{fieldName(section, field, language)}</dt>
              <dd>
                {Array.isArray(entry) && entry.length === 0
                  ? t.emptyList
                  : isScalar(entry)
                    ? factValue(field, entry, facts)
                    : inline(section, field, entry, facts)}
              </dd>
            </div>
          ))}
        </dl>
      )}
      {long.map(([field, entry]) => (
        <div key={field} class="fact-part">
          <h4>{fieldName(section, field, language)}</h4>
          {Array.isArray(entry) ? (
            <Rows section={section} field={field} rows={entry} />
          ) : (
            <Facts section={section} value={entry} />
          )}
        </div>
      ))}
    </>
  );
}

function Problems({ problems, absent }: Pick<DeviceSection, 'problems'> & { readonly absent: boolean }): JSX.Element {
  const { t, language } = useSpeech();
  return (
    <div class="problems">
      {absent ? null : <h4>{t.problems}</h4>}
      <ul>
        {problems.map((problem) => (
          <li key={`${problem.code} ${problem.detail}`}>
            {problemSentence(problem.code, language)}
            <div class="second">
              <code>{problem.code}</code> · {problem.detail}
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A PC without battery has no gap: the machine has no such thing. */
function isAbsent({ state, problems }: DeviceSection): boolean {
  return state === 'missing' && problems.length > 0 && problems.every(({ code }) => code === 'not-present');
}

function SectionMark({ section }: { readonly section: DeviceSection }): JSX.Element | null {
  const { t } = useSpeech();
  if (isAbsent(section)) return <span class="muted">{t.notPresent}</span>;
  if (section.state === 'complete') return null;
  return (
    <StateMark light={section.state === 'partial' ? 'attention' : 'unknown'} word={t.sectionState[section.state]} />
  );
}

function Section({ section }: { readonly section: DeviceSection }): JSX.Element {
  const { t, language, format, facts } = useSpeech();
  const { data } = section;
  return (
    <details class="section">
      <summary>
        <h3>{sectionName(section.id, language)}</h3>
        <span class="gist">{sectionGist(section.id, data, t, facts)}</span>
        <SectionMark section={section} />
      </summary>
      <div class="section-body">
        {section.problems.length === 0 ? null : <Problems problems={section.problems} absent={isAbsent(section)} />}
        {data === undefined || data === null ? (
          <p>{section.state === 'missing' ? (section.problems.length === 0 ? t.noData : null) : t.notSent}</p>
        ) : (
          <Facts section={section.id} value={data} />
        )}
        <p class="second">
          {t.collected}: <When at={section.collectedAt} as="both" /> · {t.took}: {format.number(section.durationMs)} ms
        </p>
      </div>
    </details>
  );
}

export function DeviceFacts({ sections }: { readonly sections: readonly DeviceSection[] }): JSX.Element {
  const { t } = useSpeech();
  return (
    <section aria-labelledby="facts">
      <h2 id="facts">{t.facts}</h2>
      {sections.length === 0 ? <Empty title={t.noFacts} /> : null}
      {inUsualOrder(sections).map((section) => (
        <Section key={section.id} section={section} />
      ))}
    </section>
  );
}
