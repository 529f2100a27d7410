/** The history of one device as evidence: what it signed, in its order, with the server's word on where it ends. */
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { type HistoryHeader, type HistoryStatement, maxRemovedRanges } from '../../agent/contract/history.ts';
import { maxBodyBytes, reportEnvelope } from '../../agent/contract/report.ts';
import { jwsTypes } from '../../agent/contract/wire.ts';
import { signJws } from '../../agent/signing/jws.ts';
import type { SigningKey } from '../../agent/signing/keys.ts';
import { recordDeed } from '../staff/audit.ts';
import type { Database } from '../store/database.ts';
import { findDevice } from './devices.ts';
import type { Actor, FleetContext } from './scope.ts';

const expand = promisify(zstdDecompress);

/** Bodies held in memory at once; one is up to 16 MiB. */
const pageSize = 4;
const lineFeed = Buffer.from('\n');

/** Recorded as a deed: all that a device ever said leaves the server. Throws `Refusal` not-found. */
export async function exportHistory(
  context: FleetContext & { readonly signingKey: SigningKey },
  actor: Actor,
  deviceId: string,
  /** Called for what the database holds and cannot be as it was signed. */
  fault: (words: string) => void = () => undefined,
): Promise<{ readonly name: string; readonly chunks: AsyncIterable<Uint8Array> }> {
  const { db, now, signingKey } = context;
  const at = now();
  const device = await findDevice(db, actor.scope, deviceId);
  const chunks = historyOf(db, device, at, signingKey, fault);
  await recordDeed(db, at, {
    actor: actor.name,
    action: 'device.history-export',
    municipalityId: device.municipality_id,
    target: deviceId,
    detail: { hostname: device.hostname },
  });
  // The name of a device comes from the device.
  const hostname = device.hostname.replaceAll(/[^A-Za-z0-9.-]/g, '_').slice(0, 60);
  return { name: `${hostname}-${at.toISOString().slice(0, 10)}.kits-history`, chunks };
}

/** Bytes as docs/decisions/0007-evidence-chain.md has them. Reports that arrive meanwhile are left out. */
export async function* historyOf(
  db: Database,
  device: { readonly id: string; readonly key_x: string },
  at: Date,
  signingKey: SigningKey,
  fault: (words: string) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const ends = await endsOf(db, device.id, fault);
  const statement: HistoryStatement = {
    deviceId: device.id,
    exportedAt: at.toISOString(),
    epochs: [],
  };
  // Of the youngest epochs first; see `removedOf` for what does not fit.
  let left = maxRemovedRanges;
  for (const end of ends.toReversed()) {
    const removed = await removedOf(db, device.id, end.store_epoch, left);
    left -= removed?.ranges.length ?? 0;
    statement.epochs.unshift({
      storeEpoch: end.store_epoch,
      sequence: end.sequence,
      envelopeHash: end.envelope_hash,
      ...(removed === undefined ? {} : { removed }),
    });
  }
  const header: HistoryHeader = {
    format: 'kits-history',
    version: 1,
    deviceId: device.id,
    key: { kty: 'OKP', crv: 'Ed25519', x: device.key_x },
    exportedAt: statement.exportedAt,
    serverKey: signingKey.publicKey,
    statement: await signJws(jwsTypes.history, statement, signingKey),
  };
  yield Buffer.from(`${JSON.stringify(header)}\n`);
  for (const { store_epoch, sequence } of ends) yield* reportsOf(db, device.id, store_epoch, sequence, fault);
}

/** Where each epoch ends, in the order in which they began. What is held beyond that has lost its end, not its bytes. */
async function endsOf(db: Database, deviceId: string, fault: (words: string) => void) {
  // Of one moment: a report may arrive between two statements.
  return db.transaction().execute(async (trx) => {
    const ends = await trx
      .selectFrom('device_epochs')
      .select(['store_epoch', 'sequence', 'envelope_hash'])
      .where('device_id', '=', deviceId)
      .orderBy('first_seen_at')
      .orderBy('store_epoch')
      .execute();
    const held = await trx
      .selectFrom('reports')
      .select(({ fn }) => ['store_epoch', fn.max('sequence').as('last')])
      .where('device_id', '=', deviceId)
      .groupBy('store_epoch')
      .execute();
    const endOf = new Map(ends.map(({ store_epoch, sequence }) => [store_epoch, sequence]));
    for (const { store_epoch, last } of held) {
      const end = endOf.get(store_epoch) ?? 0;
      if (Number(last) > end)
        fault(`Reports of the epoch ${store_epoch} are held up to ${last}, beyond its end, which is noted as ${end}.`);
    }
    return ends;
  });
}

/** Which bodies of an epoch the server has removed, as ranges. */
async function removedOf(
  db: Database,
  deviceId: string,
  storeEpoch: string,
  maxRanges: number,
): Promise<HistoryStatement['epochs'][number]['removed']> {
  const rows = await db
    .selectFrom('reports')
    .select(['sequence', 'received_at'])
    .where('device_id', '=', deviceId)
    .where('store_epoch', '=', storeEpoch)
    .where('body_removed_at', 'is not', null)
    .orderBy('sequence')
    .execute();
  let until = '';
  const ranges: [number, number][] = [];
  for (const { sequence, received_at } of rows) {
    if (received_at > until) until = received_at;
    const last = ranges.at(-1);
    if (last !== undefined && last[1] + 1 === sequence) last[1] = sequence;
    else ranges.push([sequence, sequence]);
  }
  // What does not fit is left out: it shows as missing rather than as something nobody removed.
  return ranges.length === 0 || maxRanges === 0 ? undefined : { until, ranges: ranges.slice(-maxRanges) };
}

async function* reportsOf(
  db: Database,
  deviceId: string,
  storeEpoch: string,
  last: number,
  fault: (words: string) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let behind = 0; ; ) {
    const page = await db
      .selectFrom('reports')
      .select(['sequence', 'envelope_jws', 'body'])
      .where('device_id', '=', deviceId)
      .where('store_epoch', '=', storeEpoch)
      .where('sequence', '>', behind)
      .where('sequence', '<=', last)
      .orderBy('sequence')
      .limit(pageSize)
      .execute();
    for (const { sequence, envelope_jws, body } of page) {
      behind = sequence;
      yield Buffer.from(`${envelope_jws}\n`);
      if (body.byteLength > 0) {
        const whole = await bodyOf(envelope_jws, body);
        if (whole === undefined) fault(`The body of report ${sequence} of ${storeEpoch} is damaged and is left out.`);
        else yield whole;
      }
      yield lineFeed;
    }
    if (page.length < pageSize) return;
  }
}

/** Undefined for what cannot be expanded, or not to the length that was signed: it would hide everything behind it. */
async function bodyOf(envelopeJws: string, packed: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    const payload: unknown = JSON.parse(Buffer.from(envelopeJws.split('.')[1] ?? '', 'base64url').toString());
    const { bodyBytes } = reportEnvelope.pick({ bodyBytes: true }).parse(payload);
    const body = await expand(packed, { maxOutputLength: maxBodyBytes });
    return body.byteLength === bodyBytes ? body : undefined;
  } catch {
    // Bits that have fallen over, or somebody's hand: said by the caller, and the rest goes on.
    return undefined;
  }
}
