/** Whom to turn to in an emergency, as the signed policy says it, in the shape the tray shows. */
import type { EmergencyContact, Policy } from '../contract/policy.ts';
import type { Status } from '../contract/status.ts';

/** `policy`: the last good one, even when it has run out: an old number is better than none, and its date stands beside it. */
export function contactsOf(policy: Policy | undefined): Status['contacts'] {
  const contacts = policy?.settings.contacts ?? [];
  if (policy === undefined || contacts.length === 0) return undefined;
  return { asOf: policy.issuedAt, policyVersion: policy.version, entries: contacts.map(entryOf) };
}

function entryOf({ labelDe, labelEn = labelDe, hoursDe, hoursEn, phone, mail }: EmergencyContact) {
  const hours = hoursDe ?? hoursEn;
  return {
    label: { de: labelDe, en: labelEn },
    ...(phone === undefined ? {} : { phone }),
    ...(mail === undefined ? {} : { mail }),
    ...(hours === undefined ? {} : { hours: { de: hoursDe ?? hours, en: hoursEn ?? hours } }),
  };
}
