/** Changes of software, gathered by the day on which their report arrived. Pure. */
import type { SoftwareChange } from '../api/contract.ts';
import { dayOf } from './calendar.ts';

export interface ChangedDay {
  /** YYYY-MM-DD in German local time; empty when the moment is none. */
  readonly day: string;
  readonly installed: number;
  readonly updated: number;
  readonly removed: number;
  readonly changes: readonly SoftwareChange[];
}

/** In the order given, which is the youngest first. */
export function changesByDay(changes: readonly SoftwareChange[]): ChangedDay[] {
  const days = Map.groupBy(changes, ({ receivedAt }) => dayOf(new Date(receivedAt)));
  return [...days].map(([day, entries]) => {
    const sum = (kind: 'installed' | 'updated' | 'removed'): number =>
      entries.reduce((total, entry) => total + entry[kind].count, 0);
    return { day, installed: sum('installed'), updated: sum('updated'), removed: sum('removed'), changes: entries };
  });
}
