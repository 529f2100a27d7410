/**
 * Reads LZ4 frames (as apt stores its indices with `Acquire::GzipIndexes`), for which Node has no decoder. Format: the LZ4
 * frame and block descriptions, version 1.6. Checksums are skipped: apt has verified the content before it packed it.
 */

const magic = 0x184d2204;
/** A match reaches back this far at most. */
const windowBytes = 64 * 1024;
const roomBytes = 512 * 1024;
/** Copied at a time. */
const wordBytes = 4;
const blockBytes: Readonly<Record<number, number>> = { 4: 64 << 10, 5: 256 << 10, 6: 1 << 20, 7: 4 << 20 };

/**
 * Unpacked pieces of one frame. Throws `RangeError` for anything that is no complete frame; never more than 4 MiB at once,
 * and each piece is good until the next one is asked for.
 */
export async function* unpackLz4(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = new ByteQueue(packed);
  if ((await source.number()) !== magic) throw new RangeError('no LZ4 frame');
  const [flags = 0, descriptor = 0] = await source.take(2);
  const most = blockBytes[(descriptor >> 4) & 7];
  // Version 1 without a dictionary; anything else is not written by apt.
  if (flags >> 6 !== 1 || (flags & 1) !== 0 || most === undefined) throw new RangeError('LZ4 frame of another kind');
  // Content size (8 bytes) when announced, and the checksum of this header.
  await source.take((flags & 8) === 0 ? 1 : 9);
  const blockChecksum = (flags & 16) !== 0;
  // Room for several blocks: the window is moved to the front when they have filled it.
  const out = new Uint8Array(windowBytes + Math.max(most, roomBytes) + wordBytes - 1);
  let kept = 0;
  for (;;) {
    const word = await source.number();
    if (word === 0) break;
    const size = word & 0x7fffffff;
    if (size > most) throw new RangeError('LZ4 block too large');
    const block = await source.take(size);
    let end = kept;
    if (word >>> 31 === 1) {
      out.set(block, kept);
      end += size;
    } else {
      end = unpackBlock(block, out, kept);
    }
    yield out.subarray(kept, end);
    if (blockChecksum) await source.take(4);
    kept = end;
    if (end + most + wordBytes > out.length) {
      kept = Math.min(end, windowBytes);
      out.copyWithin(0, end - kept, end);
    }
  }
  if ((flags & 4) !== 0) await source.take(4);
}

/**
 * Unpacks one block behind `start`; returns where it ends. What lies before `start` is the window matches may use. Copies word by
 * word, which is half as long again by the byte, and so writes up to a word less one byte behind the end: `out` has that room.
 */
function unpackBlock(block: Uint8Array, out: Uint8Array, start: number): number {
  const source = new DataView(block.buffer, block.byteOffset, block.length);
  const target = new DataView(out.buffer, out.byteOffset, out.length);
  const room = out.length - wordBytes + 1;
  let from = 0;
  let to = start;
  /** What 15 in a token is continued by. */
  const more = (): number => {
    for (let sum = 0; ; ) {
      const value = block[from];
      if (value === undefined) throw new RangeError('LZ4 block ends early');
      from += 1;
      sum += value;
      if (value !== 255) return sum;
    }
  };
  while (from < block.length) {
    const token = block[from] as number;
    from += 1;
    const literals = token >> 4 === 15 ? 15 + more() : token >> 4;
    if (from + literals > block.length || to + literals > room) throw new RangeError('LZ4 literals out of bounds');
    if (literals > 64 || from + literals + wordBytes > block.length) {
      out.set(block.subarray(from, from + literals), to);
    } else {
      for (let at = 0; at < literals; at += wordBytes) target.setUint32(to + at, source.getUint32(from + at));
    }
    from += literals;
    to += literals;
    // The last sequence has literals only.
    if (from === block.length) return to;
    if (from + 2 > block.length) throw new RangeError('LZ4 block ends early');
    const distance = source.getUint16(from, true);
    from += 2;
    const match = (token & 15) === 15 ? 19 + more() : (token & 15) + 4;
    const back = to - distance;
    if (distance === 0 || back < 0 || to + match > room) throw new RangeError('LZ4 match out of bounds');
    if (distance >= match && match > 64) out.copyWithin(to, back, back + match);
    else if (distance >= wordBytes) {
      for (let at = 0; at < match; at += wordBytes) target.setUint32(to + at, target.getUint32(back + at));
    } else {
      for (let at = 0; at < match; at += 1) out[to + at] = out[back + at] as number;
    }
    to += match;
  }
  return to;
}

/** Bytes of a stream by count, whatever the pieces it comes in. */
class ByteQueue {
  readonly #source: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array();
  #at = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async take(count: number): Promise<Uint8Array> {
    if (this.#at + count <= this.#piece.length) {
      this.#at += count;
      return this.#piece.subarray(this.#at - count, this.#at);
    }
    const taken = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      if (this.#at === this.#piece.length) {
        const next = await this.#source.next();
        if (next.done === true) throw new RangeError('LZ4 frame ends early');
        this.#piece = next.value;
        this.#at = 0;
      }
      const part = this.#piece.subarray(this.#at, this.#at + count - filled);
      taken.set(part, filled);
      filled += part.length;
      this.#at += part.length;
    }
    return taken;
  }

  async number(): Promise<number> {
    const bytes = await this.take(4);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  }
}
