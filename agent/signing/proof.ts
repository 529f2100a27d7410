/** The transport proof: a short JWS that binds one request to a device, its body and a nonce of the server. */
import { randomBytes } from 'node:crypto';
import { jwsTypes, type ProofClaims, type PublicKey, proofClaims } from '../contract/wire.ts';
import { hashBytes } from './canonical.ts';
import { JwsError, signJws, verifyJws } from './jws.ts';
import type { SigningKey } from './keys.ts';

/** What the caller knows of the request; digest, jti and time are added here. */
export interface ProofRequest {
  readonly deviceId: string;
  readonly method: 'GET' | 'POST';
  /** Path without host and query. */
  readonly path: string;
  readonly body: Uint8Array;
  readonly nonce: string;
  readonly counter: number;
  readonly now: Date;
}

/** Returns the proof and the `jti` the server's signed answer must echo. */
export async function makeProof(request: ProofRequest, key: SigningKey): Promise<{ proof: string; jti: string }> {
  const jti = randomBytes(12).toString('base64url');
  const claims: ProofClaims = {
    sub: request.deviceId,
    htm: request.method,
    htu: request.path,
    digest: hashBytes(request.body),
    iat: Math.floor(request.now.getTime() / 1000),
    jti,
    nonce: request.nonce,
    ctr: request.counter,
  };
  return { proof: await signJws(jwsTypes.proof, claims, key), jti };
}

/** Who claims to have made the proof; nothing is verified yet. Undefined when it is not even shaped like one. */
export function claimedDevice(proof: string): string | undefined {
  const payload = proof.split('.')[1];
  if (payload === undefined || proof.length > 4096) return undefined;
  try {
    const claims = proofClaims.pick({ sub: true }).safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    return claims.success ? claims.data.sub : undefined;
  } catch {
    // Not JSON: the same answer as for any other shape that is not a proof.
    return undefined;
  }
}

/** Checks signature and binding to this request; the nonce and its counter are the server's to judge. */
export async function verifyProof(
  proof: string,
  request: { method: string; path: string; body: Uint8Array },
  key: { publicKey: PublicKey; thumbprint: string },
): Promise<ProofClaims> {
  const claims = await verifyJws(jwsTypes.proof, proof, [key], proofClaims);
  if (claims.htm !== request.method || claims.htu !== request.path) {
    throw new JwsError('signature', 'the proof was made for another request');
  }
  if (claims.digest !== hashBytes(request.body)) throw new JwsError('signature', 'the proof was made for another body');
  return claims;
}
