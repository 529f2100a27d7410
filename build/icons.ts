/** The mark of the product (server/console/icon.svg) as pixels, so that no drawing program is needed and every build draws the same. */
import { crc32, deflateSync } from 'node:zlib';

/** The drawing is 32 units wide. */
const width = 32;
const cornerRadius = 5;
const blue = [0x0b, 0x4f, 0x8a] as const;
const white = [0xff, 0xff, 0xff] as const;
/** The letter, point by point. */
const letter: readonly (readonly [x: number, y: number])[] = [
  [8, 7],
  [12, 7],
  [12, 14.4],
  [18.6, 7],
  [23.6, 7],
  [16, 15.3],
  [24.3, 25],
  [19.2, 25],
  [12, 16.4],
  [12, 25],
  [8, 25],
];
const samplesPerSide = 4;

function inLetter(x: number, y: number): boolean {
  let inside = false;
  let [fromX, fromY] = letter[letter.length - 1] as readonly [number, number];
  for (const [toX, toY] of letter) {
    if (toY > y !== fromY > y && x < ((fromX - toX) * (y - toY)) / (fromY - toY) + toX) inside = !inside;
    [fromX, fromY] = [toX, toY];
  }
  return inside;
}

function inTile(x: number, y: number): boolean {
  const beyond = (value: number): number => Math.max(cornerRadius - value, value - (width - cornerRadius), 0);
  return Math.hypot(beyond(x), beyond(y)) <= cornerRadius;
}

/** `size` × `size` pixels, four bytes each: red, green, blue, alpha; rows from the top. */
export function appPixels(size: number): Buffer {
  const pixels = Buffer.alloc(size * size * 4);
  const step = width / (size * samplesPerSide);
  const samples = samplesPerSide ** 2;
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      let tile = 0;
      let stroke = 0;
      for (let sample = 0; sample < samples; sample += 1) {
        const x = (column * samplesPerSide + (sample % samplesPerSide) + 0.5) * step;
        const y = (row * samplesPerSide + Math.floor(sample / samplesPerSide) + 0.5) * step;
        if (inTile(x, y)) tile += 1;
        if (inLetter(x, y)) stroke += 1;
      }
      if (tile === 0) continue;
      const share = stroke / tile;
      const colour = blue.map((channel, index) => Math.round(channel + ((white[index] ?? 0) - channel) * share));
      pixels.set([...colour, Math.round((tile / samples) * 255)], (row * size + column) * 4);
    }
  }
  return pixels;
}

/** PNG file, 8 bits a channel with alpha. */
export function appPng(size: number): Buffer {
  return pngOf(appPixels(size), size);
}

/** `pixels` as from `appPixels`. */
export function pngOf(pixels: Buffer, size: number): Buffer {
  const rows = Buffer.alloc((size * 4 + 1) * size);
  for (let row = 0; row < size; row += 1) {
    pixels.copy(rows, row * (size * 4 + 1) + 1, row * size * 4, (row + 1) * size * 4);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(rows, { level: 9 })),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function pngChunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(content.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** Sizes Windows asks for at 100 to 200 % and in its large views. */
const icoSizes = [16, 20, 24, 32, 40, 48, 64, 256] as const;

/** ICO file: bitmaps up to 64 pixels, which everything reads, and a PNG of 256. */
export function appIco(): Buffer {
  const images = icoSizes.map((size) => ({ size, content: size === 256 ? appPng(size) : icoBitmap(size) }));
  const header = Buffer.alloc(6 + 16 * images.length);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(images.length, 4);
  let offset = header.length;
  for (const [index, { size, content }] of images.entries()) {
    const at = 6 + 16 * index;
    header.set([size % 256, size % 256, 0, 0], at);
    header.writeUInt16LE(1, at + 4);
    header.writeUInt16LE(32, at + 6);
    header.writeUInt32LE(content.length, at + 8);
    header.writeUInt32LE(offset, at + 12);
    offset += content.length;
  }
  return Buffer.concat([header, ...images.map(({ content }) => content)]);
}

/** Rows from the bottom, blue first, behind them the mask of one bit a pixel that 32-bit icons leave empty. */
function icoBitmap(size: number): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt32LE(40, 0);
  header.writeInt32LE(size, 4);
  header.writeInt32LE(size * 2, 8);
  header.writeUInt16LE(1, 12);
  header.writeUInt16LE(32, 14);
  const pixels = appPixels(size);
  const rows = Buffer.alloc(pixels.length);
  for (let at = 0; at < pixels.length; at += 4) {
    const row = Math.floor(at / 4 / size);
    const target = ((size - 1 - row) * size + ((at / 4) % size)) * 4;
    rows.set([pixels[at + 2] ?? 0, pixels[at + 1] ?? 0, pixels[at] ?? 0, pixels[at + 3] ?? 0], target);
  }
  return Buffer.concat([header, rows, Buffer.alloc(Math.ceil(size / 32) * 4 * size)]);
}
