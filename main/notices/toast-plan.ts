/**
 * Pure: which toasts are due. A notice is announced once, and again when it was put off and its time has come. What is
 * urgent always comes through; of the rest a person hears a few times a day at most.
 */
import { isDeferred } from '../../agent/contract/deferral.ts';
import type { Notice } from '../../agent/contract/policy.ts';
import type { Manner, Remembered, SpokenToday } from './notice-memory.ts';

/** Toasts a day for everything that is not urgent; after them one more says that there is more to read. */
export const maxPerDay = 4;
/** So long before its end a notice does not wait any longer for somebody to unlock the screen. */
const lastCallMs = 60 * 60_000;

export type Known = 'yes' | 'no' | 'unknown';

/** Who may be looking at the screen. */
export interface Presence {
  readonly locked: Known;
  /** A presentation, a shared or full screen, or "do not disturb". */
  readonly presenting: Known;
}

export type ToastDue =
  | { readonly kind: 'notice'; readonly notice: Notice; readonly manner: Manner }
  /** Several at once, or more than a day allows: their number, never their words. */
  | { readonly kind: 'summary'; readonly notices: readonly Notice[] };

export interface Situation {
  /** Verified and in force, the most severe first. */
  readonly notices: readonly Notice[];
  readonly remembered: (notice: Notice) => Remembered | undefined;
  readonly isAcknowledged: (notice: Notice) => boolean;
  readonly presence: Presence;
  readonly today: SpokenToday;
  readonly now: Date;
}

export function toastsDue({ notices, remembered, isAcknowledged, presence, today, now }: Situation): ToastDue[] {
  const isHidden = presence.locked === 'yes' || presence.presenting === 'yes';
  const due = notices.filter((notice) => !isAcknowledged(notice) && isDue(notice, remembered(notice), isHidden, now));
  const urgent = due
    .filter(({ severity }) => severity === 'urgent')
    .map((notice): ToastDue => ({ kind: 'notice', notice, manner: isHidden ? 'neutral' : 'full' }));
  const others = due.filter(({ severity }) => severity !== 'urgent');
  const [only] = others;
  if (only === undefined) return urgent;
  if (today.spoken < maxPerDay) {
    const isAlone = others.length === 1;
    return [
      ...urgent,
      isAlone
        ? { kind: 'notice', notice: only, manner: isPrivate(presence) ? 'full' : 'neutral' }
        : { kind: 'summary', notices: others },
    ];
  }
  return today.summarised ? urgent : [...urgent, { kind: 'summary', notices: others }];
}

function isDue(notice: Notice, known: Remembered | undefined, isHidden: boolean, now: Date): boolean {
  if (known?.deferral !== undefined && isDeferred(notice, known.deferral, now)) return false;
  const isUrgent = notice.severity === 'urgent';
  const isEnding = !(Date.parse(notice.validUntil) - now.getTime() > lastCallMs);
  // Nobody is there to read it: what can wait, waits.
  if (isHidden && !isUrgent && !isEnding) return false;
  // Never announced, or put off and the time has come.
  if (known?.announced === undefined || known.deferral !== undefined) return true;
  // What was said behind a locked screen has not reached anybody yet.
  return isUrgent && known.announced.manner === 'neutral' && !isHidden;
}

/** Written so that what is not known counts as somebody else looking on. */
function isPrivate({ locked, presenting }: Presence): boolean {
  return locked === 'no' && presenting === 'no';
}
