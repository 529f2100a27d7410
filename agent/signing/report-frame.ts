/** The bytes of a report: the compact JWS of its envelope, one line feed, the exact bytes of its body. */

import { type ReportEnvelope, reportEnvelope } from '../contract/report.ts';
import { jwsTypes, type PublicKey } from '../contract/wire.ts';
import { hashBytes } from './canonical.ts';
import { JwsError, signJws, verifyJws } from './jws.ts';
import type { SigningKey } from './keys.ts';

export interface SignedReport {
  readonly envelope: ReportEnvelope;
  readonly envelopeJws: string;
  /** SHA-256 over the compact JWS: what the next envelope names as `previousHash`. */
  readonly envelopeHash: string;
  readonly body: Uint8Array;
}

export async function signReport(
  fields: Omit<ReportEnvelope, 'bodyHash' | 'bodyBytes'>,
  body: Uint8Array,
  key: SigningKey,
): Promise<SignedReport> {
  const envelope: ReportEnvelope = { ...fields, bodyHash: hashBytes(body), bodyBytes: body.byteLength };
  const envelopeJws = await signJws(jwsTypes.report, envelope, key);
  return { envelope, envelopeJws, envelopeHash: hashBytes(envelopeJws), body };
}

/**
 * Signs an envelope of one's own anew for another place in the chain, naming the one it was made for; the body, which may be
 * gone, stays the same.
 */
export async function signAgain(
  envelopeJws: string,
  place: Pick<ReportEnvelope, 'storeEpoch' | 'sequence'> & { readonly previousHash?: string },
  key: SigningKey,
): Promise<{ envelopeJws: string; envelopeHash: string }> {
  const { previousHash: _before, ...fields } = await verifyJws(jwsTypes.report, envelopeJws, [key], reportEnvelope);
  const { first = { storeEpoch: fields.storeEpoch, sequence: fields.sequence } } = fields;
  const again = await signJws(jwsTypes.report, { ...fields, ...place, first } satisfies ReportEnvelope, key);
  return { envelopeJws: again, envelopeHash: hashBytes(again) };
}

/** Without a body the frame says: this report was made, and its body is gone. */
export function encodeFrame(report: { envelopeJws: string; body: Uint8Array | undefined }): Uint8Array {
  return Buffer.concat([Buffer.from(`${report.envelopeJws}\n`, 'ascii'), report.body ?? new Uint8Array()]);
}

/** Splits a frame without trusting it; throws `JwsError` "malformed" when there is no envelope line. */
export function splitFrame(frame: Uint8Array): { envelopeJws: string; body: Uint8Array } {
  const end = frame.indexOf(0x0a);
  // An envelope is well below 2 kB; a longer first line is no envelope.
  if (end <= 0 || end > 4096) throw new JwsError('malformed', 'the report does not begin with an envelope line');
  return { envelopeJws: Buffer.from(frame.subarray(0, end)).toString('latin1'), body: frame.subarray(end + 1) };
}

/** A report whose body its device had to drop; the envelope proves that it was made. */
export type BareReport = Omit<SignedReport, 'body'>;

/** Verifies the envelope against the device's key and the body against the envelope. */
export async function verifyReport(
  frame: Uint8Array,
  key: { publicKey: PublicKey; thumbprint: string },
): Promise<SignedReport> {
  const { envelopeJws, body } = splitFrame(frame);
  const envelope = await verifyJws(jwsTypes.report, envelopeJws, [key], reportEnvelope);
  if (envelope.bodyBytes !== body.byteLength || envelope.bodyHash !== hashBytes(body)) {
    throw new JwsError('signature', 'the body is not the one that was signed');
  }
  return { envelope, envelopeJws, envelopeHash: hashBytes(envelopeJws), body };
}
