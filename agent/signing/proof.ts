/** The transport proof: a short JWS that binds one request to a device, its body and a nonce of the server. */
import { createHash, randomBytes } from 'node:crypto';
import { jwsTypes, type ProofClaims, type PublicKey, proofClaims } from '../contract/wire.ts';
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
    sub: Buffer.from(request.deviceId.replaceAll('-', ''), 'hex').toString('base64url'),
    digest: digestOf(request),
    iat: Math.floor(request.now.getTime() / 1000),
    jti,
    nonce: request.nonce,
    ctr: request.counter,
  };
  return { proof: await signJws(jwsTypes.proof, claims, key), jti };
}

/** Of method, path and body; 132 bits: who wants another request with the same one has to find it for a given digest. */
function digestOf({ method, path, body }: { method: string; path: string; body: Uint8Array }): string {
  return createHash('sha256').update(`${method} ${path}\n`).update(body).digest('base64url').slice(0, 22);
}

const claimant = proofClaims.pick({ sub: true });

/** Who claims to have made the proof; nothing is verified yet. Undefined when it is not even shaped like one. */
export function claimedDevice(proof: string): string | undefined {
  const payload = proof.split('.')[1];
  if (payload === undefined || proof.length > 4096) return undefined;
  try {
    const claims = claimant.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    return claims.success ? deviceIdOf(claims.data.sub) : undefined;
  } catch {
    // Not JSON: the same answer as for any other shape that is not a proof.
    return undefined;
  }
}

function deviceIdOf(sub: string): string {
  const hex = Buffer.from(sub, 'base64url').toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The device made this proof, but not for what arrived: another method, path or body. */
export class RequestAltered extends JwsError {
  readonly claims: ProofClaims;
  constructor(claims: ProofClaims) {
    super('signature', 'the proof was made for another request');
    this.claims = claims;
  }
}

/**
 * Checks signature and binding to this request; the nonce and its counter are the server's to judge. Throws `JwsError`, and of
 * that `RequestAltered` where the signature holds.
 */
export async function verifyProof(
  proof: string,
  request: { method: string; path: string; body: Uint8Array },
  key: { publicKey: PublicKey; thumbprint: string },
): Promise<ProofClaims> {
  const claims = await verifyJws(jwsTypes.proof, proof, [key], proofClaims);
  if (claims.digest !== digestOf(request)) throw new RequestAltered(claims);
  return claims;
}
