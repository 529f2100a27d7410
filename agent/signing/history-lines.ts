/** Takes an export apart without trusting it: a header line, then for each report an envelope line and its body. */
import { type HistoryHeader, historyHeader, maxStatement } from '../contract/history.ts';
import { reportEnvelope } from '../contract/report.ts';

/** The file is not what it should be at this place; what stands before it was read. */
export class HistoryUnreadable extends Error {
  override readonly name = 'HistoryUnreadable';
}

export interface HistoryEntry {
  /** 1, 2, 3 … in the file. */
  readonly number: number;
  readonly envelopeJws: string;
  /** Exactly the bytes that stand in the file; undefined when only the envelope is there. */
  readonly body: Uint8Array | undefined;
}

const lineFeed = 0x0a;
/** The header holds the statement over all epochs. */
const maxHeaderBytes = maxStatement + 64 * 1024;
const maxEnvelopeBytes = 8192;

export interface HistoryFile {
  readonly header: HistoryHeader;
  /** To be read once. Throws `HistoryUnreadable`. */
  readonly entries: AsyncIterable<HistoryEntry>;
}

/** Holds one report at a time in memory. Throws `HistoryUnreadable` when it does not begin with a header. */
export async function readHistory(source: AsyncIterable<Uint8Array>): Promise<HistoryFile> {
  const input = reader(source);
  const first = await input.line(maxHeaderBytes);
  return { header: parseHeader(first), entries: readEntries(input) };
}

function parseHeader(line: string | undefined): HistoryHeader {
  let value: unknown;
  try {
    value = JSON.parse(line ?? '');
  } catch (cause) {
    throw new HistoryUnreadable('The first line is no header of a KITS history.', { cause });
  }
  const parsed = historyHeader.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new HistoryUnreadable(`The header does not fit: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

async function* readEntries(input: Input): AsyncGenerator<HistoryEntry, void, undefined> {
  for (let number = 1; ; number += 1) {
    const envelopeJws = await input.line(maxEnvelopeBytes);
    if (envelopeJws === undefined) return;
    if ((await input.peek()) === lineFeed) {
      await input.bytes(1);
      yield { number, envelopeJws, body: undefined };
      continue;
    }
    // Only to know where the body ends; whether the envelope holds is for others to say.
    const length = bodyBytesOf(envelopeJws);
    if (length === undefined) throw new HistoryUnreadable(`Entry ${number} does not begin with an envelope.`);
    const body = await input.bytes(length);
    const end = await input.bytes(1);
    if (end[0] !== lineFeed)
      throw new HistoryUnreadable(`The body of entry ${number} is not as long as its envelope says.`);
    yield { number, envelopeJws, body };
  }
}

function bodyBytesOf(envelopeJws: string): number | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(envelopeJws.split('.')[1] ?? '', 'base64url').toString());
    const parsed = reportEnvelope.pick({ bodyBytes: true }).safeParse(payload);
    return parsed.success ? parsed.data.bodyBytes : undefined;
  } catch {
    // Not JSON: no envelope.
    return undefined;
  }
}

interface Input {
  /** Without its line feed; undefined at the end. */
  line(maxBytes: number): Promise<string | undefined>;
  bytes(count: number): Promise<Uint8Array>;
  peek(): Promise<number | undefined>;
}

function reader(source: AsyncIterable<Uint8Array>): Input {
  const chunks = source[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array();
  const more = async (): Promise<boolean> => {
    const { value, done } = await chunks.next();
    if (done === true) return false;
    held = held.byteLength === 0 ? value : Buffer.concat([held, value]);
    return true;
  };
  const take = (count: number): Uint8Array => {
    const taken = held.subarray(0, count);
    held = held.subarray(count);
    return taken;
  };
  return {
    line: async (maxBytes) => {
      for (;;) {
        const end = held.indexOf(lineFeed);
        if (end > maxBytes || (end < 0 && held.byteLength > maxBytes))
          throw new HistoryUnreadable('A line does not end.');
        if (end >= 0) {
          const line = Buffer.from(take(end)).toString('utf8');
          take(1);
          return line;
        }
        if (await more()) continue;
        if (held.byteLength > 0) throw new HistoryUnreadable('The file was cut off in the middle of a line.');
        return undefined;
      }
    },
    bytes: async (count) => {
      const parts: Uint8Array[] = [];
      let left = count;
      while (left > 0) {
        if (held.byteLength === 0 && !(await more())) {
          throw new HistoryUnreadable('The file was cut off in the middle of a report.');
        }
        const part = take(left);
        parts.push(part);
        left -= part.byteLength;
      }
      return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    },
    peek: async () => {
      while (held.byteLength === 0) if (!(await more())) return undefined;
      return held[0];
    },
  };
}
