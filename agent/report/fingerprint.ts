/** Hashes over hardware marks that say "same machine" or "another one" and nothing else. */

import type { SectionId } from '../contract/facts/index.ts';
import type { Fingerprint, KnownSection, SectionOf } from '../contract/report.ts';
import { hashBytes } from '../signing/canonical.ts';

/** Sections the marks are taken from. */
export const fingerprintSections = ['system', 'storage', 'network'] as const satisfies readonly SectionId[];

/** `salt` is the thumbprint of the device's key: the same hardware has other hashes under another key. */
export function fingerprintOf(sections: readonly KnownSection[], salt: string): Fingerprint {
  const facts = <Id extends SectionId>(id: Id): SectionOf<Id>['data'] =>
    sections.find((section): section is KnownSection & SectionOf<Id> => section.id === id)?.data;
  const system = facts('system');
  const storage = facts('storage');
  const network = facts('network');
  const marks: Record<keyof Fingerprint, readonly (string | undefined)[]> = {
    firmware: [system?.uuid, system?.serialNumber],
    board: [system?.board?.serialNumber],
    disks: storage?.disks.filter(({ removable }) => !removable).map(({ serialNumber }) => serialNumber) ?? [],
    // Adapters that come and go (docks, VPN, containers) say nothing about the machine.
    macs:
      network?.interfaces
        .filter(({ kind, driver }) => (kind === 'ethernet' || kind === 'wifi') && driver !== undefined)
        .map(({ macAddress }) => macAddress) ?? [],
  };
  const hashes: Fingerprint = {};
  for (const [kind, values] of Object.entries(marks) as [keyof Fingerprint, readonly (string | undefined)[]][]) {
    const known = values.filter((value) => value !== undefined).sort();
    if (known.length > 0) hashes[kind] = hashBytes(`${salt}\n${kind}\n${known.join('\n')}`);
  }
  return hashes;
}
