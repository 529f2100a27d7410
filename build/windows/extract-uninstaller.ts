/**
 * The uninstaller out of an installer of NSIS, without running it: electron-builder runs the installer (in wine) for that, and reads
 * it itself only on macOS and only from its own NSIS. The uninstaller is the program of the installer followed by a block of its own.
 *
 * `extract-uninstaller.ts INSTALLER` writes beside it what the installer would have written.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { inflateRawSync } from 'node:zlib';

/** 0xDEADBEEF and "NullsoftInst", behind four bytes of flags (Source/exehead/fileform.h of NSIS). */
const signature = Buffer.from('efbeadde4e756c6c736f6674496e7374', 'hex');
const headerBytes = 28;

/** Throws for what is no NSIS installer with single blocks (SetCompressor without /SOLID) that holds an uninstaller. */
export function extractUninstaller(installer: Buffer): Buffer {
  const end = endOfProgram(installer);
  if (!isHeader(installer.subarray(end))) throw new Error('behind the program there is no installer of NSIS');
  let found: Buffer | undefined;
  for (let at = end + headerBytes; at + 4 <= installer.length; ) {
    const word = installer.readUInt32LE(at);
    const size = word & 0x7fff_ffff;
    if (size === 0 || at + 4 + size > installer.length) break;
    const block = installer.subarray(at + 4, at + 4 + size);
    const content = word >>> 31 === 1 ? inflated(block) : block;
    if (content !== undefined && isHeader(content)) found = content;
    at += 4 + size;
  }
  if (found === undefined) throw new Error('the installer holds no uninstaller');
  return Buffer.concat([installer.subarray(0, end), found]);
}

/** Where the last section of the program ends in the file. */
function endOfProgram(file: Buffer): number {
  const pe = file.readUInt32LE(0x3c);
  const sections = file.readUInt16LE(pe + 6);
  const table = pe + 24 + file.readUInt16LE(pe + 20);
  const ends = Array.from({ length: sections }, (_, index) => {
    const section = table + 40 * index;
    return file.readUInt32LE(section + 16) + file.readUInt32LE(section + 20);
  });
  return Math.max(...ends);
}

function isHeader(bytes: Buffer): boolean {
  return bytes.length > headerBytes && bytes.subarray(4, 20).equals(signature);
}

function inflated(block: Buffer): Buffer | undefined {
  try {
    return inflateRawSync(block);
  } catch {
    // Compressed in another way: not the block that is looked for.
    return undefined;
  }
}

if (import.meta.main) {
  const [, , file = ''] = process.argv;
  const out = join(dirname(file), `${basename(file, 'exe')}__uninstaller.exe`);
  writeFileSync(out, extractUninstaller(readFileSync(file)));
}
