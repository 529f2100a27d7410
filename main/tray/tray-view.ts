/** Pure: what the service says -> what the tray shows. */
import type { OverallState, Status } from '../../agent/contract/status.ts';
import type { ServiceState } from '../agent-link/read-status.ts';
import type { Language } from '../ipc/channels.ts';
import { trayTexts } from './tray-texts.ts';

export type TrayState = OverallState | 'offline';

export interface TrayView {
  readonly state: TrayState;
  /** At most 127 characters: Windows cuts longer tooltips. */
  readonly tooltip: string;
  readonly lines: readonly string[];
}

const maxTooltip = 127;
const dayMs = 86_400_000;

const locales = { de: 'de-DE', en: 'en-GB' } as const;
const timeZone = 'Europe/Berlin';

type ShownVerdict = Status['verdicts'][number];

/** What is worst first: what is broken by its severity, then what nobody knows; of equals the one that has lasted longest. */
export function worstVerdict(verdicts: readonly ShownVerdict[]): ShownVerdict | undefined {
  const severity = { critical: 0, warning: 1, info: 2 };
  const rank = ({ verdict, severity: how }: ShownVerdict): number => (verdict === 'not-met' ? 0 : 3) + severity[how];
  return verdicts
    .filter(({ verdict }) => verdict === 'not-met' || verdict === 'unknown')
    .sort((a, b) => rank(a) - rank(b) || ((a.since ?? '~') < (b.since ?? '~') ? -1 : 1))[0];
}

/** "seit 14.11., 9 Tage"; undefined when it is not known or lies ahead. */
export function sinceWords(since: string | undefined, now: Date, language: Language = 'de'): string | undefined {
  const start = Date.parse(since ?? '');
  const age = now.getTime() - start;
  if (!(age >= 0)) return undefined;
  const whole = Math.floor(age / dayMs);
  const t = trayTexts[language];
  if (whole === 0) return t.sinceToday;
  const day = new Intl.DateTimeFormat(locales[language], { day: '2-digit', month: '2-digit', timeZone });
  const days = new Intl.NumberFormat(locales[language], { style: 'unit', unit: 'day', unitDisplay: 'long' });
  return t.since(day.format(start), days.format(whole));
}

function shortened(text: string): string {
  return text.length <= maxTooltip ? text : `${text.slice(0, maxTooltip - 1)}…`;
}

export function trayView(service: ServiceState, now: Date, language: Language = 'de'): TrayView {
  const t = trayTexts[language];
  const time = new Intl.DateTimeFormat(locales[language], { dateStyle: 'short', timeStyle: 'short', timeZone });
  const told = (state: TrayState, line: string): TrayView => ({ state, tooltip: shortened(line), lines: [line] });
  switch (service.kind) {
    case 'running': {
      const { status } = service;
      const collectedAt = status.reporting.lastCollectedAt;
      const asOf = collectedAt === undefined ? t.neverCollected : t.asOf(time.format(new Date(collectedAt)));
      const worst = status.overall === 'ok' ? undefined : worstVerdict(status.verdicts);
      const since = sinceWords(worst?.since, now, language);
      const title = worst?.title[language];
      const reason = title === undefined || since === undefined ? title : t.reason(title, since);
      const sentence = t.sentences[status.overall];
      return {
        state: status.overall,
        tooltip: shortened([sentence, reason ?? asOf].join('\n')),
        lines: [
          sentence,
          ...(reason === undefined ? [] : [reason]),
          asOf,
          status.reporting.waiting === 0 ? t.allSent : t.waiting(status.reporting.waiting),
          t.device(status.device.hostname),
        ],
      };
    }
    case 'silent':
      return told('offline', t.silent(time.format(new Date(service.writtenAt))));
    case 'waking':
      return told('unknown', t.waking);
    case 'newer':
      return told('unknown', t.newer);
    case 'unreadable':
      return told('offline', t.unreadable);
  }
}
