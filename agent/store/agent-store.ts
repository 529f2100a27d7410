/**
 * What the agent remembers: one SQLite file with the outbox, what the server has acknowledged, and when what ran.
 *
 * A report is in the outbox before it goes anywhere, numbered inside the store epoch and chained to the one before. It
 * leaves the state "waiting" only by a verified receipt or by a refusal that is kept.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { text, uuid } from '../contract/field.ts';
import { type ReportClass, type Section, section, type Verdict } from '../contract/report.ts';
import { deviceStates, publicKey } from '../contract/wire.ts';
import type { SignedReport } from '../signing/report-frame.ts';
import { lockDirectory, openSqlite } from './sqlite.ts';
import { noWords, type StoredWords, storedWords } from './words.ts';

const steps = [
  `CREATE TABLE memory (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
   CREATE TABLE outbox (
     epoch TEXT NOT NULL,
     sequence INTEGER NOT NULL,
     report_id TEXT NOT NULL UNIQUE,
     class TEXT NOT NULL,
     created_at TEXT NOT NULL,
     envelope_jws TEXT NOT NULL,
     envelope_hash TEXT NOT NULL,
     body BLOB,
     body_bytes INTEGER NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('waiting', 'acknowledged', 'refused')),
     resigned INTEGER NOT NULL DEFAULT 0,
     ended_at TEXT,
     refusal TEXT,
     PRIMARY KEY (epoch, sequence)
   ) STRICT;
   CREATE INDEX outbox_by_state ON outbox (state, sequence);
   CREATE TABLE sections (id TEXT PRIMARY KEY, section TEXT NOT NULL) STRICT;
   CREATE TABLE acknowledged (id TEXT PRIMARY KEY, hash TEXT NOT NULL) STRICT;
   CREATE TABLE verdicts (rule_id TEXT PRIMARY KEY, said TEXT NOT NULL, since TEXT NOT NULL) STRICT;
   CREATE TABLE first_seen (section TEXT NOT NULL, id TEXT NOT NULL, day TEXT NOT NULL, PRIMARY KEY (section, id)) STRICT;
   CREATE TABLE runs (task TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;`,
];

/** What enrolment fixed: whom to report to, as whom, and whose answers to believe. */
export const enrolment = z.object({
  serverUrl: z.url().max(500),
  deviceId: uuid,
  municipality: text(120),
  /** Absent where an older version enrolled; the next check-in brings it. */
  municipalityId: uuid.optional(),
  state: z.enum(deviceStates),
  serverKey: publicKey,
  serverKeyThumbprint: z.string().length(43),
  /** Pinned beside it; `recoveryKey` in `agent.json` wins. */
  recoveryKeyThumbprint: z.string().length(43).optional(),
  enrolledAt: z.iso.datetime(),
});
export type Enrolment = z.infer<typeof enrolment>;

/** What the last exchanges with the server left behind. */
const exchange = z.object({
  nonce: z.string().max(120).optional(),
  counter: z.int().min(0).default(0),
  /** Highest server time ever seen in a verified answer, ms since 1970; server time never runs backwards past it. */
  serverTimeFloor: z.number().default(0),
  clockOffsetSeconds: z.int().optional(),
  checkInSeconds: z.int().min(60).max(86_400).default(900),
  failure: z.string().max(60).optional(),
  failures: z.int().min(0).default(0),
  /** No request before this instant, ms since 1970. */
  notBefore: z.number().default(0),
  lastAcceptedAt: z.string().optional(),
  lastCollectedAt: z.string().optional(),
});
export type Exchange = z.infer<typeof exchange>;

export interface WaitingReport {
  readonly sequence: number;
  readonly reportId: string;
  readonly class: ReportClass;
  readonly createdAt: string;
  readonly envelopeJws: string;
  readonly envelopeHash: string;
  readonly body: Uint8Array;
  /** Was signed again for a new epoch: the server may hold the same report under its first signature. */
  readonly resigned: boolean;
}

export interface AgentStore {
  readonly epoch: string;
  readEnrolment(): Enrolment | undefined;
  writeEnrolment(value: Enrolment): void;
  readWords(): StoredWords;
  writeWords(value: StoredWords): void;
  readExchange(): Exchange;
  changeExchange(change: Partial<Exchange>): void;
  /** Place of the next report in the chain. */
  nextPlace(): { sequence: number; previousHash?: string };
  append(report: SignedReport): void;
  /** Oldest first; at most `limit`. */
  waiting(limit: number): WaitingReport[];
  queue(): { waiting: number; refused: number; oldestAt?: string };
  /** A verified receipt came: the sections of that report count as known, except those the server asks for. */
  acknowledge(sequence: number, at: Date, need: readonly string[]): void;
  refuse(sequence: number, at: Date, code: string): void;
  /** Section hashes the server is known to hold. */
  acknowledgedHashes(): ReadonlyMap<string, string>;
  forgetAcknowledged(ids: readonly string[]): void;
  /**
   * The server holds this epoch only up to `sequence` (it was restored from a backup): what it had acknowledged beyond
   * that waits again, as far as the bodies are still here. Returns how many.
   */
  requeueAfter(sequence: number): number;
  /** Begins a new epoch; `sign` makes each waiting report anew at its new place. */
  renewEpoch(
    sign: (
      report: WaitingReport,
      place: { epoch: string; sequence: number; previousHash?: string },
    ) => Promise<SignedReport>,
  ): Promise<void>;
  writeSections(sections: readonly Section[]): void;
  readSections(): Section[];
  /** Since when each verdict says what it says. */
  trackVerdicts(verdicts: readonly Verdict[], now: Date): ReadonlyMap<string, string>;
  /** See `CollectContext.firstSeen`. */
  firstSeen(section: string, ids: readonly string[], now: Date): ReadonlyMap<string, string>;
  /** Small things a part of the agent keeps between rounds; undefined before the first time. */
  recall(key: string): unknown;
  remember(key: string, value: unknown): void;
  /** ms since 1970 of the last run of each task. */
  lastRuns(): ReadonlyMap<string, number>;
  ran(task: string, at: Date): void;
  /** Drops bodies the server has held for `keepMs`; their signed envelopes stay. */
  dropOldBodies(now: Date, keepMs: number): void;
  close(): void;
}

/** Opens the store of a data directory and holds the directory until `close`. Throws `AgentRunning` or `NewerStore`. */
export function openStore(privateDir: string): AgentStore {
  const lock = lockDirectory(join(privateDir, 'lock.db'));
  try {
    return useStore(openSqlite(join(privateDir, 'agent.db'), steps), lock.release);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** What a look from outside may know; the service that holds the directory is not disturbed. Undefined = not enrolled. */
export function peekStore(
  privateDir: string,
): { enrolment: Enrolment; exchange: Exchange; words: StoredWords; waiting: number; refused: number } | undefined {
  const file = join(privateDir, 'agent.db');
  if (!existsSync(file)) return undefined;
  const db = new DatabaseSync(file, { readOnly: true, timeout: 2000 });
  try {
    const read = (key: string): unknown =>
      JSON.parse(String(db.prepare('SELECT value FROM memory WHERE key = ?').get(key)?.['value'] ?? 'null'));
    const found = enrolment.nullable().parse(read('enrolment'));
    if (found === null) return undefined;
    const count = (state: string): number =>
      Number(db.prepare('SELECT count(*) AS n FROM outbox WHERE state = ?').get(state)?.['n']);
    return {
      enrolment: found,
      exchange: exchange.parse(read('exchange') ?? {}),
      words: storedWords.catch(noWords).parse(read('words') ?? noWords),
      waiting: count('waiting'),
      refused: count('refused'),
    };
  } finally {
    db.close();
  }
}

function useStore(db: DatabaseSync, release: () => void): AgentStore {
  const readMemory = db.prepare('SELECT value FROM memory WHERE key = ?');
  const writeMemory = db.prepare('INSERT INTO memory VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
  const read = (key: string): unknown => {
    const row = readMemory.get(key);
    return row === undefined ? undefined : JSON.parse(String(row['value']));
  };
  const write = (key: string, value: unknown): void => {
    writeMemory.run(key, JSON.stringify(value));
  };
  let epoch = uuid.optional().parse(read('epoch')) ?? randomUUID();
  write('epoch', epoch);

  const transaction = <T>(work: () => T): T => {
    db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      db.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk has already rolled back; a second ROLLBACK would hide the reason.
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  };

  const insert = db.prepare(
    `INSERT INTO outbox (epoch, sequence, report_id, class, created_at, envelope_jws, envelope_hash, body, body_bytes, state, resigned)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?)`,
  );
  const add = ({ envelope, envelopeJws, envelopeHash, body }: SignedReport, resigned: boolean): void => {
    insert.run(
      envelope.storeEpoch,
      envelope.sequence,
      envelope.reportId,
      envelope.class,
      envelope.createdAt,
      envelopeJws,
      envelopeHash,
      body,
      body.byteLength,
      resigned ? 1 : 0,
    );
  };
  const waiting = (limit: number): WaitingReport[] =>
    db
      .prepare(`SELECT * FROM outbox WHERE state = 'waiting' ORDER BY sequence LIMIT ?`)
      .all(limit)
      .map((row) => ({
        sequence: Number(row['sequence']),
        reportId: String(row['report_id']),
        class: String(row['class']) as ReportClass,
        createdAt: String(row['created_at']),
        envelopeJws: String(row['envelope_jws']),
        envelopeHash: String(row['envelope_hash']),
        body: row['body'] as Uint8Array,
        resigned: row['resigned'] === 1,
      }));
  const end = db.prepare('UPDATE outbox SET state = ?, ended_at = ?, refusal = ? WHERE epoch = ? AND sequence = ?');

  return {
    get epoch() {
      return epoch;
    },
    readEnrolment: () => enrolment.optional().parse(read('enrolment')),
    writeEnrolment: (value) => write('enrolment', value),
    readWords: () => storedWords.catch(noWords).parse(read('words') ?? noWords),
    writeWords: (value) => write('words', value),
    readExchange: () => exchange.parse(read('exchange') ?? {}),
    changeExchange: (change) => write('exchange', { ...exchange.parse(read('exchange') ?? {}), ...change }),

    nextPlace: () => {
      const last = db
        .prepare('SELECT sequence, envelope_hash FROM outbox WHERE epoch = ? ORDER BY sequence DESC LIMIT 1')
        .get(epoch);
      return last === undefined
        ? { sequence: 1 }
        : { sequence: Number(last['sequence']) + 1, previousHash: String(last['envelope_hash']) };
    },
    append: (report) => {
      if (report.envelope.storeEpoch !== epoch) throw new Error('the report was signed for another store epoch');
      add(report, false);
    },
    waiting,
    queue: () => {
      const row = db
        .prepare(
          `SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'refused') AS refused,
                  min(created_at) FILTER (WHERE state = 'waiting') AS oldest FROM outbox`,
        )
        .get();
      const oldest = row?.['oldest'];
      return {
        waiting: Number(row?.['waiting']),
        refused: Number(row?.['refused']),
        ...(typeof oldest === 'string' ? { oldestAt: oldest } : {}),
      };
    },
    acknowledge: (sequence, at, need) =>
      transaction(() => {
        const row = db.prepare('SELECT body FROM outbox WHERE epoch = ? AND sequence = ?').get(epoch, sequence);
        const known = db.prepare(
          'INSERT INTO acknowledged VALUES (?, ?) ON CONFLICT DO UPDATE SET hash = excluded.hash',
        );
        const body: unknown = JSON.parse(Buffer.from(row?.['body'] as Uint8Array).toString());
        for (const { id, hash } of z.object({ sections: z.array(section) }).parse(body).sections) known.run(id, hash);
        for (const id of need) db.prepare('DELETE FROM acknowledged WHERE id = ?').run(id);
        end.run('acknowledged', at.toISOString(), null, epoch, sequence);
      }),
    refuse: (sequence, at, code) => {
      end.run('refused', at.toISOString(), code, epoch, sequence);
    },
    acknowledgedHashes: () =>
      new Map(
        db
          .prepare('SELECT id, hash FROM acknowledged')
          .all()
          .map((row) => [String(row['id']), String(row['hash'])]),
      ),
    forgetAcknowledged: (ids) => {
      for (const id of ids) db.prepare('DELETE FROM acknowledged WHERE id = ?').run(id);
    },
    requeueAfter: (sequence) =>
      transaction(() => {
        const { changes } = db
          .prepare(
            `UPDATE outbox SET state = 'waiting', ended_at = NULL
             WHERE epoch = ? AND sequence > ? AND state = 'acknowledged' AND body IS NOT NULL`,
          )
          .run(epoch, sequence);
        if (changes > 0) db.exec('DELETE FROM acknowledged');
        return Number(changes);
      }),
    renewEpoch: async (sign) => {
      const next = randomUUID();
      const resigned: SignedReport[] = [];
      for (const report of waiting(Number.MAX_SAFE_INTEGER)) {
        const previousHash = resigned.at(-1)?.envelopeHash;
        const place = {
          epoch: next,
          sequence: resigned.length + 1,
          ...(previousHash === undefined ? {} : { previousHash }),
        };
        resigned.push(await sign(report, place));
      }
      transaction(() => {
        db.exec(`DELETE FROM outbox WHERE state = 'waiting'; DELETE FROM acknowledged`);
        for (const report of resigned) add(report, true);
        write('epoch', next);
      });
      epoch = next;
    },
    writeSections: (sections) =>
      transaction(() => {
        const put = db.prepare(
          'INSERT INTO sections VALUES (?, ?) ON CONFLICT DO UPDATE SET section = excluded.section',
        );
        for (const entry of sections) put.run(entry.id, JSON.stringify(entry));
      }),
    readSections: () =>
      db
        .prepare('SELECT section FROM sections ORDER BY id')
        .all()
        .map((row) => section.parse(JSON.parse(String(row['section'])))),
    trackVerdicts: (verdicts, now) =>
      transaction(() => {
        const old = new Map(
          db
            .prepare('SELECT * FROM verdicts')
            .all()
            .map((row) => [String(row['rule_id']), row]),
        );
        db.exec('DELETE FROM verdicts');
        const since = new Map<string, string>();
        for (const { ruleId, verdict, reason } of verdicts) {
          const said = `${verdict} ${reason}`;
          const before = old.get(ruleId);
          const at = before?.['said'] === said ? String(before['since']) : now.toISOString();
          db.prepare('INSERT INTO verdicts VALUES (?, ?, ?)').run(ruleId, said, at);
          since.set(ruleId, at);
        }
        return since;
      }),
    firstSeen: (name, ids, now) =>
      transaction(() => {
        const old = new Map(
          db
            .prepare('SELECT id, day FROM first_seen WHERE section = ?')
            .all(name)
            .map((row) => [String(row['id']), String(row['day'])]),
        );
        db.prepare('DELETE FROM first_seen WHERE section = ?').run(name);
        const today = now.toISOString().slice(0, 10);
        const put = db.prepare('INSERT OR IGNORE INTO first_seen VALUES (?, ?, ?)');
        const days = new Map<string, string>();
        for (const id of ids) {
          const before = old.get(id);
          // A day in the future comes from a clock that was wrong then: it counts from today.
          const since = before === undefined || before > today ? today : before;
          put.run(name, id, since);
          days.set(id, since);
        }
        return days;
      }),
    recall: (key) => read(`part:${key}`),
    remember: (key, value) => write(`part:${key}`, value),
    lastRuns: () =>
      new Map(
        db
          .prepare('SELECT task, at FROM runs')
          .all()
          .map((row) => [String(row['task']), Number(row['at'])]),
      ),
    ran: (task, at) => {
      db.prepare('INSERT INTO runs VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at').run(task, at.getTime());
    },
    dropOldBodies: (now, keepMs) => {
      db.prepare(
        `UPDATE outbox SET body = NULL WHERE state = 'acknowledged' AND body IS NOT NULL AND ended_at < ?`,
      ).run(new Date(now.getTime() - keepMs).toISOString());
    },
    close: () => {
      db.close();
      release();
    },
  };
}
