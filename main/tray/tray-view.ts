/** Pure: what the service says -> what the tray shows. */
import type { OverallState, Status } from '../../agent/contract/status.ts';
import type { ServiceState } from '../agent-link/read-status.ts';

export type TrayState = OverallState | 'offline';

export interface TrayView {
  readonly state: TrayState;
  /** At most 127 characters: Windows cuts longer tooltips. */
  readonly tooltip: string;
  readonly lines: readonly string[];
}

const maxTooltip = 127;
const dayMs = 86_400_000;

const sentences: Record<OverallState, string> = {
  ok: 'Ihr PC ist in Ordnung.',
  attention: 'Ihr PC braucht Aufmerksamkeit.',
  critical: 'Ihr PC hat ein dringendes Problem.',
  unknown: 'Der Zustand Ihres PCs ist nicht bekannt.',
};

const time = new Intl.DateTimeFormat('de-DE', { dateStyle: 'short', timeStyle: 'short', timeZone: 'Europe/Berlin' });
const day = new Intl.DateTimeFormat('de-DE', { day: '2-digit', month: '2-digit', timeZone: 'Europe/Berlin' });
const days = new Intl.NumberFormat('de-DE', { style: 'unit', unit: 'day', unitDisplay: 'long' });

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
export function sinceWords(since: string | undefined, now: Date): string | undefined {
  const start = Date.parse(since ?? '');
  const age = now.getTime() - start;
  if (!(age >= 0)) return undefined;
  const whole = Math.floor(age / dayMs);
  return whole === 0 ? 'seit heute' : `seit ${day.format(start)}, ${days.format(whole)}`;
}

function shortened(text: string): string {
  return text.length <= maxTooltip ? text : `${text.slice(0, maxTooltip - 1)}…`;
}

export function trayView(service: ServiceState, now: Date): TrayView {
  switch (service.kind) {
    case 'running': {
      const { status } = service;
      const collectedAt = status.reporting.lastCollectedAt;
      const stand =
        collectedAt === undefined ? 'Noch keine Angaben erhoben.' : `Stand: ${time.format(new Date(collectedAt))}`;
      const waiting =
        status.reporting.waiting === 0
          ? 'Alle Berichte sind übermittelt.'
          : `Noch nicht übermittelte Berichte: ${status.reporting.waiting}`;
      const worst = status.overall === 'ok' ? undefined : worstVerdict(status.verdicts);
      const since = sinceWords(worst?.since, now);
      const reason =
        worst === undefined ? undefined : since === undefined ? worst.title.de : `${worst.title.de} (${since})`;
      return {
        state: status.overall,
        tooltip: shortened([sentences[status.overall], reason ?? stand].join('\n')),
        lines: [
          sentences[status.overall],
          ...(reason === undefined ? [] : [reason]),
          stand,
          waiting,
          `Gerät: ${status.device.hostname}`,
        ],
      };
    }
    case 'silent': {
      const line = `Der KITS-Dienst läuft nicht. Letzter Stand: ${time.format(new Date(service.writtenAt))}`;
      return { state: 'offline', tooltip: shortened(line), lines: [line] };
    }
    case 'newer': {
      const line = 'KITS Agent wurde aktualisiert. Bitte melden Sie sich einmal ab und wieder an.';
      return { state: 'unknown', tooltip: line, lines: [line] };
    }
    case 'unreadable': {
      const line = 'Der KITS-Dienst ist nicht zu erreichen.';
      return { state: 'offline', tooltip: line, lines: [line] };
    }
  }
}
