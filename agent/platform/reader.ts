/** Files read by a process of their own: the asking side. What comes back is hostile where the process is a person's. */
import { randomUUID } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type DatabaseView, ReadError, type Reader, type SqlValue } from './machine.ts';
import { isPacked, readerWord } from './packed.ts';
import type { EncodedValue, ReaderRequest } from './reader-child.ts';
import { type Conversation, startConversation } from './run-command.ts';

const defaultTimeoutMs = 20_000;
const removalTimeoutMs = 20_000;
const endGraceMs = 5000;
const defaultTextBytes = 4 * 1024 * 1024;
const defaultDatabaseBytes = 512 * 1024 * 1024;
const maxRowBytes = 16 * 1024 * 1024;
const defaultRows = 1000;
/** Room for an answer that is no content. */
const smallAnswer = 4 * 1024 * 1024;

export interface ReaderOptions {
  /** Whose rights the process has; without it those of this one. */
  readonly person?: { readonly uid: number; readonly gid: number };
  /** Path on this machine of one on the machine described. */
  readonly locate?: (path: string) => Promise<string>;
  /** For each request; a process that needs longer is ended, and the reader is of no use any more. */
  readonly timeoutMs?: number;
  /** Where databases are copied to. On disk, not in memory: some are large. */
  readonly tempRoot?: string;
}

/** How this program starts itself as a reader. A packed agent runs its own bundle only: there it is a word on its command line. */
function childProgram(): { file: string; args: readonly string[] } {
  if (isPacked) return { file: process.execPath, args: [readerWord] };
  const script = fileURLToPath(new URL('./reader-child.ts', import.meta.url));
  return { file: process.execPath, args: ['--disable-warning=ExperimentalWarning', script] };
}

const sqlValue = z.union([
  z.string(),
  z.number(),
  z.null(),
  z.tuple([z.literal('integer'), z.string().regex(/^-?\d{1,19}$/)]),
  z.tuple([z.literal('real'), z.enum(['Infinity', '-Infinity', 'NaN'])]),
  z.tuple([z.literal('blob'), z.base64()]),
]);
interface Answers {
  text: string;
  list: string[];
  stat: { kind: 'file' | 'directory' | 'other'; sizeBytes: number; modifiedMs: number };
  open: number;
  columns: string[];
  rows: { columns: string[]; rows: z.infer<typeof sqlValue>[][] };
  close: null;
}
const answers: { readonly [K in keyof Answers]: z.ZodType<Answers[K]> } = {
  text: z.base64(),
  list: z.array(z.string()),
  stat: z.object({
    kind: z.enum(['file', 'directory', 'other']),
    sizeBytes: z.number().min(0),
    modifiedMs: z.number(),
  }),
  open: z.int(),
  columns: z.array(z.string()),
  rows: z.object({ columns: z.array(z.string()), rows: z.array(z.array(sqlValue)) }),
  close: z.null(),
};
const refusal = z.object({ error: z.string().regex(/^E[A-Z0-9_]{1,30}$/) });

export function createReader(options: ReaderOptions = {}): Reader {
  const { locate = async (path) => path } = options;
  const child = createChild(options);

  const ask = async <K extends keyof Answers>(
    path: string,
    request: ReaderRequest & { do: K },
    maxBytes = smallAnswer,
  ): Promise<Answers[K]> => {
    const line = await child.ask(path, JSON.stringify(request), maxBytes);
    const answer: unknown = parsed(line);
    const refused = refusal.safeParse(answer);
    if (refused.success) throw new ReadError(path, refused.data.error);
    const schema: z.ZodType<Answers[K]> = answers[request.do];
    const good = schema.safeParse((answer as { value?: unknown } | undefined)?.value);
    if (!good.success) throw new ReadError(path, 'EIO', { cause: good.error });
    return good.data;
  };

  const readBytes = async (path: string, { maxBytes = defaultTextBytes } = {}): Promise<Buffer> => {
    const request = { do: 'text', path: await locate(path), maxBytes } as const;
    return Buffer.from(await ask(path, request, maxBytes * 1.4 + smallAnswer), 'base64');
  };

  return {
    readBytes,
    readText: async (path, bounds) => (await readBytes(path, bounds)).toString('utf8'),
    list: async (path) => ask(path, { do: 'list', path: await locate(path) }, 8 * smallAnswer),
    stat: async (path) => {
      const { kind, sizeBytes, modifiedMs } = await ask(path, { do: 'stat', path: await locate(path) });
      return { kind, sizeBytes, modifiedAt: new Date(Math.round(modifiedMs)) };
    },
    database: async (path, work, { maxBytes = defaultDatabaseBytes } = {}) => {
      const handle = await ask(path, { do: 'open', path: await locate(path), maxBytes });
      const view: DatabaseView = {
        columns: (table) => ask(path, { do: 'columns', handle, table }),
        rows: async (sql, params = [], { maxRows = defaultRows } = {}) => {
          const request = {
            do: 'rows',
            handle,
            sql,
            params: params.map(encoded),
            maxRows,
            maxBytes: maxRowBytes,
          } as const;
          const found = await ask(path, request, maxRowBytes + smallAnswer);
          return found.rows.map((row) =>
            Object.fromEntries(found.columns.map((column, index) => [column, decoded(row[index] ?? null)])),
          );
        },
      };
      try {
        return await work(view);
      } finally {
        // Where the process is gone, so is everything it had open.
        await ask(path, { do: 'close', handle }).catch(() => undefined);
      }
    },
    close: () => child.end('ECANCELED'),
  };
}

function encoded(value: SqlValue): EncodedValue {
  return typeof value === 'bigint' ? ['integer', String(value)] : value;
}

function decoded(value: z.infer<typeof sqlValue>): SqlValue | Uint8Array {
  if (!Array.isArray(value)) return value;
  const [kind, text] = value;
  if (kind === 'blob') return Buffer.from(text, 'base64');
  return kind === 'integer' ? BigInt(text) : Number(text);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // No JSON is no answer; the schema says so.
    return undefined;
  }
}

interface Child {
  /** One line for one line, one after the other. Throws `ReadError`. */
  ask(path: string, line: string, maxBytes: number): Promise<string>;
  /** What is asked and will be asked fails with `code`. */
  end(code: string): void;
}

function createChild({ person, timeoutMs = defaultTimeoutMs, tempRoot = defaultTempRoot() }: ReaderOptions): Child {
  const tempFolder = join(tempRoot, `kits-reader-${randomUUID()}`);
  let conversation: Conversation | undefined;
  let ended: string | undefined;
  /** Fails the question that waits, if any. */
  let fail: (code: string) => void = () => undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const end = (code: string): void => {
    if (ended !== undefined) return;
    ended = code;
    fail(code);
    if (conversation === undefined) return;
    conversation.kill();
    // Holds the agent for a moment, so that what a killed process left is taken away.
    const grace = setTimeout(() => undefined, endGraceMs);
    void conversation.ended.then(() => clearTimeout(grace));
  };
  const run = (task: 'serve' | 'remove'): Conversation => {
    const { file, args } = childProgram();
    const rights = person === undefined ? [] : [String(person.uid), String(person.gid)];
    return startConversation(file, [...args, task, tempFolder, ...rights]);
  };
  const start = (): Conversation => {
    const started = run('serve');
    void started.ended.then(() => {
      end('EIO');
      removeLeftovers();
    });
    return started;
  };
  /** With the rights of the process that made the folder: whoever can write into it could lead any other astray. */
  const removeLeftovers = (): void => {
    if (lstatSync(tempFolder, { throwIfNoEntry: false }) === undefined) return;
    const remover = run('remove');
    const timer = setTimeout(() => remover.kill(), removalTimeoutMs);
    void remover.ended.then(() => clearTimeout(timer));
  };
  const exchange = (path: string, line: string, maxBytes: number): Promise<string> => {
    if (ended !== undefined) throw new ReadError(path, ended);
    if (person !== undefined && process.geteuid?.() !== 0) throw new ReadError(path, 'EPERM');
    conversation ??= start();
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const timer = setTimeout(() => end('ETIMEDOUT'), timeoutMs);
    fail = (code) => reject(new ReadError(path, code));
    conversation.ask(line, maxBytes).then(resolve, () => end('EIO'));
    return promise.finally(() => {
      clearTimeout(timer);
      fail = () => undefined;
    });
  };
  return {
    ask: (path, line, maxBytes) => {
      const mine = turn.then(() => exchange(path, line, maxBytes));
      turn = mine.catch(() => undefined);
      return mine;
    },
    end,
  };
}

function defaultTempRoot(): string {
  return process.platform === 'win32' ? tmpdir() : '/var/tmp';
}
