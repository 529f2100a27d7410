/** Enrolment: a token admits a key, and the key becomes a device. */
import { randomUUID } from 'node:crypto';
import {
  type EnrolmentAnswer,
  type EnrolmentRequest,
  enrolmentAnswer,
  enrolmentRequest,
  jwsTypes,
  nonceHeader,
  type PublicKey,
} from '../../agent/contract/wire.ts';
import { JwsError, signJws, verifyEmbeddedKey, verifyJws } from '../../agent/signing/jws.ts';
import { thumbprintOf } from '../../agent/signing/keys.ts';
import { evaluateDevice, lightRanks } from '../fleet/evaluate.ts';
import { searchTextOf } from '../fleet/search-text.ts';
import { Problem } from '../problem.ts';
import { secretHash } from '../staff/secret.ts';
import type { Database } from '../store/database.ts';
import type { DeviceRow } from '../store/schema.ts';
import { checkInSeconds } from './answer.ts';
import { freshNonce, type IngestContext } from './device-request.ts';
import { noteEvent } from './events.ts';

export interface Enrolled {
  /** False when the same key was here before: a repeated request is no second device. */
  readonly created: boolean;
  readonly answer: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One answer for every reason, so that guessing teaches nothing. */
const tokenInvalid = () =>
  new Problem(401, 'token-invalid', 'The enrolment token is unknown, expired, used up or revoked.');

/** `address`: where the request came from. Throws 400 malformed or signature-invalid, 401 token-invalid, or 429. */
export async function enrolDevice(context: IngestContext, jws: string, address: string): Promise<Enrolled> {
  const { payload: request, key } = await readRequest(jws);
  const thumbprint = await thumbprintOf(key);
  const succeeded = context.admission.admitEnrolment(address, request.token ?? thumbprint, context.now());
  const statement =
    request.enrolled === undefined ? undefined : await readStatement(context, request.enrolled, thumbprint);
  const { device, created, municipality } = await context.db.transaction().execute(async (trx) => {
    const admitted =
      statement === undefined
        ? await admit(trx, context.now(), request.token ?? '', thumbprint)
        : await admitAgain(trx, statement, thumbprint);
    if (admitted.known !== undefined) return { ...admitted, device: admitted.known, created: false };
    const { municipality } = admitted;
    return {
      municipality,
      device: await insertDevice(trx, context, request, municipality, key, thumbprint, statement?.deviceId),
      created: true,
    };
  });
  succeeded();
  const answer: EnrolmentAnswer = {
    nonce: request.nonce,
    serverTime: context.now().toISOString(),
    deviceId: device.id,
    key: thumbprint,
    state: device.state,
    municipality: { id: municipality.id, name: municipality.name },
    checkInSeconds,
  };
  return {
    created,
    answer: await signJws(jwsTypes.answer, answer, context.signingKey),
    headers: { [nonceHeader]: freshNonce(context, device.id, device.proof_issued_at) },
  };
}

async function readRequest(jws: string): Promise<{ payload: EnrolmentRequest; key: PublicKey }> {
  try {
    return await verifyEmbeddedKey(jwsTypes.enrolment, jws, enrolmentRequest);
  } catch (cause) {
    if (!(cause instanceof JwsError)) throw cause;
    const [code, detail] =
      cause.reason === 'signature'
        ? ['signature-invalid', 'The signature does not fit the key in the request.']
        : ['malformed', `This is not an enrolment request: ${cause.message}.`];
    throw new Problem(400, code, detail, { cause });
  }
}

/** The municipality the token opens, and the device when its key is known. A new key costs the token one use. */
async function admit(trx: Database, now: Date, secret: string, thumbprint: string) {
  const token = await trx
    .selectFrom('enrolment_tokens')
    .select(['id', 'municipality_id'])
    .where('secret_hash', '=', secretHash(secret))
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now.toISOString())
    .executeTakeFirst();
  if (token === undefined) throw tokenInvalid();
  const known = await trx.selectFrom('devices').selectAll().where('key_thumbprint', '=', thumbprint).executeTakeFirst();
  // What staff took out of the fleet does not let itself in again.
  if (known?.state === 'retired') throw tokenInvalid();
  if (known === undefined) {
    const { numUpdatedRows } = await trx
      .updateTable('enrolment_tokens')
      .set(({ eb }) => ({ uses_left: eb('uses_left', '-', 1) }))
      .where('id', '=', token.id)
      .where('uses_left', '>', 0)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw tokenInvalid();
  }
  const municipality = await trx
    .selectFrom('municipalities')
    .selectAll()
    // A device that staff moved stays where it is, whatever token its image still carries.
    .where('id', '=', known?.municipality_id ?? token.municipality_id)
    .executeTakeFirstOrThrow();
  return { known, municipality };
}

/** What this server signed when it enrolled the key. Throws 401 token-invalid for any other words. */
async function readStatement(context: IngestContext, jws: string, thumbprint: string): Promise<EnrolmentAnswer> {
  for (const { use, key } of context.trust.keys) {
    if (use !== 'server') continue;
    try {
      const signer = { publicKey: key, thumbprint: await thumbprintOf(key) };
      const said = await verifyJws(jwsTypes.answer, jws, [signer], enrolmentAnswer);
      if (said.key === thumbprint) return said;
    } catch (error) {
      if (!(error instanceof JwsError)) throw error;
    }
  }
  throw tokenInvalid();
}

/** As `admit`, for a device that was enrolled here and is not in this database: the token of then is used up. */
async function admitAgain(trx: Database, { deviceId, municipality: former }: EnrolmentAnswer, thumbprint: string) {
  const known = await trx
    .selectFrom('devices')
    .selectAll()
    .where(({ eb, or }) => or([eb('key_thumbprint', '=', thumbprint), eb('id', '=', deviceId)]))
    .executeTakeFirst();
  if (known !== undefined && (known.state === 'retired' || known.key_thumbprint !== thumbprint)) throw tokenInvalid();
  const municipality = await trx
    .selectFrom('municipalities')
    .selectAll()
    .where('id', '=', known?.municipality_id ?? former.id)
    .executeTakeFirst();
  if (municipality === undefined) throw tokenInvalid();
  return { known, municipality };
}

async function insertDevice(
  trx: Database,
  context: IngestContext,
  request: EnrolmentRequest,
  municipality: { readonly id: string; readonly approval_required: 0 | 1 },
  key: PublicKey,
  thumbprint: string,
  /** Of a device that was here before a backup was restored: it waits for staff, whatever its municipality says. */
  formerId?: string,
): Promise<DeviceRow> {
  const now = context.now();
  const unrecorded = {
    inventory_number: null,
    location: null,
    office: null,
    note: null,
    model: null,
    serial_number: null,
  };
  const id = formerId ?? randomUUID();
  await trx
    .insertInto('devices')
    .values({
      id,
      municipality_id: municipality.id,
      key_thumbprint: thumbprint,
      key_x: key.x,
      hostname: request.hostname,
      platform: request.platform,
      agent_version: request.agentVersion,
      state: municipality.approval_required === 1 || formerId !== undefined ? 'pending' : 'active',
      enrolled_at: now.toISOString(),
      acknowledged_sequence: 0,
      fingerprint: JSON.stringify(request.fingerprint),
      // What this device proved before the backup was restored must not count once more.
      proof_issued_at: formerId === undefined ? 0 : now.getTime(),
      proof_counter: 0,
      light: 'unknown',
      light_rank: lightRanks.unknown,
      ...unrecorded,
      search_text: searchTextOf({ hostname: request.hostname, ...unrecorded }),
    })
    .execute();
  if (formerId !== undefined) {
    await noteEvent(
      trx,
      id,
      now,
      'readmitted',
      'It showed the signed answer to its enrolment, which this database does not know.',
    );
  }
  await evaluateDevice(trx, id, now);
  return trx.selectFrom('devices').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}
