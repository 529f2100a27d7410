/** A file piece by piece, unpacked on the way: for indices that are larger than the memory they deserve. */
import type { FileHandle } from 'node:fs/promises';
import { unpackLz4 } from './lz4.ts';
import { ReadError } from './machine.ts';

const pieceBytes = 256 * 1024;

/**
 * Pieces of the unpacked content, at most `maxBytes` in all ("EFBIG"). The suffix says how it is packed: .lz4, .gz, .zst or
 * not at all; .xz and .bz2 are "ENOTSUP". A damaged file is "EIO". A piece is good until the
 * next one is asked for. Closes the handle.
 */
export async function* readUnpacked(path: string, handle: FileHandle, maxBytes: number): AsyncGenerator<Uint8Array> {
  try {
    if (!(await handle.stat()).isFile()) throw new ReadError(path, 'EINVAL');
    let total = 0;
    for await (const piece of await unpack(path, handle)) {
      total += piece.length;
      if (total > maxBytes) throw new ReadError(path, 'EFBIG');
      yield piece;
    }
  } catch (cause) {
    throw cause instanceof ReadError ? cause : new ReadError(path, 'EIO', { cause });
  } finally {
    await handle.close();
  }
}

/** Without `reuse` every piece has memory of its own, which a stream of Node needs. */
async function* pieces(handle: FileHandle, reuse: boolean): AsyncGenerator<Uint8Array> {
  const shared = new Uint8Array(pieceBytes);
  for (;;) {
    const piece = reuse ? shared : new Uint8Array(pieceBytes);
    const { bytesRead } = await handle.read(piece, 0, pieceBytes);
    if (bytesRead === 0) return;
    yield piece.subarray(0, bytesRead);
  }
}

async function unpack(path: string, handle: FileHandle): Promise<AsyncIterable<Uint8Array>> {
  if (/\.(xz|bz2|lzma)$/.test(path)) throw new ReadError(path, 'ENOTSUP');
  if (path.endsWith('.lz4')) return unpackLz4(pieces(handle, true));
  if (!/\.(gz|zst)$/.test(path)) return pieces(handle, true);
  const { createGunzip, createZstdDecompress } = await import('node:zlib');
  const { pipeline, Readable } = await import('node:stream');
  // The error of either end arrives at the reader of the last one.
  return pipeline(
    Readable.from(pieces(handle, false)),
    path.endsWith('.gz') ? createGunzip() : createZstdDecompress(),
    () => undefined,
  );
}
