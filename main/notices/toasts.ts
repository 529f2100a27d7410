/** Shows what is due as notifications of the system and takes back what no longer holds. */
import type { NotificationConstructorOptions, Notification as SystemNotification } from 'electron';
import type { Notice } from '../../agent/contract/policy.ts';
import type { Language } from '../ipc/channels.ts';
import type { Manner } from './notice-memory.ts';
import type { ToastDue } from './toast-plan.ts';
import { toastTexts } from './toast-texts.ts';

/** A toast shows about four lines; whoever acknowledges there must have seen the whole. */
const shortBody = 160;

export interface ToastsOptions {
  readonly isSupported: () => boolean;
  readonly create: (options: NotificationConstructorOptions) => SystemNotification;
  readonly language: () => Language;
  readonly open: (notice: Notice | undefined) => void;
  readonly acknowledge: (notice: Notice) => void;
  readonly canDefer: (notice: Notice) => boolean;
  readonly later: (notice: Notice) => void;
  /** Said to the system; whether anybody looked is another matter. */
  readonly announced: (notices: readonly Notice[], manner: Manner, how: 'urgent' | 'notice' | 'summary') => void;
  /** The system refused, or has no notifications. */
  readonly failed: (notices: readonly Notice[], why: string) => void;
}

export interface Toasts {
  show(due: ToastDue): void;
  /** Closes those of notices that are not among these wordings any more. */
  keep(notices: readonly Pick<Notice, 'id' | 'issuedAt'>[]): void;
  /** Whether a toast with this process's listeners is still there. */
  hasAny(): boolean;
}

interface Shown {
  readonly toast: SystemNotification;
  readonly issuedAt: string;
}

export function createToasts(options: ToastsOptions): Toasts {
  /** By the id of the notice, or 'summary'. Held here, because what nobody holds loses its listeners. */
  const shown = new Map<string, Shown>();

  const close = (key: string): void => {
    shown.get(key)?.toast.close();
    shown.delete(key);
  };

  function present(key: string, issuedAt: string, content: NotificationConstructorOptions, notices: readonly Notice[]) {
    close(key);
    const toast = options.create({ id: key, groupId: 'notices', ...content });
    shown.set(key, { toast, issuedAt });
    toast.on('failed', (_event, error) => {
      shown.delete(key);
      options.failed(notices, error);
    });
    toast.show();
    return toast;
  }

  function showNotice(notice: Notice, manner: Manner): void {
    const t = toastTexts[options.language()];
    const words = wordsOf(notice, options.language());
    const isWhole = manner === 'full' && words.body.length <= shortBody && notice.links.length === 0;
    // What is urgent goes without its words where nobody of ours may be looking: who stands there puts nothing off.
    const isForPerson = manner === 'full' || notice.severity !== 'urgent';
    // With which name an answer goes has to be read first; that is for the window to say.
    const isNamed = notice.answers === 'named';
    const buttons = [
      ...(isWhole && notice.mustAcknowledge && !isNamed ? [{ text: t.acknowledge, act: options.acknowledge }] : []),
      ...(isForPerson && options.canDefer(notice) ? [{ text: t.later, act: options.later }] : []),
    ];
    const toast = present(
      notice.id,
      notice.issuedAt,
      {
        ...(manner === 'full' ? words : { title: t.neutral, body: t.open }),
        actions: buttons.map(({ text }) => ({ type: 'button' as const, text })),
        urgency: notice.severity === 'urgent' ? 'critical' : 'normal',
        timeoutType: notice.severity === 'urgent' ? 'never' : 'default',
        silent: notice.severity === 'info',
      },
      [notice],
    );
    toast.on('click', () => options.open(notice));
    toast.on('action', ({ actionIndex }) => {
      close(notice.id);
      buttons[actionIndex]?.act(notice);
    });
  }

  function showSummary(notices: readonly Notice[]): void {
    const t = toastTexts[options.language()];
    const content = { title: t.several(notices.length), body: t.open, silent: true };
    const toast = present('summary', '', content, notices);
    toast.on('click', () => options.open(undefined));
  }

  return {
    show: (due) => {
      const notices = due.kind === 'notice' ? [due.notice] : due.notices;
      const how = due.kind === 'summary' ? 'summary' : due.notice.severity === 'urgent' ? 'urgent' : 'notice';
      try {
        // Written down before it is shown: a system that refuses must not be asked again and again.
        options.announced(notices, due.kind === 'notice' ? due.manner : 'neutral', how);
        if (!options.isSupported()) throw new Error('this system has no notifications');
        if (due.kind === 'notice') showNotice(due.notice, due.manner);
        else showSummary(due.notices);
      } catch (error) {
        options.failed(notices, error instanceof Error ? error.message : String(error));
      }
    },
    keep: (notices) => {
      for (const [key, { issuedAt }] of shown) {
        if (key === 'summary' ? notices.length > 0 : notices.some((one) => one.id === key && one.issuedAt === issuedAt))
          continue;
        close(key);
      }
    },
    hasAny: () => shown.size > 0,
  };
}

function wordsOf({ title, body, severity }: Notice, language: Language): { title: string; body: string } {
  // Without an English text the German one: a notice that cannot be read is still a notice.
  const said = (words: Notice['title']): string => (language === 'en' ? (words.en ?? words.de) : words.de);
  return { title: `${toastTexts[language].severity[severity]}: ${said(title)}`, body: said(body) };
}
