/**
 * What the tray of one user remembers of notices: the newest wording of each, what took whose place, what was put off, and
 * how often it spoke today. A file of this user, so that nobody hides a notice from somebody else.
 */
import { z } from 'zod';
import type { Deferral } from '../../agent/contract/deferral.ts';
import { instant, uuid } from '../../agent/contract/field.ts';
import type { Notice } from '../../agent/contract/policy.ts';
import { readUserFile, writeUserFile } from '../user-file.ts';

/** Far more than a device holds at a time, so that a wording seen long ago is still known when it comes back. */
const maxEntries = 500;

/** How a notice was announced: with its words, or only that there is one. */
const manners = ['full', 'neutral'] as const;
export type Manner = (typeof manners)[number];

const entry = z.object({
  id: uuid,
  issuedAt: instant,
  /** The notice whose place it took, and from when on. */
  replaces: z.object({ id: uuid, from: instant }).optional(),
  announced: z.object({ at: instant, manner: z.enum(manners) }).optional(),
  deferral: z.object({ deferredAt: instant, until: instant }).optional(),
  /** How often it was put off; of the notice and not of the wording, or every correction would begin anew. */
  deferrals: z.int().min(0).max(1000),
});
export type Remembered = z.infer<typeof entry>;

const stored = z.object({
  entries: z.array(entry).max(maxEntries),
  /** Announcements of one day in Berlin; what is urgent is not counted. */
  today: z.object({ day: z.iso.date(), spoken: z.int().min(0), summarised: z.boolean() }),
});
export type SpokenToday = z.infer<typeof stored>['today'];

type Wording = Pick<Notice, 'id' | 'issuedAt'>;

export interface NoticeMemory {
  /** The wording this notice has now, for whoever verifies the next. */
  newest(id: string): Pick<Notice, 'issuedAt'> | undefined;
  /** Takes in genuine notices, also recalled ones and ones to come. A newer wording is announced anew. */
  absorb(notices: readonly Notice[]): void;
  /** Another notice took its place, even when that one is not there any more. */
  isReplaced(id: string, now: Date): boolean;
  of(wording: Wording): Remembered | undefined;
  announced(wordings: readonly Wording[], manner: Manner, now: Date): void;
  defer(wording: Wording, deferral: Deferral): void;
  /** Of the day `now` falls on in Berlin. */
  spokenToday(now: Date): SpokenToday;
  spoke(how: 'notice' | 'summary', now: Date): void;
}

const days = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Berlin', dateStyle: 'short' });

export function createNoticeMemory(file: string, warn: (line: string) => void): NoticeMemory {
  const known = readUserFile(file, stored);
  const entries = new Map((known?.entries ?? []).map((one) => [one.id, one]));
  let today = known?.today ?? { day: '1970-01-01', spoken: 0, summarised: false };

  const save = (): void => {
    // Oldest first, so that the newest stay when there are too many.
    const kept = [...entries.values()].sort((a, b) => Date.parse(a.issuedAt) - Date.parse(b.issuedAt));
    for (const { id } of kept.splice(0, Math.max(0, kept.length - maxEntries))) entries.delete(id);
    try {
      writeUserFile(file, { entries: kept, today });
    } catch (error) {
      // On a full disk it is remembered until the tray ends: shown twice is better than not shown.
      warn(`what was said of notices could not be kept: ${String(error)}`);
    }
  };

  const of: NoticeMemory['of'] = ({ id, issuedAt }) => {
    const found = entries.get(id);
    return found?.issuedAt === issuedAt ? found : undefined;
  };

  const spokenToday = (now: Date): SpokenToday => {
    const day = days.format(now);
    return today.day === day ? today : { day, spoken: 0, summarised: false };
  };

  return {
    newest: (id) => entries.get(id),

    absorb: (notices) => {
      let isChanged = false;
      for (const { id, issuedAt, replaces, validFrom } of notices) {
        const before = entries.get(id);
        if (before !== undefined && !(Date.parse(issuedAt) > Date.parse(before.issuedAt))) continue;
        isChanged = true;
        entries.set(id, {
          id,
          issuedAt,
          deferrals: before?.deferrals ?? 0,
          ...(replaces === undefined || replaces === id ? {} : { replaces: { id: replaces, from: validFrom } }),
        });
      }
      if (isChanged) save();
    },

    isReplaced: (id, now) =>
      [...entries.values()].some(({ replaces }) => replaces?.id === id && now.getTime() >= Date.parse(replaces.from)),

    of,

    announced: (wordings, manner, now) => {
      for (const wording of wordings) {
        const found = of(wording);
        if (found === undefined) continue;
        // A deferral whose time has come is over with this, also for a clock that is set back later.
        const { deferral: _over, ...rest } = found;
        entries.set(found.id, { ...rest, announced: { at: now.toISOString(), manner } });
      }
      save();
    },

    defer: (wording, { deferredAt, until }) => {
      const found = of(wording);
      if (found === undefined) return;
      entries.set(found.id, { ...found, deferral: { deferredAt, until }, deferrals: found.deferrals + 1 });
      save();
    },

    spokenToday,

    spoke: (how, now) => {
      const before = spokenToday(now);
      today = { ...before, spoken: before.spoken + 1, summarised: before.summarised || how === 'summary' };
      save();
    },
  };
}
