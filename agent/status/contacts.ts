/** Whom to turn to in an emergency, as the signed policy says it, in the shape the tray shows. */
import type { EmergencyContact, Policy } from '../contract/policy.ts';
import type { Status } from '../contract/status.ts';
import { plainText } from '../rules/wording.ts';

type Contacts = Pick<Policy, 'version' | 'issuedAt'> & { readonly settings: Pick<Policy['settings'], 'contacts'> };

/** `policy`: the last good one, even when it has run out: an old number is better than none, and its date stands beside it. */
export function contactsOf(policy: Contacts | undefined): Status['contacts'] {
  const contacts = policy?.settings.contacts ?? [];
  if (policy === undefined || contacts.length === 0) return undefined;
  return { asOf: policy.issuedAt, policyVersion: policy.version, entries: contacts.map(entryOf) };
}

function entryOf({ labelDe, labelEn = labelDe, hoursDe, hoursEn, phone, mail }: EmergencyContact) {
  const hours = hoursDe ?? hoursEn;
  return {
    label: { de: visible(labelDe), en: visible(labelEn) },
    ...(phone === undefined ? {} : { phone }),
    ...(mail === undefined ? {} : { mail }),
    ...(hours === undefined ? {} : { hours: { de: visible(hoursDe ?? hours), en: visible(hoursEn ?? hours) } }),
  };
}

/** A whole policy is not thrown away for a sign that hides in a name; a server of today stores none. */
function visible(words: string): string {
  return plainText(words) || '–';
}
