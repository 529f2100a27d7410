/**
 * Nonces of transport proofs, without state: the time of issue and a keyed hash over it and the device. Any process with
 * the key can judge them. 32 characters of base64url: 8 bytes of time (ms since 1970), 16 bytes of HMAC-SHA256.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

const hourMs = 3_600_000;
/** Longer than a day, so that a PC used every morning needs one request for its first check-in. */
export const nonceLifetimeMs = 26 * hourMs;
/** After half its life a nonce is replaced along with an answer, before it runs out. */
export const nonceRenewalMs = 13 * hourMs;
/** Server processes may differ by this much. */
const toleranceMs = 5 * 60_000;

export function makeNonce(key: Uint8Array, deviceId: string, issuedAtMs: number): string {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(issuedAtMs));
  return Buffer.concat([time, mac(key, deviceId, time)]).toString('base64url');
}

/**
 * The time of issue in ms, or undefined when the nonce is not ours, not this device's, too old or from the future.
 * `newestUsedMs` is the newest nonce this device has used: when the server's clock was set back, the nonces that follow
 * it are still good, or each device would be locked out until the clock has caught up.
 */
export function readNonce(
  key: Uint8Array,
  deviceId: string,
  nonce: string,
  nowMs: number,
  newestUsedMs: number,
): number | undefined {
  const bytes = Buffer.from(nonce, 'base64url');
  if (bytes.byteLength !== 24) return undefined;
  const time = bytes.subarray(0, 8);
  if (!timingSafeEqual(mac(key, deviceId, time), bytes.subarray(8))) return undefined;
  const issuedAtMs = Number(time.readBigUInt64BE());
  const latest = Math.max(nowMs, newestUsedMs) + toleranceMs;
  return issuedAtMs > nowMs - nonceLifetimeMs && issuedAtMs <= latest ? issuedAtMs : undefined;
}

function mac(key: Uint8Array, deviceId: string, time: Uint8Array): Buffer {
  return createHmac('sha256', key).update(deviceId).update('|').update(time).digest().subarray(0, 16);
}
