/** The server's signed words to a device. */
import { jwsTypes, type SignedAnswer } from '../../agent/contract/wire.ts';
import { signJws } from '../../agent/signing/jws.ts';
import type { Database } from '../store/database.ts';
import type { DeviceRow } from '../store/schema.ts';
import type { IngestContext } from './device-request.ts';

/** Where no policy says anything else. */
export const checkInSeconds = 900;
const maxNeed = 64;

/** `jti` is that of the proof it answers: only that makes the time in it count. */
export function signAnswer(
  context: IngestContext,
  answer: Omit<SignedAnswer, 'nonce' | 'serverTime'> & { readonly jti: string },
): Promise<string> {
  const { jti, ...words } = answer;
  const payload: SignedAnswer = {
    nonce: jti,
    serverTime: context.now().toISOString(),
    ...words,
  };
  return signJws(jwsTypes.answer, payload, context.signingKey);
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
