/** Joins what is in force, what this person said to it and who may be looking, into toasts and answers to the service. */
import type { NotificationConstructorOptions, Notification as SystemNotification } from 'electron';
import type { Notice } from '../../agent/contract/policy.ts';
import type { AgentLink, Reading } from '../agent-link/agent-link.ts';
import { type Presence, toastsDue } from './toast-plan.ts';
import { createToasts, type Toasts } from './toasts.ts';

export interface AnnouncerOptions {
  readonly link: Pick<AgentLink, 'memory' | 'requests' | 'language' | 'deferralChoices' | 'say' | 'defer'>;
  readonly presence: () => Presence;
  readonly isSupported: () => boolean;
  readonly create: (options: NotificationConstructorOptions) => SystemNotification;
  /** Brings the window to the front, at this notice. */
  readonly open: (notice: Notice | undefined) => void;
  readonly now: () => Date;
  readonly warn: (line: string) => void;
}

export interface Announcer extends Pick<Toasts, 'hasAny'> {
  /** After each reading of the files. */
  update(reading: Pick<Reading, 'service' | 'notices'>): void;
}

export function createAnnouncer({ link, presence, isSupported, create, open, now, warn }: AnnouncerOptions): Announcer {
  const { memory, requests, language } = link;

  /** Nothing a toast does may end the tray. */
  const attempt = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      warn(`a notice: ${String(error)}`);
    }
  };

  const toasts = createToasts({
    isSupported,
    create,
    language: language.current,
    open,
    acknowledge: (notice) =>
      attempt(() => {
        // Its whole text stood on the toast, or there would have been no such button.
        link.say('notice-seen', notice);
        link.say('notice-acknowledged', notice);
      }),
    canDefer: (notice) => link.deferralChoices(notice).length > 0,
    later: (notice) =>
      attempt(() => {
        const [soonest] = link.deferralChoices(notice);
        if (soonest === undefined) open(notice);
        else link.defer(notice, soonest.kind);
      }),
    announced: (notices, manner, how) => {
      memory.announced(notices, manner, now());
      if (how !== 'urgent') memory.spoke(how, now());
    },
    failed: (notices, why) => {
      warn(`a notice could not be shown: ${why}`);
      for (const notice of notices) attempt(() => link.say('notice-not-shown', notice));
      // What is urgent gets in front of the person all the same, unless others may be looking on.
      const urgent = notices.find(({ severity }) => severity === 'urgent');
      const { locked, presenting } = presence();
      if (urgent !== undefined && locked !== 'yes' && presenting !== 'yes') open(urgent);
    },
  });

  return {
    hasAny: toasts.hasAny,
    update: ({ service, notices }) => {
      // A service that is silent has taken nothing back: what hangs on the screen may stay there.
      if (service.kind !== 'running') return;
      const isAcknowledged = (notice: Notice): boolean => requests.isSaid('notice-acknowledged', notice);
      // Answered in the window, or in the toast itself: either way it has nothing more to say.
      toasts.keep(notices.filter((notice) => !isAcknowledged(notice) && memory.of(notice)?.deferral === undefined));
      const situation = { notices, isAcknowledged, presence: presence(), today: memory.spokenToday(now()), now: now() };
      for (const due of toastsDue({ ...situation, remembered: memory.of })) toasts.show(due);
    },
  };
}
