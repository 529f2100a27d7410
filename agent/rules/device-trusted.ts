/** The server takes this device's reports. Only the server can judge it: what it does not take, it knows nothing new of. */
import type { DeviceState } from '../contract/wire.ts';
import { type Finding, met, notMet, type Rule, serverContact, unknown } from './judgement.ts';

export const deviceTrusted: Rule = {
  id: 'device-trusted',
  title: { de: 'Vertrauen in das Gerät', en: 'Trust in the device' },
  sections: [],
  controls: ['OPS.1.1.7.A15'],
  words: {
    quarantined: {
      de: () =>
        'Das Gerät steht unter Quarantäne: Ein anderer PC hat sich vermutlich mit seinem Schlüssel gemeldet, und seine Berichte werden nicht angenommen. Prüfen Sie vor Ort, welcher PC der richtige ist, setzen Sie den anderen mit „kits-agent reset-identity“ zurück und heben Sie dann die Quarantäne auf.',
      en: () =>
        'The device is quarantined: another PC has probably reported with its key, and its reports are not taken. Check on site which PC is the right one, reset the other one with “kits-agent reset-identity”, then release the device.',
    },
    pending: {
      de: () => 'Das Gerät wartet auf Freigabe; bis dahin werden seine Berichte nicht angenommen.',
      en: () => 'The device awaits approval; until then its reports are not taken.',
    },
    active: {
      de: () => 'Das Gerät ist freigegeben, seine Berichte werden angenommen.',
      en: () => 'The device is approved and its reports are taken.',
    },
  },

  evaluate: ({ deviceState }) => (deviceState === undefined ? undefined : findingOf(deviceState)),
};

function findingOf(state: DeviceState): Finding | undefined {
  const evidence = [{ section: serverContact, path: 'state', value: state }];
  switch (state) {
    case 'active':
      return met('active', {}, evidence);
    case 'pending':
      return unknown('pending', {}, evidence);
    case 'quarantined':
      return notMet('critical', 'quarantined', {}, evidence);
    case 'retired':
      // Out of the fleet: nobody asks any more.
      return undefined;
  }
}
