/** Which reports the server does not hold in full, and what the device says about it. */
import type { JSX } from 'preact';
import type { DeviceGap } from '../../api/contract.ts';
import { type Column, Table } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { useSpeech } from '../speech.ts';

export function DeviceGaps({ gaps }: { readonly gaps: readonly DeviceGap[] }): JSX.Element {
  const { t, format } = useSpeech();
  const numbers = ({ from, to }: DeviceGap): string => {
    if (from === null || to === null) return t.none;
    return from === to ? format.number(from) : `${format.number(from)}–${format.number(to)}`;
  };
  const columns: Column<DeviceGap>[] = [
    { id: 'numbers', header: t.number, names: true, cell: numbers },
    {
      id: 'reports',
      header: t.missingReports,
      numeric: true,
      cell: ({ reports }) => (reports === null ? t.gapCountUnknown : format.number(reports)),
    },
    {
      id: 'first',
      header: t.gapFirst,
      cell: ({ firstAt }) => (firstAt === null ? t.none : <When at={firstAt} as="date" />),
    },
    {
      id: 'last',
      header: t.gapLast,
      cell: ({ lastAt }) => (lastAt === null ? t.none : <When at={lastAt} as="date" />),
    },
    { id: 'reason', header: t.gapCause, cell: ({ reason }) => t.gapReason[reason] },
    { id: 'standing', header: t.gapAccount, cell: ({ standing }) => t.gapStanding[standing] },
  ];
  return (
    <section aria-labelledby="gaps">
      <h2 id="gaps">{t.gaps}</h2>
      <p class="second">{t.gapsExplained}</p>
      <Table caption={t.gaps} columns={columns} rows={gaps} keyOf={(_gap, index) => String(index)} />
    </section>
  );
}
