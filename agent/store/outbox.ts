/**
 * The queue of signed reports: numbered inside the store epoch, chained, and bounded. When it is full, bodies go and the
 * signed envelopes stay; every body that goes is accounted for by a gap record. See docs/decisions/0001-wire-format.md.
 */
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { type Gap, gap, maxBodyBytes, type ReportClass, reportClasses, section } from '../contract/report.ts';
import { hashBytes } from '../signing/canonical.ts';
import type { SignedReport } from '../signing/report-frame.ts';
import { merged, type Noted, notedGaps, rangesOf } from './gap-list.ts';
import { type Row, text, whole } from './sqlite.ts';

/** How much may wait. What stays of a thinned report is its envelope, about 1 kB. */
export interface OutboxLimits {
  /** Bytes of all bodies as stored (zstd). */
  readonly maxBytes: number;
  /**
   * Days on which reports were made, not days that went by: a PC that was off for a year has lost nothing, and a clock
   * that jumps by years makes nothing old.
   */
  readonly maxDays: number;
}

/**
 * Measured on a PC with 800 packages that has never got anything through: 23 kB a full report, 3 kB a cheap one, so 90 days at
 * the default intervals take 18 MB; 5 MB when the server knows the state before.
 */
export const defaultOutboxLimits: OutboxLimits = { maxBytes: 64 * 1024 * 1024, maxDays: 100 };

/** After thinning this share of `maxBytes` is left, so that not every new report drops a single old one. */
const thinTo = 0.9;
const refusedBodiesKept = 100;
const dayMs = 86_400_000;
const refusedKeptMs = 90 * dayMs;
/** What the server has acknowledged: the proof that it was sent. */
const envelopesKeptMs = 400 * dayMs;

export interface WaitingReport {
  readonly sequence: number;
  readonly reportId: string;
  readonly class: ReportClass;
  readonly createdAt: string;
  readonly envelopeJws: string;
  readonly envelopeHash: string;
  /** Undefined when it had to go: the envelope alone is sent. */
  readonly body: Uint8Array | undefined;
  /** Was signed again for a new epoch: the server may hold the same report under its first signature. */
  readonly resigned: boolean;
}

export interface Queue {
  readonly waiting: number;
  /** Refused for good within the last 90 days. */
  readonly refused: number;
  /** Set aside with their body, to be tried again. Absent when none. */
  readonly aside?: number;
  /** Of those that wait: how many have lost their body. Absent when none. */
  readonly thinned?: number;
  readonly oldestAt?: string;
}

/** Signs an envelope anew for another place in the chain. */
export type SignAtPlace = (
  envelopeJws: string,
  place: { storeEpoch: string; sequence: number; previousHash?: string },
) => Promise<{ envelopeJws: string; envelopeHash: string }>;

export interface Outbox {
  readonly epoch: string;
  /** Place of the next report in the chain. */
  nextPlace(): { sequence: number; previousHash?: string };
  /** `declares`: the gaps the report tells the server of; they count as told unless it is thinned itself. */
  append(report: SignedReport, declares?: readonly Gap[]): void;
  /** Oldest first; at most `limit`. */
  waiting(limit: number): WaitingReport[];
  queue(): Queue;
  /** A verified receipt came: the sections of that report count as known, except those the server asks for. `at`: server time. */
  acknowledge(sequence: number, at: Date, need: readonly string[]): void;
  refuse(sequence: number, at: Date, code: string): void;
  /** It does not get through, and nobody who counts has refused it: kept whole and tried again, while the others go on. */
  setAside(sequence: number, at: Date): void;
  /** The next of those set aside a day ago or longer. */
  asideDue(now: Date): WaitingReport | undefined;
  /** The server says that it took this report at an earlier place: its place of now stays empty there, which has to be told. */
  heldBefore(sequence: number, at: Date): void;
  /** Section hashes the server is known to hold. */
  acknowledgedHashes(): ReadonlyMap<string, string>;
  forgetAcknowledged(ids: readonly string[]): void;
  /**
   * The server holds this epoch only up to `sequence` (it was restored from a backup): what it had acknowledged beyond
   * that waits again, without a body where that has gone. Returns how many.
   */
  requeueAfter(sequence: number): number;
  /** The server lacks what lies between, both ends included; as `requeueAfter`, but what it holds of the others counts on. */
  requeueBetween(from: number, to: number): number;
  /** Where earlier epochs ended of which acknowledged reports are kept with their bodies. */
  keptEpochs(): { storeEpoch: string; sequence: number }[];
  /**
   * The server holds an earlier epoch only up to `sequence`: what is kept beyond that waits again, signed anew at the end of this
   * epoch; what is not kept any more is told as a gap. Returns how many wait again.
   */
  requeueEarlier(storeEpoch: string, sequence: number, sign: SignAtPlace): Promise<number>;
  /** Begins a new epoch; `sign` makes the envelope of each waiting report anew at its new place. */
  renewEpoch(sign: SignAtPlace): Promise<void>;
  /** What the server has not been told of, at most `limit` records. */
  undeclaredGaps(limit: number): Gap[];
  /** Something that never became a report, or was lost with an older store, and has to be told. */
  noteGap(lost: Gap): void;
  /** Drops bodies the server has held for `keepMs`, and what is too old to matter; envelopes stay longer. */
  dropOldBodies(now: Date, keepMs: number): void;
}

interface Memory {
  read(key: string): unknown;
  write(key: string, value: unknown): void;
}

const classRank = `CASE class ${reportClasses.map((name, rank) => `WHEN '${name}' THEN ${rank}`).join(' ')} ELSE 9 END`;
/** In the column `refusal`, where the server's code stands otherwise. What was set aside and has lost its body stays there. */
const aside = 'set-aside';
export const isAside = `state = 'refused' AND refusal IS '${aside}' AND class <> 'gap' AND body IS NOT NULL`;
const isLost = `declared_by IS NULL AND (thinned_reason IS NOT NULL OR (state = 'refused' AND class <> 'gap'))`;

export function openOutbox(
  db: DatabaseSync,
  memory: Memory,
  transaction: <T>(work: () => T) => T,
  limits: OutboxLimits,
): Outbox {
  let epoch = z.string().optional().parse(memory.read('epoch')) ?? randomUUID();
  memory.write('epoch', epoch);
  const readNoted = (): Noted => notedGaps.parse(memory.read('notedGaps') ?? []);

  const insert = db.prepare(
    `INSERT INTO outbox (epoch, sequence, report_id, class, created_at, envelope_jws, envelope_hash, body, packed, body_bytes, state)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, 'waiting')`,
  );
  const thin = db.prepare(
    'UPDATE outbox SET body = NULL, thinned_reason = ? WHERE epoch = ? AND sequence = ? AND thinned_reason IS NULL',
  );
  const undeclare = db.prepare('UPDATE outbox SET declared_by = NULL WHERE epoch = ? AND declared_by = ?');
  const end = db.prepare('UPDATE outbox SET state = ?, ended_at = ?, refusal = ? WHERE epoch = ? AND sequence = ?');

  const thinRow = (row: Row, reason: Gap['reason']): void => {
    thin.run(reason, text(row, 'epoch'), whole(row, 'sequence'));
    if (row['class'] !== 'gap') return;
    // What this gap report would have told has to be told by another one.
    undeclare.run(text(row, 'epoch'), whole(row, 'sequence'));
    releaseNoted(whole(row, 'sequence'));
  };
  const releaseNoted = (sequence: number): void => {
    const noted = readNoted();
    if (!noted.some(({ declaredBy }) => declaredBy === sequence)) return;
    memory.write(
      'notedGaps',
      noted.map((entry) => (entry.declaredBy === sequence ? { gap: entry.gap } : entry)),
    );
  };

  const stored = db.prepare('SELECT coalesce(sum(length(body)), 0) AS bytes FROM outbox');
  function makeRoom(): void {
    const days = db
      .prepare(
        `SELECT max(sequence) AS newest FROM outbox WHERE state = 'waiting' AND body IS NOT NULL
         GROUP BY substr(created_at, 1, 10) ORDER BY newest DESC LIMIT 1 OFFSET ?`,
      )
      .get(limits.maxDays);
    if (days !== undefined) {
      const old = db
        .prepare(
          `SELECT epoch, sequence, class FROM outbox
           WHERE state = 'waiting' AND body IS NOT NULL AND class IN ('routine', 'full') AND sequence <= ?`,
        )
        .all(whole(days, 'newest'));
      for (const row of old) thinRow(row, 'outbox-age');
    }
    const bytes = whole(stored.get() ?? {}, 'bytes');
    if (bytes <= limits.maxBytes) return;
    let surplus = bytes - limits.maxBytes * thinTo;
    // What the server holds goes first and leaves no gap; then by class, the oldest of each class first.
    const candidates = db
      .prepare(
        `SELECT epoch, sequence, class, state, length(body) AS bytes FROM outbox WHERE body IS NOT NULL
         ORDER BY CASE WHEN ${isAside} THEN 2 WHEN state = 'acknowledged' THEN 0 WHEN state = 'refused' THEN 1 ELSE 2 END,
                  CASE WHEN ${isAside} OR state = 'waiting' THEN ${classRank} ELSE 0 END, rowid`,
      )
      .iterate();
    const chosen: Row[] = [];
    for (const row of candidates) {
      if (surplus <= 0) break;
      chosen.push(row);
      surplus -= whole(row, 'bytes');
    }
    const drop = db.prepare('UPDATE outbox SET body = NULL WHERE epoch = ? AND sequence = ?');
    for (const row of chosen) {
      if (row['state'] === 'waiting') thinRow(row, 'outbox-full');
      else drop.run(text(row, 'epoch'), whole(row, 'sequence'));
    }
  }

  function readWaiting(row: Row): WaitingReport {
    const body = unpackBody(row);
    // A body that is not the signed one any more would only be refused; what is left is its envelope.
    if (body === undefined && row['body'] !== null) transaction(() => thinRow(row, 'store-damaged'));
    return {
      sequence: whole(row, 'sequence'),
      reportId: text(row, 'report_id'),
      class: text(row, 'class') as ReportClass,
      createdAt: text(row, 'created_at'),
      envelopeJws: text(row, 'envelope_jws'),
      envelopeHash: text(row, 'envelope_hash'),
      body,
      resigned: row['resigned'] === 1,
    };
  }

  function requeue(from: number, to: number): number {
    const { changes } = db
      .prepare(
        `UPDATE outbox SET state = 'waiting', ended_at = NULL,
                thinned_reason = CASE WHEN body IS NULL THEN coalesce(thinned_reason, 'body-expired') END,
                declared_by = NULL
         WHERE epoch = ? AND sequence BETWEEN ? AND ? AND state = 'acknowledged'`,
      )
      .run(epoch, from, to);
    return Number(changes);
  }

  return {
    get epoch() {
      return epoch;
    },
    nextPlace: () => {
      const last = db
        .prepare('SELECT sequence, envelope_hash FROM outbox WHERE epoch = ? ORDER BY sequence DESC LIMIT 1')
        .get(epoch);
      return last === undefined
        ? { sequence: 1 }
        : { sequence: whole(last, 'sequence') + 1, previousHash: text(last, 'envelope_hash') };
    },
    append: ({ envelope, envelopeJws, envelopeHash, body }, declares = []) =>
      transaction(() => {
        if (envelope.storeEpoch !== epoch) throw new Error('the report was signed for another store epoch');
        insert.run(
          envelope.storeEpoch,
          envelope.sequence,
          envelope.reportId,
          envelope.class,
          envelope.createdAt,
          envelopeJws,
          envelopeHash,
          zstdCompressSync(body),
          body.byteLength,
        );
        const declare = db.prepare(
          `UPDATE outbox SET declared_by = ? WHERE epoch = ? AND sequence BETWEEN ? AND ? AND ${isLost}`,
        );
        const told = new Set(declares.map((entry) => JSON.stringify(entry)));
        for (const { storeEpoch, from, to } of declares) {
          if (storeEpoch !== undefined && from !== undefined && to !== undefined) {
            declare.run(envelope.sequence, storeEpoch, from, to);
          }
        }
        const noted = readNoted();
        if (noted.length > 0) {
          memory.write(
            'notedGaps',
            noted.map((entry) =>
              told.has(JSON.stringify(entry.gap)) ? { ...entry, declaredBy: envelope.sequence } : entry,
            ),
          );
        }
        makeRoom();
      }),
    waiting: (limit) =>
      db.prepare(`SELECT * FROM outbox WHERE state = 'waiting' ORDER BY sequence LIMIT ?`).all(limit).map(readWaiting),
    queue: () => {
      const row = db
        .prepare(
          `SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'refused' AND NOT (${isAside})) AS refused,
                  count(*) FILTER (WHERE ${isAside}) AS aside,
                  count(*) FILTER (WHERE state = 'waiting' AND body IS NULL) AS thinned,
                  min(created_at) FILTER (WHERE state = 'waiting') AS oldest FROM outbox`,
        )
        .get();
      const oldest = row?.['oldest'];
      const [thinned, kept] = [Number(row?.['thinned']), Number(row?.['aside'])];
      return {
        waiting: Number(row?.['waiting']),
        refused: Number(row?.['refused']),
        ...(kept === 0 ? {} : { aside: kept }),
        ...(thinned === 0 ? {} : { thinned }),
        ...(typeof oldest === 'string' ? { oldestAt: oldest } : {}),
      };
    },
    acknowledge: (sequence, at, need) =>
      transaction(() => {
        const row = db.prepare('SELECT * FROM outbox WHERE epoch = ? AND sequence = ?').get(epoch, sequence);
        const known = db.prepare(
          'INSERT INTO acknowledged VALUES (?, ?) ON CONFLICT DO UPDATE SET hash = excluded.hash',
        );
        const body = row === undefined ? undefined : unpackBody(row);
        const later = db.prepare(
          `SELECT 1 FROM outbox WHERE epoch = ? AND sequence > ? AND state = 'acknowledged' LIMIT 1`,
        );
        const isNewest = later.get(epoch, sequence) === undefined;
        // Of a bare envelope the server knows no section, and what comes late does not take the place of newer facts.
        if (body !== undefined && isNewest) {
          const { sections } = z.object({ sections: z.array(section) }).parse(JSON.parse(body.toString()));
          for (const { id, hash } of sections) known.run(id, hash);
        }
        for (const id of need) db.prepare('DELETE FROM acknowledged WHERE id = ?').run(id);
        const noted = readNoted();
        if (noted.length > 0) {
          memory.write(
            'notedGaps',
            noted.filter(({ declaredBy }) => declaredBy !== sequence),
          );
        }
        end.run('acknowledged', at.toISOString(), null, epoch, sequence);
      }),
    refuse: (sequence, at, code) =>
      transaction(() => {
        end.run('refused', at.toISOString(), code.slice(0, 60), epoch, sequence);
        db.prepare(
          `UPDATE outbox SET body = NULL WHERE state = 'refused' AND body IS NOT NULL AND NOT (${isAside}) AND rowid NOT IN
             (SELECT rowid FROM outbox WHERE state = 'refused' AND body IS NOT NULL AND NOT (${isAside})
              ORDER BY rowid DESC LIMIT ?)`,
        ).run(refusedBodiesKept);
      }),
    setAside: (sequence, at) => {
      end.run('refused', at.toISOString(), aside, epoch, sequence);
    },
    asideDue: (now) => {
      const row = db
        .prepare(
          `SELECT * FROM outbox WHERE ${isAside} AND epoch = ? AND (ended_at < ? OR ended_at > ?) ORDER BY sequence LIMIT 1`,
        )
        // In the future only by a clock that was wrong then.
        .get(epoch, new Date(now.getTime() - dayMs).toISOString(), now.toISOString());
      return row === undefined ? undefined : readWaiting(row);
    },
    heldBefore: (sequence, at) =>
      transaction(() => {
        end.run('acknowledged', at.toISOString(), null, epoch, sequence);
        db.prepare(
          `UPDATE outbox SET thinned_reason = coalesce(thinned_reason, 'held-before'), declared_by = NULL
           WHERE epoch = ? AND sequence = ?`,
        ).run(epoch, sequence);
      }),
    acknowledgedHashes: () =>
      new Map(
        db
          .prepare('SELECT id, hash FROM acknowledged')
          .all()
          .map((row) => [text(row, 'id'), text(row, 'hash')]),
      ),
    forgetAcknowledged: (ids) => {
      for (const id of ids) db.prepare('DELETE FROM acknowledged WHERE id = ?').run(id);
    },
    requeueAfter: (sequence) =>
      transaction(() => {
        const again = requeue(sequence + 1, Number.MAX_SAFE_INTEGER);
        if (again > 0) db.exec('DELETE FROM acknowledged');
        return again;
      }),
    requeueBetween: requeue,
    keptEpochs: () =>
      db
        .prepare(
          `SELECT epoch, max(sequence) AS last FROM outbox
           WHERE epoch <> ? AND state = 'acknowledged' AND body IS NOT NULL GROUP BY epoch LIMIT 8`,
        )
        .all(epoch)
        .map((row) => ({ storeEpoch: text(row, 'epoch'), sequence: whole(row, 'last') })),
    requeueEarlier: async (storeEpoch, sequence, sign) => {
      if (storeEpoch === epoch) return 0;
      const rows = db
        .prepare(
          `SELECT sequence, class, created_at, envelope_jws, body IS NULL AS gone FROM outbox
           WHERE epoch = ? AND sequence > ? AND state = 'acknowledged' ORDER BY sequence`,
        )
        .all(storeEpoch, sequence);
      const kept = rows.filter((row) => row['gone'] === 0);
      const gone = rows.filter((row) => row['gone'] !== 0);
      let last = db
        .prepare('SELECT sequence, envelope_hash FROM outbox WHERE epoch = ? ORDER BY sequence DESC LIMIT 1')
        .get(epoch);
      const signed: { envelopeJws: string; envelopeHash: string; sequence: number }[] = [];
      for (const row of kept) {
        const place = { storeEpoch: epoch, sequence: last === undefined ? 1 : whole(last, 'sequence') + 1 };
        const previousHash = last === undefined ? {} : { previousHash: text(last, 'envelope_hash') };
        const made = await sign(text(row, 'envelope_jws'), { ...place, ...previousHash });
        signed.push({ ...made, sequence: place.sequence });
        last = { sequence: place.sequence, envelope_hash: made.envelopeHash };
      }
      transaction(() => {
        const move = db.prepare(
          `UPDATE outbox SET epoch = ?, sequence = ?, envelope_jws = ?, envelope_hash = ?, resigned = 1, declared_by = NULL,
             state = 'waiting', ended_at = NULL, thinned_reason = NULL WHERE epoch = ? AND sequence = ?`,
        );
        for (const [index, made] of signed.entries()) {
          const before = whole(kept[index] ?? {}, 'sequence');
          move.run(epoch, made.sequence, made.envelopeJws, made.envelopeHash, storeEpoch, before);
        }
        if (gone.length > 0) {
          const counts: NonNullable<Gap['counts']> = {};
          for (const row of gone) {
            const name = text(row, 'class') as ReportClass;
            counts[name] = (counts[name] ?? 0) + 1;
          }
          const times = gone.map((row) => text(row, 'created_at'));
          const lost: Gap = { reason: 'body-expired', counts, firstAt: times[0], lastAt: times.at(-1) };
          memory.write('notedGaps', merged(readNoted(), gap.parse(lost)));
          const drop = db.prepare('DELETE FROM outbox WHERE epoch = ? AND sequence = ?');
          for (const row of gone) drop.run(storeEpoch, whole(row, 'sequence'));
        }
        if (rows.length > 0) db.exec('DELETE FROM acknowledged');
      });
      return signed.length;
    },
    renewEpoch: async (sign) => {
      const next = randomUUID();
      const rows = db
        .prepare(
          `SELECT sequence, class, created_at, envelope_jws, envelope_hash, state = 'refused' AND (declared_by IS NULL OR declared_by IN
               (SELECT sequence FROM outbox WHERE state = 'waiting' AND class = 'gap')) AS untold
           FROM outbox WHERE epoch = ? AND (state = 'waiting' OR (${isAside})) ORDER BY sequence`,
        )
        .all(epoch);
      const signed: { envelopeJws: string; envelopeHash: string }[] = [];
      for (const row of rows) {
        const previousHash = signed.at(-1)?.envelopeHash;
        const place = { storeEpoch: next, sequence: signed.length + 1 };
        signed.push(
          await sign(text(row, 'envelope_jws'), previousHash === undefined ? place : { ...place, previousHash }),
        );
      }
      transaction(() => {
        const move = db.prepare(
          `UPDATE outbox SET epoch = ?, sequence = ?, envelope_jws = ?, envelope_hash = ?, resigned = 1, declared_by = NULL,
             state = 'waiting', ended_at = NULL, refusal = NULL WHERE epoch = ? AND sequence = ?`,
        );
        for (const [index, { envelopeJws, envelopeHash }] of signed.entries()) {
          move.run(next, index + 1, envelopeJws, envelopeHash, epoch, whole(rows[index] ?? {}, 'sequence'));
        }
        db.exec('DELETE FROM acknowledged');
        // What was set aside leaves its place among others that were sent.
        const left = [
          ...rangesOf(rows.filter((row) => row['untold'] === 1).map((row) => ({ ...row, epoch, reason: 'refused' }))),
        ];
        const noted: Noted = readNoted().map((entry) => ({ gap: entry.gap }));
        memory.write(
          'notedGaps',
          left.reduce((all, place) => merged(all, gap.parse(place)), noted),
        );
        memory.write('epoch', next);
      });
      epoch = next;
    },
    undeclaredGaps: (limit) => {
      const noted = readNoted().flatMap((entry) => (entry.declaredBy === undefined ? [entry.gap] : []));
      const rows = db
        .prepare(
          `SELECT epoch, sequence, class, created_at, envelope_hash, coalesce(thinned_reason, 'refused') AS reason
           FROM outbox WHERE ${isLost} ORDER BY epoch, sequence`,
        )
        .iterate();
      return [...noted, ...rangesOf(rows)].slice(0, limit);
    },
    noteGap: (lost) => {
      memory.write('notedGaps', merged(readNoted(), gap.parse(lost)));
    },
    dropOldBodies: (now, keepMs) =>
      transaction(() => {
        const before = (ms: number): string => new Date(now.getTime() - ms).toISOString();
        // A gap report that was refused has told nobody anything. Another one tries a day later, and not at once again.
        const unheard = db.prepare(
          `SELECT epoch, sequence, class FROM outbox
           WHERE class = 'gap' AND state = 'refused' AND thinned_reason IS NULL AND ended_at < ?`,
        );
        for (const row of unheard.all(before(dayMs))) thinRow(row, 'refused');
        db.prepare(
          `UPDATE outbox SET body = NULL WHERE state = 'acknowledged' AND body IS NOT NULL AND ended_at < ?`,
        ).run(before(keepMs));
        // Never the newest of the epoch: the next report is chained to it.
        db.prepare(
          `DELETE FROM outbox WHERE ((state = 'acknowledged' AND ended_at < ?) OR (state = 'refused' AND ended_at < ?))
             AND NOT (${isLost}) AND NOT (${isAside}) AND (epoch <> ? OR sequence < (SELECT max(sequence) FROM outbox WHERE epoch = ?))`,
        ).run(before(envelopesKeptMs), before(refusedKeptMs), epoch, epoch);
      }),
  };
}

/** The exact bytes that were signed; undefined when they are not there, or not those any more. */
function unpackBody(row: Row): Buffer | undefined {
  const packed = row['body'];
  if (!(packed instanceof Uint8Array)) return undefined;
  try {
    const body =
      row['packed'] === 1 ? zstdDecompressSync(packed, { maxOutputLength: maxBodyBytes }) : Buffer.from(packed);
    const payload = text(row, 'envelope_jws').split('.')[1] ?? '';
    const { bodyHash } = z
      .object({ bodyHash: z.string() })
      .parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    return bodyHash === hashBytes(body) ? body : undefined;
  } catch {
    // Not what was compressed, or not an envelope: a disk that forgets. The caller says so.
    return undefined;
  }
}
