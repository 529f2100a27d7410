/**
 * Who sends, and that the request is fresh: the transport proof. Everything here is judged before a byte of the body is
 * believed; the proof is used up in the transaction that has an effect.
 */
import { CompiledQuery } from 'kysely';
import { agentErrorCodes, nonceHeader, type ProofClaims, proofHeader } from '../../agent/contract/wire.ts';
import { JwsError } from '../../agent/signing/jws.ts';
import { claimedDevice, RequestAltered, verifyProof } from '../../agent/signing/proof.ts';
import type { ServerContext } from '../context.ts';
import type { Metrics } from '../metrics.ts';
import { Problem } from '../problem.ts';
import type { DeviceStreams } from '../push/device-streams.ts';
import type { Database } from '../store/database.ts';
import type { GroupCommit } from '../store/group-commit.ts';
import type { DeviceRow } from '../store/schema.ts';
import { signRefused } from './answer.ts';
import { noteEvent } from './events.ts';
import type { Admission } from './limits.ts';
import { makeNonce, nonceRenewalMs, readNonce } from './nonce.ts';
import type { WordsCache } from './words-cache.ts';

export interface IngestContext extends ServerContext {
  readonly nonceKey: Uint8Array;
  readonly metrics: Metrics;
  readonly streams: DeviceStreams;
  /** For the small changes that come by the hundred. */
  readonly commits: GroupCommit;
  readonly admission: Admission;
  /** What devices were last to be told. */
  readonly words: WordsCache;
}

/** A request whose proof holds; it counts only once `takeProof` has used it up. */
export interface DeviceRequest {
  readonly device: DeviceRow;
  readonly claims: ProofClaims;
  readonly nonceIssuedAtMs: number;
}

export const proofMissing = () => new Problem(401, 'proof-invalid', `The request has no valid ${proofHeader} header.`);

/** The key a device signs with, as the signing leaf wants it. */
export function keyOf(device: DeviceRow) {
  return {
    publicKey: { kty: 'OKP' as const, crv: 'Ed25519' as const, x: device.key_x },
    thumbprint: device.key_thumbprint,
  };
}

/**
 * The statements of each request of a device, ready made: building them anew takes longer than the database needs for them.
 */
const deviceById = 'select * from devices where id = ?';
const useProofUp = `update devices set proof_issued_at = ?1, proof_counter = ?2, last_heard_at = ?3, clock_offset_seconds = ?4
  where id = ?5 and (proof_issued_at < ?1 or (proof_issued_at = ?1 and proof_counter < ?2)) returning *`;

/**
 * The device the proof names; nothing is proven yet. Asked before the body is read, so that a stranger cannot make the
 * server take in megabytes. Throws 401 proof-invalid, 404 unknown-device, or 403 device-not-active for a retired one.
 */
export async function findClaimedDevice(
  context: IngestContext,
  proof: string | string[] | undefined,
): Promise<DeviceRow> {
  const id = typeof proof === 'string' ? claimedDevice(proof) : undefined;
  if (id === undefined) throw proofMissing();
  const [device] = (await context.db.executeQuery<DeviceRow>(CompiledQuery.raw(deviceById, [id]))).rows;
  if (device === undefined) throw new Problem(404, 'unknown-device', 'No device with this id is enrolled here.');
  if (device.state === 'retired') throw new Problem(403, 'device-not-active', 'This device has been retired.');
  return device;
}

/**
 * Throws 401 proof-invalid, 401 use-nonce with a fresh nonce, or 401 request-altered, signed, where the device made the proof and
 * something else arrived.
 */
export async function verifyRequest(
  context: IngestContext,
  device: DeviceRow,
  request: { readonly proof: string; readonly method: string; readonly path: string; readonly body: Uint8Array },
): Promise<DeviceRequest> {
  const claims = await verifyProof(request.proof, request, keyOf(device)).catch((cause: unknown) => {
    if (cause instanceof RequestAltered) return cause;
    if (!(cause instanceof JwsError)) throw cause;
    throw new Problem(401, 'proof-invalid', 'The proof does not fit this request and this device.', { cause });
  });
  if (claims instanceof RequestAltered) {
    freshOnly(context, device, claims.claims);
    throw await altered(context, device, claims.claims.jti);
  }
  return { device, claims, nonceIssuedAtMs: freshOnly(context, device, claims) };
}

/** When its nonce was issued, ms since 1970. Throws 401 use-nonce. */
function freshOnly(context: IngestContext, device: DeviceRow, claims: ProofClaims): number {
  const nowMs = context.now().getTime();
  const nonceIssuedAtMs = readNonce(context.nonceKey, device.id, claims.nonce, nowMs, device.proof_issued_at);
  if (nonceIssuedAtMs === undefined || !isNewer(device, nonceIssuedAtMs, claims.ctr)) throw useNonce(context, device);
  return nonceIssuedAtMs;
}

/**
 * What a device needs to hear where something on the way (a filter that unpacks bodies or drops headers) changes what it sends.
 * Signed, so that nobody else can tell it so; it puts no report aside. `jti` of a proof of this device.
 */
export async function altered(context: IngestContext, device: DeviceRow, jti: string): Promise<Problem> {
  const now = context.now();
  try {
    const day = now.toISOString().slice(0, 10);
    await noteEvent(context.db, device.id, now, agentErrorCodes.altered, `On ${day}.`);
  } catch (error) {
    // The device is told all the same.
    context.log.warn({ err: error }, 'that requests are altered could not be noted');
  }
  const detail = 'What arrived is not what the device has signed: something on the way changes its requests.';
  return signRefused(context, jti, new Problem(401, agentErrorCodes.altered, detail));
}

function isNewer(device: DeviceRow, issuedAtMs: number, counter: number): boolean {
  return (
    issuedAtMs > device.proof_issued_at || (issuedAtMs === device.proof_issued_at && counter > device.proof_counter)
  );
}

function useNonce(context: IngestContext, device: DeviceRow): Problem {
  return new Problem(401, 'use-nonce', `Make the proof again with the nonce of the ${nonceHeader} header.`, {
    headers: { [nonceHeader]: freshNonce(context, device.id, device.proof_issued_at) },
  });
}

/** Always newer than the newest one used: a device whose counter or clock went back can go on with it. */
export function freshNonce(context: IngestContext, deviceId: string, newestUsedMs: number): string {
  return makeNonce(context.nonceKey, deviceId, Math.max(context.now().getTime(), newestUsedMs + 1));
}

/** A fresh nonce when the one just used is past half its life; otherwise none, which keeps answers small. */
export function renewedNonce(context: IngestContext, request: DeviceRequest): Record<string, string> {
  if (context.now().getTime() - request.nonceIssuedAtMs < nonceRenewalMs) return {};
  return { [nonceHeader]: freshNonce(context, request.device.id, request.nonceIssuedAtMs) };
}

/**
 * Uses the proof up and notes that the device was heard of; returns the device as it stands now. Throws 401 use-nonce
 * when another request with this proof, or a newer one, came first.
 */
export async function takeProof(trx: Database, context: IngestContext, request: DeviceRequest): Promise<DeviceRow> {
  const now = context.now();
  const { claims, nonceIssuedAtMs } = request;
  // A clock at the far end of the whole numbers must not take the difference beyond them.
  const offset = Math.max(claims.iat - Math.floor(now.getTime() / 1000), Number.MIN_SAFE_INTEGER);
  const values = [nonceIssuedAtMs, claims.ctr, now.toISOString(), offset, request.device.id];
  const [taken] = (await trx.executeQuery<DeviceRow>(CompiledQuery.raw(useProofUp, values))).rows;
  if (taken !== undefined) return taken;
  const device = await trx
    .selectFrom('devices')
    .selectAll()
    .where('id', '=', request.device.id)
    .executeTakeFirstOrThrow();
  throw useNonce(context, device);
}
