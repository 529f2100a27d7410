import { expect, test } from 'vitest';
import { emergencyContact } from '../../../agent/contract/policy.ts';
import { contactsOf } from '../../../agent/status/contacts.ts';

test('signs that hide in a contact stay off the screen, and the contact stays on it', () => {
  const contacts = [
    emergencyContact.parse({
      labelDe: 'KITS\u202eenilto\u001b',
      phone: '03693 485-0',
      hoursDe: 'Mo\u2028bis Fr',
      hoursEn: '\u200b',
    }),
  ];
  const policy = { version: 3, issuedAt: '2026-11-24T09:00:00Z', settings: { contacts } };
  expect(contactsOf(policy)?.entries).toEqual([
    {
      label: { de: 'KITS enilto', en: 'KITS enilto' },
      phone: '03693 485-0',
      hours: { de: 'Mo bis Fr', en: '–' },
    },
  ]);
});
