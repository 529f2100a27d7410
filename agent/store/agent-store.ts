/**
 * What the agent remembers: one SQLite file with the outbox, what the server has acknowledged, and when what ran.
 *
 * A report is in the outbox before it goes anywhere, numbered inside the store epoch and chained to the one before. It
 * leaves the state "waiting" only by a verified receipt or by a refusal that is kept.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { type Gap, type Section, section, type Verdict } from '../contract/report.ts';
import { type Enrolment, enrolment } from './enrolment.ts';
import { keepIdentity, readIdentity } from './identity-file.ts';
import { defaultOutboxLimits, isAside, type Outbox, type OutboxLimits, openOutbox } from './outbox.ts';
import { openOrReplace } from './quarantine.ts';
import { lockDirectory, openSqlite } from './sqlite.ts';
import { noWords, type StoredWords, storedWords } from './words.ts';

export type { Enrolment } from './enrolment.ts';
export type { WaitingReport } from './outbox.ts';

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
  // `packed`: the body is zstd. `thinned_reason`: why the body of a report that waits is gone. `declared_by`: the sequence
  // of the gap report that tells the server of it.
  `ALTER TABLE outbox ADD COLUMN packed INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE outbox ADD COLUMN thinned_reason TEXT;
   ALTER TABLE outbox ADD COLUMN declared_by INTEGER;`,
];

/** The layout of the store this version writes; it reads any older one. */
export const knownStoreVersion = steps.length;

/** What the last exchanges with the server left behind. */
const exchange = z.object({
  nonce: z.string().max(120).optional(),
  counter: z.int().min(0).default(0),
  /** Highest server time ever seen in a verified answer, ms since 1970; server time never runs backwards past it. */
  serverTimeFloor: z.number().default(0),
  /** A time far ahead of the floor that one answer has stated; it counts once another one confirms it. */
  floorCandidate: z.object({ serverTime: z.number(), bootMs: z.number() }).optional(),
  /** Since when the server has stated times before the floor. */
  behindFloorSince: z.string().optional(),
  clockOffsetSeconds: z.int().optional(),
  checkInSeconds: z.int().min(60).max(86_400).default(900),
  failure: z.string().max(60).optional(),
  failures: z.int().min(0).default(0),
  /** Something on the way alters packed requests: until then (ms since 1970) reports go unpacked. */
  unpacked: z.object({ since: z.string(), until: z.number() }).optional(),
  /** The oldest report that waits has not got through, times in a row. */
  heldUp: z.object({ reportId: z.string(), attempts: z.int().min(1) }).optional(),
  /** Of the last hour, ms since 1970. */
  failedAt: z.array(z.number()).max(64).readonly().default([]),
  /** Since when the server has not accepted this device. */
  refusedSince: z.string().optional(),
  /** No request before this instant, ms since 1970. */
  notBefore: z.number().default(0),
  lastAcceptedAt: z.string().optional(),
  lastCollectedAt: z.string().optional(),
});
export type Exchange = z.infer<typeof exchange>;

export interface AgentStore extends Outbox {
  /** The damaged file this store takes the place of, when it was opened just now. */
  readonly replaces?: string;
  readEnrolment(): Enrolment | undefined;
  writeEnrolment(value: Enrolment): void;
  readWords(): StoredWords;
  writeWords(value: StoredWords): void;
  readExchange(): Exchange;
  changeExchange(change: Partial<Exchange>): void;
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
  /** `last` runs when no file is open any more and the directory is still held: Windows removes nothing that is open. */
  close(last?: () => void): void;
}

/**
 * Opens the store of a data directory and holds the directory until `close`. A damaged store is put aside and a new one
 * begun with the enrolment of the old. Throws `AgentRunning`, `NewerStore` or `StoreUnavailable`.
 */
export function openStore(
  privateDir: string,
  { limits = defaultOutboxLimits, damaged = false }: { limits?: OutboxLimits; damaged?: boolean } = {},
): AgentStore {
  const lock = lockDirectory(join(privateDir, 'lock.db'));
  try {
    const { db, replaced } = openOrReplace(join(privateDir, 'agent.db'), steps, damaged);
    const store = useStore(db, {
      release: lock.release,
      privateDir,
      limits,
      ...(replaced === undefined ? {} : { replaces: replaced.file }),
    });
    const enrolled = store.readEnrolment();
    const known = readIdentity(privateDir);
    if (enrolled === undefined && known !== undefined) {
      // The database was damaged or is gone: what it held is told to the server, as far as it is known.
      store.noteGap({ storeEpoch: known.storeEpoch, ...replaced?.lost, reason: 'store-damaged' });
      store.changeExchange({ serverTimeFloor: known.serverTimeFloor });
      if (known.trust !== undefined) store.writeWords({ ...noWords, trust: known.trust });
      store.writeEnrolment(known.enrolment);
    } else if (enrolled !== undefined && known?.storeEpoch !== store.epoch) {
      store.writeEnrolment(enrolled);
    }
    return store;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * Opens a copy of a store as the service would open the store, and reads what every start reads. The file is changed: never
 * the store itself. Throws what the service would throw.
 */
export function tryStore(copy: string): void {
  const db = openSqlite(copy, steps);
  try {
    const store = useStore(db, { release: () => undefined, privateDir: '', limits: defaultOutboxLimits });
    store.readEnrolment();
    store.readExchange();
    store.queue();
    store.readSections();
  } finally {
    db.close();
  }
}

/** Puts a gap into a store that nobody has opened. */
export function noteGapIn(file: string, lost: Gap): void {
  const db = openSqlite(file, steps);
  try {
    useStore(db, { release: () => undefined, privateDir: '', limits: defaultOutboxLimits }).noteGap(lost);
  } finally {
    db.close();
  }
}

/** What a look from outside may know; the service that holds the directory is not disturbed. Undefined = not enrolled. */
export function peekStore(
  privateDir: string,
):
  | { enrolment: Enrolment; exchange: Exchange; words: StoredWords; waiting: number; refused: number; aside: number }
  | undefined {
  const file = join(privateDir, 'agent.db');
  if (!existsSync(file)) return undefined;
  const db = new DatabaseSync(file, { readOnly: true, timeout: 2000 });
  try {
    const read = (key: string): unknown =>
      JSON.parse(String(db.prepare('SELECT value FROM memory WHERE key = ?').get(key)?.['value'] ?? 'null'));
    const found = enrolment.nullable().parse(read('enrolment'));
    if (found === null) return undefined;
    const count = (which: string): number =>
      Number(db.prepare(`SELECT count(*) AS n FROM outbox WHERE ${which}`).get()?.['n']);
    return {
      enrolment: found,
      exchange: exchange.parse(read('exchange') ?? {}),
      words: storedWords.catch(noWords).parse(read('words') ?? noWords),
      waiting: count("state = 'waiting'"),
      refused: count(`state = 'refused' AND NOT (${isAside})`),
      aside: count(isAside),
    };
  } finally {
    db.close();
  }
}

function useStore(
  db: DatabaseSync,
  options: { release: () => void; privateDir: string; limits: OutboxLimits; replaces?: string },
): AgentStore {
  const { release, privateDir, limits, ...opened } = options;
  const readMemory = db.prepare('SELECT value FROM memory WHERE key = ?');
  const writeMemory = db.prepare('INSERT INTO memory VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
  const read = (key: string): unknown => {
    const row = readMemory.get(key);
    return row === undefined ? undefined : JSON.parse(String(row['value']));
  };
  const write = (key: string, value: unknown): void => {
    writeMemory.run(key, JSON.stringify(value));
  };

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

  const outbox = openOutbox(db, { read, write }, transaction, limits);
  const readEnrolment = (): Enrolment | undefined => enrolment.optional().parse(read('enrolment'));
  const readExchange = (): Exchange => exchange.parse(read('exchange') ?? {});
  const readWords = (): StoredWords => storedWords.catch(noWords).parse(read('words') ?? noWords);
  const keep = (known: Enrolment): void => {
    const { serverTimeFloor } = readExchange();
    const { trust } = readWords();
    keepIdentity(privateDir, {
      enrolment: known,
      storeEpoch: outbox.epoch,
      serverTimeFloor,
      ...(trust === undefined ? {} : { trust }),
    });
  };

  return {
    ...outbox,
    ...opened,
    get epoch() {
      return outbox.epoch;
    },
    renewEpoch: async (sign) => {
      await outbox.renewEpoch(sign);
      const known = readEnrolment();
      if (known !== undefined) keep(known);
    },
    readEnrolment,
    writeEnrolment: (value) => {
      write('enrolment', value);
      keep(value);
    },
    readWords,
    writeWords: (value) => {
      const before = JSON.stringify(readWords().trust);
      write('words', value);
      const known = readEnrolment();
      if (known !== undefined && JSON.stringify(value.trust) !== before) keep(known);
    },
    readExchange,
    changeExchange: (change) => write('exchange', { ...readExchange(), ...change }),
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
    close: (last = () => undefined) => {
      db.close();
      try {
        last();
      } finally {
        release();
      }
    },
  };
}
