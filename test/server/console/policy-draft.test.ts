/** What is typed into the editor of a policy, and the settings it becomes; on the real description of all settings. */
import { describe, expect, test } from 'vitest';
import { policySettings } from '../../../server/api/policy-contract.ts';
import { type Draft, draftOf, emptyEntry, isSet, settingsOf } from '../../../server/console/policy-draft.ts';
import { settingFields } from '../../../server/fleet/setting-fields.ts';

const fieldOf = (key: string) => settingFields.find((field) => field.key === key)!;
const empty = draftOf({}, settingFields);
const typed = (draft: Draft) => settingsOf({ ...empty, ...draft }, settingFields);
const faultsOf = (draft: Draft) => Object.fromEntries(typed(draft).faults);

const whole = {
  checkInSeconds: 600,
  withoutSections: ['usb'],
  infrastructureTargets: [{ name: 'Firewall', kind: 'gateway', host: 'fw', port: 443, tls: true }],
  thresholds: { silentWarningHours: 0.5, otherUpdateDays: 0 },
  backup: {
    expectedProducts: ['restic', 'borg'],
    warningsCount: false,
    declaration: { kind: 'backed-up-elsewhere', where: 'Server 2', owner: 'Hauptamt', reviewOn: '2027-01-31' },
  },
};

test('settings become a draft and the same settings again, and the server takes them', () => {
  const { settings, faults } = settingsOf(draftOf(whole, settingFields), settingFields);
  expect(settings).toEqual(whole);
  expect(faults.size).toBe(0);
  expect(policySettings.parse(settings)).toEqual(whole);
});

test('nothing typed is nothing set', () => {
  expect(typed({})).toEqual({ settings: {}, faults: new Map() });
  expect(Object.values(empty).some(isSet)).toBe(false);
  expect(draftOf({ thresholds: {} }, settingFields)).toEqual(empty);
  expect(typed({ checkInSeconds: '  ', 'thresholds.otherUpdateDays': '' }).settings).toEqual({});
});

test('an empty list is a setting; one that is not set is none', () => {
  expect(typed({ withoutSections: [], infrastructureTargets: [] }).settings).toEqual({
    withoutSections: [],
    infrastructureTargets: [],
  });
  expect(draftOf({ withoutSections: [] }, settingFields)['withoutSections']).toEqual([]);
});

describe('numbers', () => {
  test.each([
    ['checkInSeconds', '60', 60],
    ['checkInSeconds', ' 86400 ', 86_400],
    ['thresholds.silentWarningHours', '0,5', 0.5],
    ['thresholds.silentWarningHours', '0.5', 0.5],
    ['thresholds.otherUpdateDays', '0', 0],
  ])('%s takes %s', (key, text, number) => {
    const { settings, faults } = typed({ [key]: text });
    expect(faults.size).toBe(0);
    const [outer = '', member] = key.split('.');
    const value = (settings as Record<string, unknown>)[outer];
    expect(member === undefined ? value : (value as Record<string, unknown>)[member]).toBe(number);
  });

  test.each([
    ['checkInSeconds', '59'],
    ['checkInSeconds', '86401'],
    // 1.200 seconds, or 1.2? Nobody guesses.
    ['checkInSeconds', '1.200'],
    ['thresholds.silentWarningHours', '1.000'],
    ['checkInSeconds', '60,5'],
    ['checkInSeconds', '-60'],
    ['checkInSeconds', '1e3'],
    ['checkInSeconds', 'NaN'],
    ['checkInSeconds', 'zehn'],
    ['checkInSeconds', '9'.repeat(400)],
  ])('%s refuses %s and leaves it out', (key, text) => {
    expect(typed({ [key]: text })).toEqual({ settings: {}, faults: new Map([[key, 'number']]) });
  });
});

describe('entries', () => {
  const target = { name: 'Firewall', kind: 'gateway', host: 'fw', port: '443', tls: '' };

  test('say what is missing, each field by itself', () => {
    expect(faultsOf({ infrastructureTargets: [target, { ...target, host: ' ', port: '70000' }] })).toEqual({
      'infrastructureTargets[1].host': 'missing',
      'infrastructureTargets[1].port': 'number',
    });
    const { members } = fieldOf('backup.declaration');
    expect(faultsOf({ 'backup.declaration': [emptyEntry(members)] })).toEqual({
      'backup.declaration[0].kind': 'missing',
      'backup.declaration[0].owner': 'missing',
      'backup.declaration[0].reviewOn': 'missing',
    });
  });

  test('leave out what may be left out', () => {
    expect(typed({ infrastructureTargets: [target] }).settings).toEqual({
      infrastructureTargets: [{ name: 'Firewall', kind: 'gateway', host: 'fw', port: 443 }],
    });
  });

  test('are bounded as the contract bounds them', () => {
    expect(faultsOf({ infrastructureTargets: Array.from({ length: 33 }, () => target) })).toEqual({
      infrastructureTargets: 'many',
    });
    expect(faultsOf({ infrastructureTargets: [{ ...target, name: 'x'.repeat(81) }] })).toEqual({
      'infrastructureTargets[0].name': 'long',
    });
    expect(
      faultsOf({ 'backup.expectedProducts': Array.from({ length: 17 }, (_, index) => `p${index}`).join('\n') }),
    ).toEqual({ 'backup.expectedProducts': 'many' });
  });
});

test('what must have a form is asked for it while it is typed', () => {
  const contact = { labelDe: 'Hotline', labelEn: '', phone: '', mail: '', hoursDe: '', hoursEn: '' };
  const contacts = (change: object) => ({ contacts: [{ ...contact, ...change }] });
  for (const phone of ['110', '+49 3693 485-0', '(03693) 485 / 12']) expect(faultsOf(contacts({ phone }))).toEqual({});
  for (const phone of ['anrufen', '03693;110', '-485']) {
    expect(faultsOf(contacts({ phone }))).toEqual({ 'contacts[0].phone': 'form' });
  }
  expect(faultsOf(contacts({ mail: 'kits@kreis.example' }))).toEqual({});
  expect(faultsOf(contacts({ mail: 'kits at kreis' }))).toEqual({ 'contacts[0].mail': 'form' });
  expect(faultsOf(contacts({ labelDe: ' ' }))).toEqual({ 'contacts[0].labelDe': 'missing' });
});

test('one entry a line, blank lines left out', () => {
  expect(typed({ 'backup.expectedProducts': ' restic \n\nborg\n' }).settings).toEqual({
    backup: { expectedProducts: ['restic', 'borg'] },
  });
});
