/** Proves from an export alone what of a device's history is complete, unaltered and signed by it, and names the rest. */
import { type HistoryStatement, historyStatement } from '../contract/history.ts';
import { type Gap, type GapReason, type ReportEnvelope, reportBody, reportEnvelope } from '../contract/report.ts';
import { jwsTypes, type PublicKey } from '../contract/wire.ts';
import { hashBytes } from './canonical.ts';
import { type HistoryEntry, HistoryUnreadable, readHistory } from './history-lines.ts';
import { JwsError, verifyJws } from './jws.ts';
import { thumbprintOf } from './keys.ts';

/** Sequences of one epoch that are not here in full, both ends included. */
export interface NamedGap {
  readonly storeEpoch: string;
  readonly from: number;
  readonly to: number;
  /** `reports`: nothing is here of them; `bodies`: their envelopes are, so nothing else can take their place. */
  readonly missing: 'reports' | 'bodies';
  /** Why, in the words the device signed; undefined = nobody has accounted for it. */
  readonly declared: GapReason | undefined;
  /** The server has signed that it removed these bodies, received until then, when their retention period was over. */
  readonly removedUntil?: string;
}

export interface HistoryFindings {
  readonly deviceId: string;
  /** RFC 7638 thumbprint of the key everything was checked against. */
  readonly keyThumbprint: string;
  readonly exportedAt: string;
  readonly reports: number;
  readonly epochs: readonly {
    readonly storeEpoch: string;
    readonly first: number;
    readonly last: number;
    /** Device time of the first and the last report. */
    readonly firstAt: string;
    readonly lastAt: string;
  }[];
  readonly gaps: readonly NamedGap[];
  /** What contradicts a history that only this device wrote; at most `maxFaults`. */
  readonly faults: readonly string[];
  /** `stated`: the server signed up to where it goes, and it goes there. `unstated`: nobody says where it should end. */
  readonly end: 'stated' | 'unstated';
  /** RFC 7638 thumbprint of the key that states the end; absent when nobody does. */
  readonly serverKeyThumbprint?: string;
}

export type HistoryVerdict = 'complete' | 'gaps' | 'broken';

/** `gaps`: all that is here is genuine, and something is missing that nobody has accounted for. */
export function verdictOn({ faults, gaps }: HistoryFindings): HistoryVerdict {
  if (faults.length > 0) return 'broken';
  return gaps.some(({ declared, removedUntil }) => declared === undefined && removedUntil === undefined)
    ? 'gaps'
    : 'complete';
}

export interface VerifyOptions {
  /** Thumbprints from a source of one's own; without them the keys in the file are taken at its word. */
  readonly deviceKey?: string | undefined;
  readonly serverKey?: string | undefined;
}

export const maxFaults = 100;

/** `followedBy`: what the report behind it says of the one before it. */
type Hole = Omit<NamedGap, 'declared'> & { readonly followedBy?: string | undefined };

interface Epoch {
  readonly storeEpoch: string;
  readonly first: number;
  readonly firstAt: string;
  last: number;
  lastAt: string;
  lastHash: string;
}

/** Throws `HistoryUnreadable` when there is no header; a file that is unreadable further on is a fault. */
export async function verifyHistory(
  source: AsyncIterable<Uint8Array>,
  options: VerifyOptions = {},
): Promise<HistoryFindings> {
  const { header, entries } = await readHistory(source);
  const key = { publicKey: header.key, thumbprint: await thumbprintOf(header.key) };
  const faults: string[] = [];
  const fault = (words: string): void => {
    if (faults.length < maxFaults) faults.push(words);
  };
  if (options.deviceKey !== undefined && options.deviceKey !== key.thumbprint) {
    fault(`The history is of the key ${key.thumbprint}, not of ${options.deviceKey}.`);
  }
  const epochs = new Map<string, Epoch>();
  const holes: Hole[] = [];
  const declared: Gap[] = [];
  let reports = 0;
  try {
    for await (const entry of entries) {
      reports += 1;
      const envelope = await genuine(entry, key, header.deviceId).catch((error: unknown) => {
        if (!(error instanceof JwsError)) throw error;
        fault(`Entry ${entry.number}: ${error.message}.`);
        return undefined;
      });
      if (envelope === undefined) continue;
      follow(epochs, holes, envelope, entry, fault);
      declared.push(...gapsOf(entry, envelope));
    }
  } catch (error) {
    if (!(error instanceof HistoryUnreadable)) throw error;
    fault(error.message);
  }
  const statement = await stated(header.statement, header.serverKey, options.serverKey, fault);
  if (statement !== undefined) {
    const { deviceId, exportedAt } = statement.said;
    if (deviceId !== header.deviceId) fault('The statement of the server is about another device.');
    // The header is not signed: an old export must not pass for one of today whose end has been cut off.
    if (exportedAt !== header.exportedAt) fault(`The server has signed an export of ${exportedAt}.`);
    compareEnds(epochs, holes, statement.said, fault);
  }
  return {
    deviceId: header.deviceId,
    keyThumbprint: key.thumbprint,
    exportedAt: header.exportedAt,
    reports,
    epochs: [...epochs.values()].map(({ lastHash: _hash, ...epoch }) => epoch),
    gaps: joined(holes)
      .flatMap((hole) => accountedFor(hole, declared, fault))
      .flatMap((gap) => removedByServer(gap, statement?.said)),
    faults,
    ...(statement === undefined ? { end: 'unstated' } : { end: 'stated', serverKeyThumbprint: statement.thumbprint }),
  };
}

async function genuine(
  { envelopeJws, body }: HistoryEntry,
  key: { publicKey: PublicKey; thumbprint: string },
  deviceId: string,
): Promise<ReportEnvelope> {
  const envelope = await verifyJws(jwsTypes.report, envelopeJws, [key], reportEnvelope);
  if (envelope.deviceId !== deviceId) throw new JwsError('payload', 'the envelope is of another device');
  if (body !== undefined && (envelope.bodyBytes !== body.byteLength || envelope.bodyHash !== hashBytes(body))) {
    throw new JwsError('signature', `the body of report ${envelope.sequence} was altered`);
  }
  return envelope;
}

/** Checks the place of one report in its epoch and notes what is missing before it. */
function follow(
  epochs: Map<string, Epoch>,
  holes: Hole[],
  { storeEpoch, sequence, previousHash, createdAt }: ReportEnvelope,
  { envelopeJws, body, number }: HistoryEntry,
  fault: (words: string) => void,
): void {
  const epoch = epochs.get(storeEpoch);
  const expected = (epoch?.last ?? 0) + 1;
  if (sequence < expected) {
    fault(`Entry ${number}: report ${sequence} of ${storeEpoch} stands behind report ${expected - 1}, or twice.`);
    return;
  }
  if (sequence > expected) {
    holes.push({ storeEpoch, from: expected, to: sequence - 1, missing: 'reports', followedBy: previousHash });
    // Without it anything could have stood there.
    if (previousHash === undefined) fault(`Entry ${number}: report ${sequence} of ${storeEpoch} follows on none.`);
  } else if (previousHash !== epoch?.lastHash) {
    fault(`Entry ${number}: report ${sequence} of ${storeEpoch} does not follow on the one before it.`);
  }
  if (body === undefined) holes.push({ storeEpoch, from: sequence, to: sequence, missing: 'bodies' });
  const hash = hashBytes(envelopeJws);
  if (epoch === undefined) {
    const place = { storeEpoch, first: sequence, firstAt: createdAt };
    epochs.set(storeEpoch, { ...place, last: sequence, lastAt: createdAt, lastHash: hash });
  } else Object.assign(epoch, { last: sequence, lastAt: createdAt, lastHash: hash });
}

function gapsOf({ body }: HistoryEntry, envelope: ReportEnvelope): Gap[] {
  if (envelope.class !== 'gap' || body === undefined) return [];
  try {
    const { gaps = [] } = reportBody.pick({ gaps: true }).parse(JSON.parse(Buffer.from(body).toString('utf8')));
    // One that does not say which report its last one was could stand for any.
    return gaps.filter(({ lastHash }) => lastHash !== undefined);
  } catch {
    // Signed and not understood: it accounts for nothing.
    return [];
  }
}

async function stated(
  jws: string | undefined,
  serverKey: PublicKey | undefined,
  pinned: string | undefined,
  fault: (words: string) => void,
): Promise<{ readonly said: HistoryStatement; readonly thumbprint: string } | undefined> {
  if (jws === undefined || serverKey === undefined) {
    if (pinned !== undefined) fault('No server has signed where this history ends.');
    return undefined;
  }
  const thumbprint = await thumbprintOf(serverKey);
  if (pinned !== undefined && pinned !== thumbprint) {
    fault(`The end of the history is signed by the key ${thumbprint}, not by ${pinned}.`);
  }
  try {
    const said = await verifyJws(jwsTypes.history, jws, [{ publicKey: serverKey, thumbprint }], historyStatement);
    return { said, thumbprint };
  } catch (error) {
    if (!(error instanceof JwsError)) throw error;
    fault(`The statement of the server does not hold: ${error.message}.`);
    return undefined;
  }
}

function compareEnds(
  epochs: ReadonlyMap<string, Epoch>,
  holes: Hole[],
  { epochs: ends }: HistoryStatement,
  fault: (words: string) => void,
): void {
  for (const { storeEpoch, sequence, envelopeHash } of ends) {
    const epoch = epochs.get(storeEpoch);
    const last = epoch?.last ?? 0;
    if (last < sequence) holes.push({ storeEpoch, from: last + 1, to: sequence, missing: 'reports' });
    else if (last > sequence) fault(`The epoch ${storeEpoch} goes beyond ${sequence}, where the server says it ends.`);
    else if (epoch?.lastHash !== envelopeHash)
      fault(`The epoch ${storeEpoch} ends with another report than the server holds.`);
  }
  const known = new Set(ends.map(({ storeEpoch }) => storeEpoch));
  for (const { storeEpoch } of epochs.values()) {
    if (!known.has(storeEpoch)) fault(`The server does not know the epoch ${storeEpoch}.`);
  }
}

/** Neighbours of one kind become one. */
function joined(holes: readonly Hole[]): Hole[] {
  const list: Hole[] = [];
  for (const hole of holes) {
    const before = list.findLast(({ storeEpoch }) => storeEpoch === hole.storeEpoch);
    if (before?.missing === hole.missing && before.to + 1 === hole.from) {
      list[list.indexOf(before)] = { ...before, to: hole.to };
    } else list.push(hole);
  }
  return list;
}

/** Splits a hole into what the device has accounted for and what it has not. */
function accountedFor({ followedBy, ...hole }: Hole, gaps: readonly Gap[], fault: (words: string) => void): NamedGap[] {
  const parts: NamedGap[] = [];
  let from = hole.from;
  while (from <= hole.to) {
    const covering = gaps.find((gap) => gap.storeEpoch === hole.storeEpoch && within(gap, from));
    const next = gaps
      .filter((gap) => gap.storeEpoch === hole.storeEpoch && gap.from !== undefined && gap.from > from)
      .map((gap) => gap.from ?? from);
    const to = Math.min(hole.to, covering?.to ?? Math.min(...next, Number.POSITIVE_INFINITY) - 1);
    if (followedBy !== undefined && covering?.to === hole.to && covering.lastHash !== followedBy) {
      fault(`The gap ${from} to ${to} of ${hole.storeEpoch} is declared with another report at its end.`);
    }
    parts.push({ ...hole, from, to, declared: covering?.reason });
    from = to + 1;
  }
  return parts;
}

/** Splits off what the server says it removed: its word for bodies only, whose envelopes are here, and after the device's. */
function removedByServer(gap: NamedGap, said: HistoryStatement | undefined): NamedGap[] {
  const removed = said?.epochs.find(({ storeEpoch }) => storeEpoch === gap.storeEpoch)?.removed;
  if (removed === undefined || gap.missing !== 'bodies' || gap.declared !== undefined) return [gap];
  const parts: NamedGap[] = [];
  let from = gap.from;
  for (const [first, last] of removed.ranges) {
    if (last < from || first > gap.to || last < first) continue;
    if (first > from) parts.push({ ...gap, from, to: first - 1 });
    const to = Math.min(last, gap.to);
    parts.push({ ...gap, from: Math.max(from, first), to, removedUntil: removed.until });
    from = to + 1;
  }
  if (from <= gap.to) parts.push({ ...gap, from });
  return parts;
}

function within({ from, to }: Gap, sequence: number): boolean {
  return from !== undefined && to !== undefined && from <= sequence && sequence <= to;
}
