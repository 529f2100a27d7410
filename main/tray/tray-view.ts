/** Pure: what the service says -> what the tray shows. */
import type { OverallState } from '../../agent/contract/status.ts';
import type { ServiceState } from '../agent-link/read-status.ts';

export type TrayState = OverallState | 'offline';

export interface TrayView {
  readonly state: TrayState;
  /** At most 127 characters: Windows cuts longer tooltips. */
  readonly tooltip: string;
  readonly lines: readonly string[];
}

const sentences: Record<OverallState, string> = {
  ok: 'Ihr PC ist in Ordnung.',
  attention: 'Ihr PC braucht Aufmerksamkeit.',
  critical: 'Ihr PC hat ein dringendes Problem.',
  unknown: 'Der Zustand Ihres PCs ist nicht bekannt.',
};

const time = new Intl.DateTimeFormat('de-DE', { dateStyle: 'short', timeStyle: 'short', timeZone: 'Europe/Berlin' });

export function trayView(service: ServiceState): TrayView {
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
      return {
        state: status.overall,
        tooltip: `KITS Agent: ${sentences[status.overall]} ${stand}`.slice(0, 127),
        lines: [sentences[status.overall], stand, waiting, `Gerät: ${status.device.hostname}`],
      };
    }
    case 'silent': {
      const line = `Der KITS-Dienst läuft nicht. Letzter Stand: ${time.format(new Date(service.writtenAt))}`;
      return { state: 'offline', tooltip: line.slice(0, 127), lines: [line] };
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
