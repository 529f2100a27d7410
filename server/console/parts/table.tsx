/**
 * The one table of the console: headers with scope, columns that sort, and rows that become cards where the page is
 * narrow. A table that is still too wide scrolls inside its own frame, which then takes the keyboard focus.
 */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useSpeech } from '../speech.ts';

export interface Column<Row> {
  readonly id: string;
  readonly header: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** The cell that names the row. */
  readonly names?: boolean;
  readonly numeric?: boolean;
  readonly sort?: { readonly order: 'asc' | 'desc' | undefined; readonly toggle: () => void };
}

interface TableProps<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row, index: number) => string;
}

/** Said outright because in some browsers the card layout takes the roles away that a table has by itself. */
const roles = {
  table: { role: 'table' },
  group: { role: 'rowgroup' },
  row: { role: 'row' },
  header: { role: 'columnheader' },
  rowHeader: { role: 'rowheader' },
  cell: { role: 'cell' },
} as const;

const ariaSort = { asc: 'ascending', desc: 'descending' } as const;

/** Whether the content of the frame is wider than the frame, now and after each change of size. */
function useOverflow(): { frame: { current: HTMLDivElement | null }; wide: boolean } {
  const frame = useRef<HTMLDivElement | null>(null);
  const [wide, setWide] = useState(false);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWide(element.scrollWidth > element.clientWidth));
    observer.observe(element);
    if (element.firstElementChild !== null) observer.observe(element.firstElementChild);
    return () => observer.disconnect();
  }, []);
  return { frame, wide };
}

function Header<Row>({ column }: { readonly column: Column<Row> }): JSX.Element {
  const { sort } = column;
  return (
    <th
      {...roles.header}
      scope="col"
      class={column.numeric === true ? 'numeric' : undefined}
      aria-sort={sort === undefined ? undefined : sort.order === undefined ? 'none' : ariaSort[sort.order]}
    >
      {sort === undefined ? (
        column.header
      ) : (
        <button type="button" class="sort" onClick={sort.toggle}>
          {column.header}
          <svg
            class={`arrow arrow-${sort.order ?? 'none'}`}
            viewBox="0 0 10 12"
            width="10"
            height="12"
            aria-hidden="true"
          >
            <path class="arrow-up" d="M1 5l4-4 4 4z" />
            <path class="arrow-down" d="M1 7l4 4 4-4z" />
          </svg>
        </button>
      )}
    </th>
  );
}

export function Table<Row>({ caption, columns, rows, keyOf }: TableProps<Row>): JSX.Element {
  const { t } = useSpeech();
  const { frame, wide } = useOverflow();
  const focusable = wide ? { role: 'region' as const, tabIndex: 0, 'aria-label': `${caption}. ${t.scrollable}` } : {};
  return (
    <div class="table-frame" ref={frame} {...focusable}>
      <table {...roles.table}>
        <caption class="unseen">{caption}</caption>
        <thead {...roles.group}>
          <tr {...roles.row}>
            {columns.map((column) => (
              <Header key={column.id} column={column} />
            ))}
          </tr>
        </thead>
        <tbody {...roles.group}>
          {rows.map((row, index) => (
            <tr key={keyOf(row, index)} {...roles.row}>
              {columns.map((column) =>
                column.names === true ? (
                  <th key={column.id} {...roles.rowHeader} scope="row">
                    {column.cell(row)}
                  </th>
                ) : (
                  <td
                    key={column.id}
                    {...roles.cell}
                    data-label={column.header}
                    class={column.numeric === true ? 'numeric' : undefined}
                  >
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
