/** Programs that came, went or changed between two reports, folded by day so that a large update stays one line. */
import type { JSX } from 'preact';
import type { SoftwareChange } from '../../api/contract.ts';
import { Empty } from '../parts/load-state.tsx';
import { MorePages, usePages } from '../parts/more-pages.tsx';
import { When } from '../parts/when.tsx';
import { type ChangedDay, changesByDay } from '../software-days.ts';
import { useSpeech } from '../speech.ts';

interface ListProps {
  readonly title: string;
  /** All of them, also those that are not listed. */
  readonly count: number;
  readonly entries: readonly { readonly key: string; readonly name: string; readonly version: string }[];
}

function ProgramList({ title, count, entries }: ListProps): JSX.Element | null {
  const { t, format } = useSpeech();
  if (count === 0) return null;
  const further = count - entries.length;
  return (
    <>
      <h4>
        {title} ({format.number(count)})
      </h4>
      <ul class="programs">
        {entries.map(({ key, name, version }) => (
          <li key={key}>
            {name} <span class="second">{version}</span>
          </li>
        ))}
        {further <= 0 ? null : <li class="muted">{t.furtherPrograms(format.number(further))}</li>}
      </ul>
    </>
  );
}

function Change({ change }: { readonly change: SoftwareChange }): JSX.Element {
  const { t } = useSpeech();
  const { installed, updated, removed } = change;
  const keyOf = (name: string, architecture: string | null): string => `${name} ${architecture ?? ''}`;
  const named = ({ name, architecture, version }: (typeof installed.items)[number]) => ({
    key: `${keyOf(name, architecture)} ${version}`,
    name,
    version: version ?? '',
  });
  return (
    <>
      <p class="second">
        {t.received}: <When at={change.receivedAt} as="date" /> · {t.comparedWith}:{' '}
        <When at={change.comparedWith} as="date" />
      </p>
      <ProgramList title={t.programsInstalled} count={installed.count} entries={installed.items.map(named)} />
      <ProgramList
        title={t.programsUpdated}
        count={updated.count}
        entries={updated.items.map(({ name, architecture, from, to }) => ({
          key: `${keyOf(name, architecture)} ${from} ${to}`,
          name,
          version: `${from ?? t.none} → ${to ?? t.none}`,
        }))}
      />
      <ProgramList title={t.programsRemoved} count={removed.count} entries={removed.items.map(named)} />
    </>
  );
}

function Day({ day }: { readonly day: ChangedDay }): JSX.Element {
  const { t, format } = useSpeech();
  return (
    <details class="section">
      <summary>
        <h3>{format.day(day.day)}</h3>
        <span class="gist">{t.softwareGist(day.installed, day.updated, day.removed)}</span>
      </summary>
      <div class="section-body">
        {day.changes.map((change) => (
          <Change key={change.reportId} change={change} />
        ))}
      </div>
    </details>
  );
}

export function DeviceSoftware({ id }: { readonly id: string }): JSX.Element {
  const { t } = useSpeech();
  const pages = usePages<SoftwareChange>(`devices/${id}/software-changes?limit=20`);
  return (
    <section aria-labelledby="software-changes">
      <h2 id="software-changes">{t.softwareChanges}</h2>
      <MorePages pages={pages}>
        {(items) =>
          items.length === 0 ? (
            <Empty title={t.noSoftwareChange} />
          ) : (
            changesByDay(items).map((day) => <Day key={day.day} day={day} />)
          )
        }
      </MorePages>
    </section>
  );
}
