/** Answers of products damaged at random: no parser may fail on one in a way it does not name. */
import { fc } from '../../fixtures/properties.ts';

/** Pieces cut out, doubled or overwritten with noise, or noise alone. */
export function damagedText(recorded: readonly string[]): fc.Arbitrary<string> {
  const noise = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom('\n', '"', '{', '}', ',', ':', '\t', '\0', '9'.repeat(400), '-1', 'NaN', '[[[[', '2026-11-24'),
  );
  return fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.tuple(fc.constantFrom(...recorded), fc.nat(), fc.nat(60), noise).map(([text, at, length, piece]) => {
      const start = text.length === 0 ? 0 : at % text.length;
      return text.slice(0, start) + piece + text.slice(start + length);
    }),
  );
}

export function damagedBytes(recorded: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    fc
      .tuple(fc.constantFrom(...recorded), fc.nat(), fc.nat(30), fc.uint8Array({ maxLength: 30 }))
      .map(([bytes, at, length, piece]) => {
        const start = bytes.length === 0 ? 0 : at % bytes.length;
        return Uint8Array.from([...bytes.subarray(0, start), ...piece, ...bytes.subarray(start + length)]);
      }),
  );
}
