import { expect, test } from 'vitest';
import type { DeviceState } from '../../../agent/contract/wire.ts';
import { input, judge } from './input.ts';

const judgeState = (deviceState: DeviceState) => judge('device-trusted', input({}, { deviceState }));

test('is for the server alone, and for devices of the fleet', () => {
  expect(judge('device-trusted', input())).toBeUndefined();
  expect(judgeState('retired')).toBeUndefined();
});

test.each<[DeviceState, string, string]>([
  ['active', 'met', 'info'],
  ['pending', 'unknown', 'warning'],
  ['quarantined', 'not-met', 'critical'],
])('%s: %s %s', (state, verdict, severity) => {
  expect(judgeState(state)).toMatchObject({
    verdict,
    severity,
    reason: state,
    evidence: [{ section: 'server-contact', path: 'state', value: state }],
  });
});

test('says what to do about a quarantine', () => {
  expect(judgeState('quarantined')).toMatchObject({
    de: expect.stringMatching(/Prüfen Sie vor Ort.*heben Sie dann die Quarantäne auf/),
    en: expect.stringMatching(/Check on site.*release the device/),
  });
});
