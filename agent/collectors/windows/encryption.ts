/** Encryption of volumes by BitLocker, from the results of its methods held against each other. */
import { z } from 'zod';
import type { SecurityFacts } from '../../contract/facts/security.ts';
import type { CollectContext } from '../collector.ts';
import { atMost, byKey, clean } from '../text.ts';
import type { WindowsDocument } from './document.ts';
import { flag, listOf, whole, words } from './values.ts';

type Volume = NonNullable<SecurityFacts['encryption']>[number];

const volumeSchema = z.object({
  letter: words,
  system: flag,
  type: whole,
  protectionResult: whole,
  protection: whole,
  conversionResult: whole,
  conversion: whole,
  method: whole,
  lock: whole,
  protectorResult: whole,
  protectors: listOf(whole, 64),
});
const schema = z.object({ volumes: listOf(volumeSchema, 64) });
type Answer = z.output<typeof volumeSchema>;

const methods: Readonly<Record<number, string>> = {
  1: 'AES-128 with diffuser',
  2: 'AES-256 with diffuser',
  3: 'AES-128',
  4: 'AES-256',
  5: 'hardware',
  6: 'XTS-AES-128',
  7: 'XTS-AES-256',
};
const protectorKinds: Readonly<Record<number, string>> = {
  1: 'tpm',
  2: 'external-key',
  3: 'recovery-password',
  4: 'tpm-and-pin',
  5: 'tpm-and-key',
  6: 'tpm-pin-and-key',
  7: 'public-key',
  8: 'passphrase',
  9: 'tpm-certificate',
  10: 'account',
};
const removableVolume = 2;
const locked = 1;
const done = 0;

/** Undefined when the volumes could not be read (ordinary rights) or Windows has no BitLocker. */
export function readEncryption(
  document: WindowsDocument,
  context: Pick<CollectContext, 'problem'>,
): Volume[] | undefined {
  const read = document.read('bitlocker', schema);
  if (read.kind !== 'read') return undefined;
  const { items, broken } = read.data.volumes;
  if (broken > 0) context.problem('invalid', `bitlocker: ${broken} volumes cannot be read`);
  const volumes = items.flatMap((answer) => {
    const mountPoint = clean(answer.letter, 260);
    // Volumes without a letter are partitions of the firmware and of recovery, which are not encrypted.
    return mountPoint === undefined ? [] : [volumeOf(mountPoint, answer)];
  });
  if (volumes.length === 0) {
    context.problem('unreadable', 'bitlocker: no volume with a letter is listed');
    return undefined;
  }
  if (!volumes.some(({ system }) => system))
    context.problem('unreadable', 'bitlocker: the system volume is not listed');
  return atMost(
    byKey(volumes, (volume) => volume.mountPoint),
    64,
    'volumes',
    context,
  );
}

function volumeOf(mountPoint: string, answer: Answer): Volume {
  const protectors =
    answer.protectorResult === done && answer.protectors.broken === 0 ? answer.protectors.items : undefined;
  const kinds = protectors?.map((kind) => protectorKinds[kind ?? -1] ?? 'unknown');
  const state = stateOf(answer);
  const method = state === 'not-encrypted' ? undefined : methods[answer.method ?? -1];
  return {
    mountPoint,
    system: answer.system === true,
    ...(answer.type === undefined ? {} : { removable: answer.type === removableVolume }),
    state,
    protection: protectionOf(answer, state),
    ...(method === undefined ? {} : { method }),
    ...(kinds === undefined ? {} : { protectors: [...new Set(kinds)].sort() }),
  };
}

function stateOf({ conversionResult, conversion, lock }: Answer): Volume['state'] {
  if (conversionResult !== done || lock === locked) return 'unknown';
  switch (conversion) {
    case 0:
      return 'not-encrypted';
    case 1:
      return 'encrypted';
    case 2:
    case 3:
    case 4:
    case 5:
      return 'partly';
    default:
      return 'unknown';
  }
}

/** Some builds say "on" for volumes that are not encrypted, so that "on" counts only together with the conversion. */
function protectionOf({ protectionResult, protection }: Answer, state: Volume['state']): Volume['protection'] {
  if (state === 'not-encrypted') return 'off';
  if (protectionResult !== done || state === 'unknown') return 'unknown';
  if (protection === 1) return 'on';
  if (protection !== 0) return 'unknown';
  // Encrypted and not protected: the key lies in the clear on the disk, during a pause or until someone activates it.
  return 'suspended';
}
