/** The server's signed words to a device. */
import type { z } from 'zod';
import {
  aboutTheReport,
  jwsTypes,
  type SignedAnswer,
  type signedAnswer,
  type signedRefusal,
  usualCheckInSeconds,
} from '../../agent/contract/wire.ts';
import { signJws } from '../../agent/signing/jws.ts';
import { Problem, problemOf } from '../problem.ts';
import type { Database } from '../store/database.ts';
import type { DeviceRow } from '../store/schema.ts';
import type { IngestContext } from './device-request.ts';

export const checkInSeconds = usualCheckInSeconds;
const maxNeed = 64;

/** `jti` is that of the proof it answers: only that makes the time in it count. */
export function signAnswer(
  context: IngestContext,
  answer: Omit<SignedAnswer, 'nonce' | 'serverTime'> & { readonly jti: string },
): Promise<string> {
  const { jti, state, need, policyVersion, checkInSeconds: seconds, ...words } = answer;
  const payload: z.input<typeof signedAnswer> = {
    nonce: jti,
    serverTime: context.now().toISOString(),
    ...words,
    ...(state === 'active' ? {} : { state }),
    ...(need.length === 0 ? {} : { need }),
    ...(policyVersion === 0 ? {} : { policyVersion }),
    ...(seconds === usualCheckInSeconds ? {} : { checkInSeconds: seconds }),
  };
  return signJws(jwsTypes.answer, payload, context.signingKey);
}

/** What puts a report aside for good, with the server's signature; anything else as it is. */
export async function signRefusal(context: IngestContext, jti: string, error: unknown): Promise<unknown> {
  const problem = problemOf(error);
  return aboutTheReport.has(problem.status) ? signRefused(context, jti, problem) : error;
}

/** With the server's signature. `jti` is that of the proof of the request. */
export async function signRefused(
  context: IngestContext,
  jti: string,
  { status, code, message, headers, cause }: Problem,
): Promise<Problem> {
  const payload: z.infer<typeof signedRefusal> = { nonce: jti, status, code };
  const refusal = await signJws(jwsTypes.refusal, payload, context.signingKey);
  return new Problem(status, code, message, { headers, cause, refusal });
}

/** Sections of which the server knows only the hash, by id. */
export async function neededSections(trx: Database, deviceId: string): Promise<string[]> {
  const rows = await trx
    .selectFrom('sections')
    .select('section_id')
    .where('device_id', '=', deviceId)
    .where('facts_held', '=', 0)
    .orderBy('section_id')
    .limit(maxNeed)
    .execute();
  return rows.map(({ section_id }) => section_id);
}

/** Highest sequence held of a store epoch; 0 when none. */
export async function highestSequence(trx: Database, device: DeviceRow, epoch: string): Promise<number> {
  const row = await trx
    .selectFrom('device_epochs')
    .select('sequence')
    .where('device_id', '=', device.id)
    .where('store_epoch', '=', epoch)
    .executeTakeFirst();
  return row?.sequence ?? 0;
}
