/** Lists of packages an archive offers (`…_Packages`), read as a stream: 50 MB of which a PC cares for one in a hundred. */
import { clean } from '../text.ts';
import { fieldOf } from './deb822.ts';
import { sourceOf } from './dpkg-installed.ts';

export interface Offer {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: string;
  /** Ubuntu gives an update to so many per cent of its machines for now. */
  readonly phasedPercent?: number;
}

/** No paragraph of an archive comes near this; more is no list of packages. */
const maxParagraphBytes = 1024 * 1024;
const blank = 0x20;
const tab = 0x09;
const mark = Buffer.from('\nPackage:');

/**
 * Hands over every entry whose name is wanted. Returns how many entries the list has. Throws `RangeError` for what is no such
 * list. The names are found by search in bytes: turning the whole list into text costs ten times as much, and to make a word of
 * each name to look it up half as much as all the rest.
 */
export async function scanPackages(
  pieces: AsyncIterable<Uint8Array>,
  wanted: ReadonlySet<string>,
  take: (offer: Offer) => void,
): Promise<number> {
  const sums = new Set([...wanted].map((name) => sumOf(Buffer.from(name, 'latin1'), 0).sum));
  let entries = 0;
  // One store for all pieces: a new one for each would be as much garbage as the list is long.
  let store = Buffer.alloc(maxParagraphBytes);
  // What is not finished yet lies at the start; the line feed lets the first entry begin like all others.
  let filled = store.write('\n');
  for await (const piece of pieces) {
    if (filled + piece.length > store.length)
      store = Buffer.concat([store.subarray(0, filled)], filled + 2 * piece.length);
    store.set(piece, filled);
    const text = store.subarray(0, filled + piece.length);
    const end = text.lastIndexOf('\n\n');
    if (end > 0) entries += scan(text.subarray(0, end + 1), { wanted, sums }, take);
    filled = text.copy(store, 0, Math.max(end + 1, 0));
    if (filled > maxParagraphBytes) throw new RangeError('no list of packages');
  }
  entries += scan(store.subarray(0, filled), { wanted, sums }, take);
  return entries;
}

/** A sum over the bytes of a name, up to the first blank or line feed: another sum is another name. */
function sumOf(bytes: Buffer, start: number): { sum: number; end: number } {
  let sum = 0;
  let end = start;
  for (let byte = bytes[end]; byte !== undefined && byte > blank; byte = bytes[end]) {
    sum = (Math.imul(sum, 31) + byte) | 0;
    end += 1;
  }
  return { sum, end };
}

function scan(
  text: Buffer,
  { wanted, sums }: { wanted: ReadonlySet<string>; sums: ReadonlySet<number> },
  take: (offer: Offer) => void,
): number {
  let entries = 0;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length)) {
    entries += 1;
    let start = at + mark.length;
    while (text[start] === blank || text[start] === tab) start += 1;
    const { sum, end } = sumOf(text, start);
    if (!sums.has(sum) || !wanted.has(text.toString('latin1', start, end))) continue;
    // Package need not be the first field.
    const before = text.lastIndexOf('\n\n', at);
    const after = text.indexOf('\n\n', at + 1);
    const offer = parseOffer(
      text.toString('utf8', before < 0 ? 0 : before + 2, after < 0 ? text.length : after).trimStart(),
    );
    if (offer !== undefined) take(offer);
  }
  return entries;
}

/** One paragraph; undefined when it lacks name, version or architecture. */
export function parseOffer(paragraph: string): Offer | undefined {
  const name = clean(fieldOf(paragraph, 'Package'), 150);
  const version = clean(fieldOf(paragraph, 'Version'), 160);
  const architecture = clean(fieldOf(paragraph, 'Architecture'), 24);
  if (name === undefined || version === undefined || architecture === undefined) return undefined;
  const phased = /^\d{1,3}$/.exec(fieldOf(paragraph, 'Phased-Update-Percentage') ?? '');
  return {
    name,
    version,
    architecture,
    source: sourceOf(paragraph, name),
    ...(phased === null ? {} : { phasedPercent: Number(phased[0]) }),
  };
}
