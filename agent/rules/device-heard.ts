/** The server has heard of the device lately. Only the server can judge it, and time alone changes the answer. */
import { met, notMet, type Rule, serverContact, unknown } from './judgement.ts';
import { limitsInvalid, toleranceMs } from './reading.ts';

const hourMs = 3_600_000;

export const deviceHeard: Rule = {
  id: 'device-heard',
  title: { de: 'Kontakt zum KITS-Server', en: 'Contact with the KITS server' },
  sections: [],
  controls: ['OPS.1.1.7.A15'],
  words: {
    'silent-long': {
      de: (v) =>
        `Das Gerät hat sich seit ${v.duration('silentSeconds', 'dative')} nicht gemeldet und gilt als verschollen.`,
      en: (v) => `The device has not reported for ${v.duration('silentSeconds')} and counts as lost.`,
    },
    silent: {
      de: (v) => `Das Gerät hat sich seit ${v.duration('silentSeconds', 'dative')} nicht gemeldet.`,
      en: (v) => `The device has not reported for ${v.duration('silentSeconds')}.`,
    },
    heard: {
      de: (v) => `Das Gerät hat sich zuletzt vor ${v.duration('silentSeconds', 'dative')} gemeldet.`,
      en: (v) => `The device last reported ${v.duration('silentSeconds')} ago.`,
    },
    'never-heard': {
      de: () => 'Das Gerät hat sich seit der Anmeldung noch nie gemeldet.',
      en: () => 'The device has never reported since it was enrolled.',
    },
    'heard-from-future': {
      de: () => 'Die letzte Meldung trägt ein Datum in der Zukunft; die Uhr des KITS-Servers ist zu prüfen.',
      en: () => 'The last report is dated in the future; the clock of the KITS server needs checking.',
    },
  },

  evaluate({ heard, now, thresholds }) {
    if (heard === undefined) return undefined;
    const { silentWarningHours: warning, silentCriticalHours: critical } = thresholds;
    const invalid = limitsInvalid(warning, critical);
    if (invalid !== undefined) return invalid;
    const { lastAt } = heard;
    if (lastAt === undefined || Number.isNaN(lastAt.getTime())) return unknown('never-heard');
    const evidence = [{ section: serverContact, path: 'lastHeardAt', value: lastAt.toISOString() }];
    const silentMs = now.getTime() - lastAt.getTime();
    if (!(silentMs >= -toleranceMs)) return unknown('heard-from-future', {}, evidence);
    const values = { silentSeconds: Math.max(0, Math.floor(silentMs / 1000)) };
    if (silentMs > critical * hourMs) return notMet('critical', 'silent-long', values, evidence);
    if (silentMs > warning * hourMs) return notMet('warning', 'silent', values, evidence);
    return met('heard', values, evidence);
  },
};
