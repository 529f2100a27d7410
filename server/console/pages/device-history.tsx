/** Which reports arrived, what changed with each, and which had gaps. */
import type { JSX } from 'preact';
import type { HistoryEntry } from '../../api/contract.ts';
import { sectionName } from '../facts.ts';
import { Empty } from '../parts/load-state.tsx';
import { MorePages, usePages } from '../parts/more-pages.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { useSignedIn } from '../signed-in.ts';
import { useSpeech } from '../speech.ts';

export function DeviceHistory({ id }: { readonly id: string }): JSX.Element {
  const { t, language, format } = useSpeech();
  const { mayChange } = useSignedIn();
  const pages = usePages<HistoryEntry>(`devices/${id}/history?limit=10`);
  const names = (entries: HistoryEntry['sections'], otherwise: string): string =>
    entries.map((entry) => sectionName(entry.id, language)).join(', ') || otherwise;
  const classes: Readonly<Record<string, string>> = t.reportClass;
  const columns: Column<HistoryEntry>[] = [
    { id: 'received', header: t.received, names: true, cell: ({ receivedAt }) => <When at={receivedAt} as="date" /> },
    { id: 'number', header: t.number, numeric: true, cell: ({ sequence }) => format.number(sequence) },
    {
      id: 'class',
      header: t.kindOfReport,
      cell: (entry) => {
        const name = Object.hasOwn(classes, entry.class) ? classes[entry.class] : entry.class;
        if (entry.bodyRemovedAt !== null) return `${name} (${t.removedReport})`;
        return entry.bare ? `${name} (${t.bareReport})` : name;
      },
    },
    { id: 'size', header: t.size, numeric: true, cell: ({ bytes }) => format.bytes(bytes) },
    {
      id: 'changed',
      header: t.changed,
      cell: ({ sections }) =>
        names(
          sections.filter(({ changed }) => changed),
          t.nothingChanged,
        ),
    },
    {
      id: 'problems',
      header: t.withProblems,
      cell: ({ sections }) =>
        names(
          sections.filter(({ problems }) => problems.some(({ code }) => code !== 'not-present')),
          '–',
        ),
    },
  ];
  return (
    <section aria-labelledby="history">
      <h2 id="history">{t.history}</h2>
      <MorePages pages={pages}>
        {(items) =>
          items.length === 0 ? (
            <Empty title={t.noHistory} />
          ) : (
            <Table caption={t.history} columns={columns} rows={items} keyOf={({ reportId }) => reportId} />
          )
        }
      </MorePages>
      {mayChange ? (
        <>
          <p>
            <a href={`/api/v1/devices/${id}/history/export`} download>
              {t.downloadEvidence}
            </a>
          </p>
          <p class="hint">{t.downloadEvidenceHint}</p>
        </>
      ) : null}
    </section>
  );
}
