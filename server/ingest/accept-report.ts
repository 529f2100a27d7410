/**
 * Decides about one verified report and stores it, all in one transaction: either report, facts, verdicts and receipt
 * are there, or nothing is. What is refused with evidence keeps the evidence.
 */
import type { Selectable } from 'kysely';
import { fingerprint, type ReportEnvelope } from '../../agent/contract/report.ts';
import { jwsTypes, type Receipt, receipt } from '../../agent/contract/wire.ts';
import { signJws } from '../../agent/signing/jws.ts';
import type { SigningKey } from '../../agent/signing/keys.ts';
import { evaluateDevice } from '../fleet/evaluate.ts';
import { settleRequests } from '../fleet/report-requests.ts';
import { Problem } from '../problem.ts';
import type { Database } from '../store/database.ts';
import type { DeviceRow, ReportTable } from '../store/schema.ts';
import { quarantine, watchEpochs } from './clones.ts';
import { type DeviceRequest, type IngestContext, takeProof } from './device-request.ts';
import { noteEvent } from './events.ts';
import { belongsInHole, declareGaps, fillHole, noteBodyGone, noteHole } from './gaps.ts';
import { compareMarks } from './hardware-marks.ts';
import type { ReadEnvelope, ReadReport } from './read-report.ts';
import { noteSameHardware } from './same-hardware.ts';
import { storeSpoken } from './spoken.ts';
import { type StoredSections, storeSections } from './store-sections.ts';

export interface Taken {
  /** False when these very bytes were taken before: `receipt` is the one of then. */
  readonly created: boolean;
  readonly receipt: string;
  readonly device: DeviceRow;
}

type Decision = Taken | { readonly refusal: Problem };

/** The receipt when these very bytes were taken before; the proof is used up then. Throws 401 use-nonce. */
export async function findTaken(
  context: IngestContext,
  request: DeviceRequest,
  report: { readonly envelope: { readonly reportId: string }; readonly envelopeHash: string },
): Promise<Taken | undefined> {
  const same = (db: Database) =>
    db
      .selectFrom('reports')
      .select(taken)
      .where('id', '=', report.envelope.reportId)
      // The hash covers the device's id and its signature.
      .where('envelope_hash', '=', report.envelopeHash)
      .executeTakeFirst();
  const found = await same(context.db);
  if (found === undefined) return undefined;
  const device = await context.commits.run((trx) => takeProof(trx, context, request));
  return { created: false, receipt: await currentReceipt(found, context.signingKey), device };
}

/** What a receipt says, and what places a report. */
const taken = [
  'id',
  'device_id',
  'store_epoch',
  'sequence',
  'envelope_hash',
  'received_at',
  'receipt_jws',
] as const satisfies (keyof ReportTable)[];
type TakenRow = Pick<Selectable<ReportTable>, (typeof taken)[number]>;

/**
 * The original receipt, or the same words signed again when the key has been replaced since: a device that never got the
 * original does not trust the old key any more.
 */
async function currentReceipt(row: TakenRow, key: SigningKey): Promise<string> {
  const { receipt_jws: jws } = row;
  if (jws === '') {
    // Removed with the body of the report: nothing is wanted of it any more.
    const again: Receipt = {
      reportId: row.id,
      deviceId: row.device_id,
      storeEpoch: row.store_epoch,
      sequence: Number(row.sequence),
      envelopeHash: row.envelope_hash,
      receivedAt: row.received_at,
      need: [],
    };
    return signJws(jwsTypes.receipt, again, key);
  }
  const [header = '', payload = ''] = jws.split('.');
  const part = (text: string): unknown => JSON.parse(Buffer.from(text, 'base64url').toString());
  if ((part(header) as { kid?: unknown }).kid === key.thumbprint) return jws;
  return signJws(jwsTypes.receipt, receipt.parse(part(payload)), key);
}

/**
 * Throws 401 use-nonce, 403 device-not-active, 409 report-conflict or 409 sequence-rewound. `report` may be the second
 * of two equal ones that arrived together.
 */
export async function acceptReport(
  context: IngestContext,
  request: DeviceRequest,
  report: ReadReport | ReadEnvelope,
): Promise<Taken> {
  const decision = await context.db.transaction().execute(async (trx): Promise<Decision> => {
    const device = await takeProof(trx, context, request);
    const place = await readPlace(trx, report);
    const twin = place.found.find(({ envelope_hash }) => envelope_hash === report.envelopeHash);
    if (twin !== undefined) return { created: false, receipt: await currentReceipt(twin, context.signingKey), device };
    const refusal = await refuse(trx, context, device, report, place);
    if (refusal !== undefined) return { refusal };
    return store(trx, context, device, report, place);
  });
  // Thrown outside, so that the evidence of a refusal is not rolled back with it.
  if ('refusal' in decision) {
    // Quarantined or retired: an open stream of its key goes on for nobody.
    if (decision.refusal.code === 'device-not-active') context.streams.deviceMoved(request.device.id, null);
    throw decision.refusal;
  }
  return decision;
}

interface Place {
  /** Reports that hold the id or the place of this one. */
  readonly found: readonly TakenRow[];
  /** High-water mark of the epoch; undefined when the epoch is new. */
  readonly highest: { readonly sequence: number; readonly envelope_hash: string } | undefined;
}

async function readPlace(trx: Database, { envelope }: ReadEnvelope | ReadReport): Promise<Place> {
  const found = await trx
    .selectFrom('reports')
    .select(taken)
    .where(({ eb, and, or }) =>
      or([
        eb('id', '=', envelope.reportId),
        and([
          eb('device_id', '=', envelope.deviceId),
          eb('store_epoch', '=', envelope.storeEpoch),
          eb('sequence', '=', envelope.sequence),
        ]),
      ]),
    )
    .execute();
  const highest = await trx
    .selectFrom('device_epochs')
    .select(['sequence', 'envelope_hash'])
    .where('device_id', '=', envelope.deviceId)
    .where('store_epoch', '=', envelope.storeEpoch)
    .executeTakeFirst();
  return { found, highest };
}

async function refuse(
  trx: Database,
  context: IngestContext,
  device: DeviceRow,
  report: ReadReport | ReadEnvelope,
  { found, highest }: Place,
): Promise<Problem | undefined> {
  const { envelope, envelopeHash, content } = report;
  const now = context.now();
  if (device.state !== 'active') return notActive(device);
  const marks = fingerprint.parse(JSON.parse(device.fingerprint));
  if (content !== undefined && compareMarks(marks, content.fingerprint) === 'other') {
    if (!(await isOfBefore(trx, device, report, highest, now))) {
      const why = `Report ${envelope.reportId} comes with this device's key from other hardware: no mark is the same.`;
      return notActive(await quarantine(trx, device, { why, forgetMarks: true, now }));
    }
    const detail =
      'Reports that came again were made on other hardware than its newest ones. They joined the history only.';
    await noteEvent(trx, device.id, now, 'hardware-before', detail);
  }
  if (found.length > 0) {
    // The other device may belong to another municipality: nothing of its reports is for this one's eyes.
    const held = found
      .map((row) => (row.device_id === device.id ? `${row.id} (${row.envelope_hash})` : 'a report of another device'))
      .join(', ');
    const detail = `Report ${envelope.reportId} (${envelopeHash}) claims sequence ${envelope.sequence} of ${envelope.storeEpoch}, held by ${held}.`;
    await noteEvent(trx, device.id, now, 'report-conflict', detail);
    if (found.some(({ id }) => id !== envelope.reportId)) {
      await noteEvent(
        trx,
        device.id,
        now,
        'clone-suspected',
        `Two reports claim one place in the same store. ${detail}`,
      );
    }
    return new Problem(409, 'report-conflict', 'Another report with this id or at this place is held already.');
  }
  if (isLate(envelope, highest) && !(await belongsInHole(trx, { envelope, envelopeHash }))) {
    const detail = `Report ${envelope.reportId} claims sequence ${envelope.sequence} of ${envelope.storeEpoch}, which has come to ${highest?.sequence}.`;
    await noteEvent(trx, device.id, now, 'sequence-rewound', detail);
    return new Problem(
      409,
      'sequence-rewound',
      `This store epoch has come to ${highest?.sequence} already; begin a new one.`,
    );
  }
  const watched = await watchEpochs(trx, device, envelope, now);
  return watched.state === 'active' ? undefined : notActive(watched);
}

/** Reports that came after it are held: its device had set it aside, or it was made by a store that was set back. */
function isLate({ sequence }: { readonly sequence: number }, highest: Place['highest']): boolean {
  return highest !== undefined && sequence <= highest.sequence;
}

/**
 * Made by the hardware of its day and kept since: it comes late to a place that the report behind it is chained to, or it was
 * signed anew and is older than the facts held. A copy of the disk that does so claims a first place where another report is
 * held; where it claims a free one, the next report it makes gives it away.
 */
async function isOfBefore(
  trx: Database,
  device: DeviceRow,
  report: ReadReport | ReadEnvelope,
  highest: Place['highest'],
  now: Date,
): Promise<boolean> {
  const { envelope } = report;
  const { first, deviceId } = envelope;
  if (isLate(envelope, highest)) return belongsInHole(trx, report, { isFollowed: true });
  if (first === undefined || isNewer(device, envelope, timesOf(report, now))) return false;
  const held = await trx
    .selectFrom('reports')
    .select('id')
    .where('device_id', '=', deviceId)
    .where('store_epoch', '=', first.storeEpoch)
    .where('sequence', '=', first.sequence)
    .executeTakeFirst();
  return held === undefined;
}

function notActive({ state }: Pick<DeviceRow, 'state'>): Problem {
  return new Problem(403, 'device-not-active', `This device is ${state}; its reports are not taken now.`);
}

async function store(
  trx: Database,
  context: IngestContext,
  device: DeviceRow,
  report: ReadReport | ReadEnvelope,
  { highest }: Place,
): Promise<Taken> {
  const { envelope, envelopeHash, content } = report;
  const now = context.now();
  const { createdAt, receivedAt } = timesOf(report, now);
  const late = isLate(envelope, highest);
  if (late) await fillHole(trx, device, envelope, now);
  else await noteOddities(trx, device, report, highest, now);

  const isNewest = content !== undefined && !late && isNewer(device, envelope, { createdAt, receivedAt });
  if (!late) {
    await trx
      .updateTable('devices')
      .set({
        store_epoch: envelope.storeEpoch,
        acknowledged_sequence: envelope.sequence,
        ...(isNewest
          ? {
              facts_epoch: envelope.storeEpoch,
              facts_created_at: laterOf(createdAt, device.facts_created_at, receivedAt),
              agent_version: content.agentVersion,
              fingerprint: JSON.stringify({ ...JSON.parse(device.fingerprint), ...content.fingerprint }),
            }
          : {}),
      })
      .where('id', '=', device.id)
      .execute();
    await trx
      .insertInto('device_epochs')
      .values({
        device_id: device.id,
        store_epoch: envelope.storeEpoch,
        sequence: envelope.sequence,
        envelope_hash: envelopeHash,
        first_seen_at: receivedAt,
      })
      .onConflict((conflict) =>
        conflict
          .columns(['device_id', 'store_epoch'])
          .doUpdateSet({ sequence: envelope.sequence, envelope_hash: envelopeHash }),
      )
      .execute();
  }

  const { need, history } =
    report.content === undefined ? nothingBrought : await storeSections(trx, device, report, { isNewest, now });
  if (content !== undefined) {
    await noteSameHardware(trx, device, now);
    await settleRequests(
      trx,
      envelope,
      content.sections.map(({ id }) => id),
    );
  }
  const receiptClaims: Receipt = {
    reportId: envelope.reportId,
    deviceId: device.id,
    storeEpoch: envelope.storeEpoch,
    sequence: envelope.sequence,
    envelopeHash,
    receivedAt,
    need,
  };
  const receiptJws = await signJws(jwsTypes.receipt, receiptClaims, context.signingKey);
  await trx
    .insertInto('reports')
    .values({
      id: envelope.reportId,
      device_id: device.id,
      municipality_id: device.municipality_id,
      store_epoch: envelope.storeEpoch,
      sequence: envelope.sequence,
      class: envelope.class,
      created_at: envelope.createdAt,
      received_at: receivedAt,
      envelope_jws: report.envelopeJws,
      envelope_hash: envelopeHash,
      body: report.content === undefined ? new Uint8Array() : report.packed,
      body_bytes: envelope.bodyBytes,
      wire_bytes: report.wireBytes,
      receipt_jws: receiptJws,
    })
    .execute();
  if (history.length > 0) await trx.insertInto('report_sections').values(history).execute();
  if (report.content === undefined) await noteBodyGone(trx, device, envelope, now);
  else {
    await declareGaps(trx, device, report, now);
    await storeSpoken(trx, device, report, now);
  }
  await evaluateDevice(trx, device.id, now);
  return { created: true, receipt: receiptJws, device };
}

/**
 * The device's own clock may be years behind and would make new facts look old; what it knew of the server's time is better.
 * A clock that runs ahead must not make later reports look old either.
 */
function timesOf({ content, envelope }: ReadReport | ReadEnvelope, now: Date) {
  const receivedAt = now.toISOString();
  const stated = content?.serverTime ?? envelope.createdAt;
  return { createdAt: stated < receivedAt ? stated : receivedAt, receivedAt };
}

/**
 * Within an epoch the sequence decides, whatever the clock of the device said. A report that was signed anew stands behind
 * younger ones: like one of another epoch it has to be newer by its time, or it adds to the history only.
 */
function isNewer(
  { facts_epoch, facts_created_at: newest }: DeviceRow,
  { storeEpoch, first }: ReportEnvelope,
  { createdAt, receivedAt }: { readonly createdAt: string; readonly receivedAt: string },
): boolean {
  if (newest === null || createdAt > newest) return true;
  if (first !== undefined) return false;
  // Noted while the clock of the server was ahead: a measure of nothing.
  return facts_epoch === storeEpoch || newest > receivedAt;
}

/** What takes the place of older facts is at least as young, also where its own time says otherwise. */
function laterOf(createdAt: string, before: string | null, receivedAt: string): string {
  return before !== null && before > createdAt && before <= receivedAt ? before : createdAt;
}

const nothingBrought: StoredSections = { need: [], history: [] };

/** Nothing of this refuses a report: a hole is evidence, and what comes after it is still true. */
async function noteOddities(
  trx: Database,
  device: DeviceRow,
  { envelope }: ReadReport | ReadEnvelope,
  highest: Place['highest'],
  now: Date,
): Promise<void> {
  const { storeEpoch, sequence, previousHash } = envelope;
  if (highest === undefined) {
    const { epochs } = await trx
      .selectFrom('device_epochs')
      .select(({ fn }) => fn.countAll<number>().as('epochs'))
      .where('device_id', '=', device.id)
      .executeTakeFirstOrThrow();
    if (Number(epochs) > 0) {
      await noteEvent(trx, device.id, now, 'store-epoch-new', `The device began the store epoch ${storeEpoch}.`);
    }
  }
  const expected = (highest?.sequence ?? 0) + 1;
  if (sequence > expected) {
    const detail = `Sequences ${expected} to ${sequence - 1} of ${storeEpoch} are missing.`;
    await noteEvent(trx, device.id, now, 'sequence-gap', detail);
    await noteHole(trx, device, { storeEpoch, from: expected, to: sequence - 1 }, now);
  } else if (previousHash !== highest?.envelope_hash) {
    const detail = `Report ${sequence} of ${storeEpoch} does not follow on the one before it.`;
    await noteEvent(trx, device.id, now, 'chain-broken', detail);
  }
}
