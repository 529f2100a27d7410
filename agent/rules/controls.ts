/**
 * Controls that rules cite: BSI IT-Grundschutz-Kompendium, edition 2023, and WiBA ("Weg in die Basis-Absicherung").
 * Titles of WiBA are paraphrases; cite by list and number. Withdrawn requirements are never listed here.
 */

export interface Control {
  readonly scheme: 'IT-Grundschutz 2023' | 'WiBA';
  readonly title: string;
}

export const controls = {
  'OPS.1.1.1.A9': { scheme: 'IT-Grundschutz 2023', title: 'Durchführung von IT-Monitoring' },
  'OPS.1.1.3.A15': {
    scheme: 'IT-Grundschutz 2023',
    title: 'Regelmäßige Aktualisierung von IT-Systemen und Software',
  },
  'OPS.1.1.5.A4': { scheme: 'IT-Grundschutz 2023', title: 'Zeitsynchronisation der IT-Systeme' },
  'OPS.1.1.7.A3': { scheme: 'IT-Grundschutz 2023', title: 'Zeitsynchronisation für das Systemmanagement' },
  'OPS.1.1.7.A15': {
    scheme: 'IT-Grundschutz 2023',
    title:
      'Statusüberwachung, Protokollierung und Alarmierung bei relevanten Ereignissen im Systemmanagement-Lösung und den zu verwaltenden Systemen',
  },
  'OPS.1.1.7.A18': { scheme: 'IT-Grundschutz 2023', title: 'Überprüfung des Systemzustands' },
  'WiBA 5.8': { scheme: 'WiBA', title: 'Client 5.8: Nur Produkte mit Sicherheitsupdates' },
  'WiBA 15.9': {
    scheme: 'WiBA',
    title: 'Sicherheitsmechanismen 15.9: Uhren der protokollierenden Systeme gleich',
  },
} as const satisfies Record<string, Control>;

export type ControlId = keyof typeof controls;
