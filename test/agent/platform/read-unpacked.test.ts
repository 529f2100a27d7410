/** Large files piece by piece: plain, gzip, zstd and LZ4 as the real tools write them, and what is damaged. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { createLinuxMachine } from '../../../agent/platform/linux-machine.ts';
import { unpackLz4 } from '../../../agent/platform/lz4.ts';
import { ReadError } from '../../../agent/platform/machine.ts';
import { fc, tries } from '../../fixtures/properties.ts';

const machine = createLinuxMachine();
const content = Array.from({ length: 7000 }, (_, index) => `Package: p${index % 10}\nVersion: 1.${index % 7}\n\n`).join(
  '',
);
/** The content packed by `lz4 -BD -B4`: blocks of 64 KiB that refer to the ones before. */
const lz4 = Buffer.from(
  [
    'BCJNGERAXosCAAD2C1BhY2thZ2U6IHAwClZlcnNpb246IDEuMAoKGgAYMRoAGDEaABgyGgAYMhoAGDMaABgzGgAYNBoAGDQaABg1GgAYNRoAGD',
    'YaABg2GgAfN7YABh84tgAGHzm2AAYfMLYABh8xtgAGHzK2AAYfM7YABh80tgAGHzW2AAYfNrYABh83tgAGHzi2AAYfObYABh8wtgAGHzG2AAYf',
    'MrYABh8ztgAGHzS2AAYfNbYABh82tgAGHze2AAYfOLYABh85tgAGHzC2AAYfMbYABh8ytgAGHzO2AAYfNLYABh81tgAGHza2AAYfN7YABh84tg',
    'AGHzm2AAYfMLYABh8xtgAGHzK2AAYfM7YABh80tgAGHzW2AAYfNrYABh83tgAGHzi2AAYfObYABh8wtgAGHzG2AAYfMrYABh8ztgAGHzS2AAYf',
    'NbYABh82tgAGHze2AAYfOLYABh85tgAGHzC2AAYfMbYABh8ytgAGHzO2AAYfNLYABh81tgAGHza2AAYfN7YABh84tgAGHjm2AA8cB/////////',
    '//////////////////////////////////////////////////////////////////////////////////////////////////////////////',
    '//////////////////////////////////////////////////////////////////////////////////////////////////////////////',
    '///////////////////////////////////////////////////////////////////////////////////////////////////////8JQClZl',
    'cnMKAQAADxwH//////////////////////////////////////////////////////////////////////////////////////////////////',
    '//////////////////////////////////////////////////////////////////////////////////////////////////////////////',
    '//////////////////////////////////////////////////////////////////////////////////////////////////////////////',
    '///////////////////////+hQYWNrYWfRAAAADxwH////////////////////////////////////////////////////////////////////',
    '//////////////////////////////////////////////////////////////////////////////////////////////////////////////',
    '///////////////////////////////////////////////////////////////////////////////////////59QMS42CgoAAAAAfnvVKQ==',
  ].join(''),
  'base64',
);

function fileOf(name: string, bytes: string | Uint8Array): string {
  const dir = mkdtempSync(join(tmpdir(), 'kits-unpack-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, name), bytes);
  return join(dir, name);
}

async function readAll(path: string, maxBytes = 10_000_000): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of machine.readUnpacked(path, { maxBytes })) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces).toString('utf8');
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof ReadError ? error.code : error),
  );

test.each([
  ['plain', content],
  ['list.gz', gzipSync(content)],
  ['list.zst', zstdCompressSync(content)],
  ['list.lz4', lz4],
])('%s gives the whole content', async (name, bytes) => {
  expect(await readAll(fileOf(name, bytes))).toBe(content);
  expect(await codeOf(readAll(fileOf(name, bytes), content.length - 1))).toBe('EFBIG');
  expect(await codeOf(readAll(fileOf(name, bytes), content.length))).toBeUndefined();
});

test.each([
  ['list.gz', gzipSync(content)],
  ['list.zst', zstdCompressSync(content)],
  ['list.lz4', lz4],
])('%s that is cut or something else is an error, not a short list', async (name, bytes) => {
  expect(await codeOf(readAll(fileOf(name, bytes.subarray(0, bytes.length - 10))))).toBe('EIO');
  expect(await codeOf(readAll(fileOf(name, content)))).toBe('EIO');
});

test('a packing that cannot be read, a directory and a missing file are told apart', async () => {
  expect(await codeOf(readAll(fileOf('list.xz', 'x')))).toBe('ENOTSUP');
  expect(await codeOf(readAll(tmpdir()))).toBe('EINVAL');
  expect(await codeOf(readAll('/nowhere/list.lz4'))).toBe('ENOENT');
});

test('LZ4: a frame with checksums, size and stored blocks', async () => {
  const block = Buffer.from('stored');
  const frame = Buffer.concat([
    // Version 1, block checksums, content size, content checksum; blocks of 64 KiB.
    Buffer.from([0x04, 0x22, 0x4d, 0x18, 0b0111_1100, 0x40, 6, 0, 0, 0, 0, 0, 0, 0, 0xaa]),
    Buffer.from([6, 0, 0, 0x80]),
    block,
    Buffer.from([1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8]),
  ]);
  expect(await readAll(fileOf('x.lz4', frame))).toBe('stored');
});

test('LZ4: damaged bytes end in content or an error, in any pieces', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(lz4.length - 1), fc.nat(255)), { maxLength: 6 }),
      fc.integer({ min: 1, max: 900 }),
      async (changes, size) => {
        const bytes = Uint8Array.from(lz4);
        for (const [at, value] of changes) bytes[at] = value;
        async function* pieces(): AsyncGenerator<Uint8Array> {
          for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
        }
        const unpacked: Buffer[] = [];
        let failure: unknown;
        try {
          for await (const piece of unpackLz4(pieces())) unpacked.push(Buffer.from(piece));
        } catch (error) {
          failure = error;
        }
        if (failure !== undefined) expect(failure).toBeInstanceOf(RangeError);
        else if (changes.length === 0) expect(Buffer.concat(unpacked).toString()).toBe(content);
      },
    ),
    { numRuns: tries(200) },
  );
});
