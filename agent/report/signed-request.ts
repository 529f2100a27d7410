/** Proofs for requests to the server, with the nonce and the counter the store remembers. */
import { nonceHeader, proofHeader } from '../contract/wire.ts';
import type { SigningKey } from '../signing/keys.ts';
import { makeProof } from '../signing/proof.ts';
import type { AgentStore, Enrolment } from '../store/agent-store.ts';

export interface Signer {
  readonly store: Pick<AgentStore, 'readExchange' | 'changeExchange'>;
  readonly key: SigningKey;
  readonly enrolment: Pick<Enrolment, 'deviceId'>;
  readonly now: () => Date;
}

/** `jti` is what a genuine answer echoes. */
export async function proveRequest(
  { store, key, enrolment, now }: Signer,
  request: { readonly method: 'GET' | 'POST'; readonly path: string; readonly body: Uint8Array },
): Promise<{ headers: Readonly<Record<string, string>>; jti: string }> {
  const { nonce = 'none', counter } = store.readExchange();
  // Written before it is used: after a crash the same counter must not go out a second time.
  store.changeExchange({ counter: counter + 1 });
  const { proof, jti } = await makeProof(
    { ...request, deviceId: enrolment.deviceId, nonce, counter: counter + 1, now: now() },
    key,
  );
  return { headers: { [proofHeader]: proof }, jti };
}

/** To be called with the headers of each answer, whatever its status. */
export function rememberNonce({ store }: Pick<Signer, 'store'>, headers: Readonly<Record<string, string>>): void {
  const fresh = headers[nonceHeader];
  if (fresh !== undefined && fresh.length <= 120) store.changeExchange({ nonce: fresh, counter: 0 });
}
