/** The device's own checks of a release at their edges: nothing here trusts a server or needs one. */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { agentFacts } from '../../../agent/contract/facts/operation.ts';
import { longestReleaseMs, type ReleaseManifest } from '../../../agent/contract/release.ts';
import { jwsTypes } from '../../../agent/contract/wire.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import { generateKey, type SigningKey } from '../../../agent/signing/keys.ts';
import {
  failed,
  isResting,
  readUpdate,
  type UpdateRecord,
  updateFolder,
  writeUpdate,
} from '../../../agent/update/record.ts';
import { isOnlyOurs, objectionToFile, type ReleaseMeasure, verifyRelease } from '../../../agent/update/release.ts';

const hour = 3_600_000;
const at = (ms: number): Date => new Date(Date.parse('2026-11-23T08:00:00.000Z') + ms);
let folder: string;
let key: SigningKey;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kits-release-'));
  key = await generateKey();
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a manifest', () => {
  const manifest: ReleaseManifest = {
    product: 'kits-agent',
    version: '1.3.0',
    platform: 'linux',
    sha256: '0'.repeat(64),
    size: 1,
    fileName: 'setup',
    minimumVersion: '1.1.0',
    issuedAt: at(0).toISOString(),
    expiresAt: at(100 * hour).toISOString(),
    sequence: 10,
  };
  const lastEnd = { expiresAt: at(longestReleaseMs).toISOString() };

  test.each<[string, Partial<ReleaseMeasure>, Partial<ReleaseManifest>, string]>([
    ['by a clock a day ahead of this one', { now: at(-24 * hour) }, {}, 'taken'],
    ['by a clock further ahead', { now: at(-24 * hour - 1) }, {}, 'premature'],
    ['in its last millisecond', { now: at(100 * hour - 1) }, {}, 'taken'],
    ['at its end', { now: at(100 * hour) }, {}, 'expired'],
    ['for as long as any can hold', {}, lastEnd, 'taken'],
    ['for longer', {}, { expiresAt: at(longestReleaseMs + 1).toISOString() }, 'expired'],
    ['at a time that is none', { now: new Date(Number.NaN) }, {}, 'premature'],
    ['with the number that was accepted last', { highestSequence: 10 }, {}, 'taken'],
    ['with the number before it', { highestSequence: 11 }, {}, 'older'],
    ['of the version that was accepted last', { highestVersion: '1.3.0' }, {}, 'taken'],
    ['of a version before it', { highestVersion: '1.3.1' }, {}, 'older'],
    ['of the version that runs', { current: '1.3.0' }, {}, 'older'],
    ['over the oldest version that takes the step', { current: '1.1.0' }, {}, 'taken'],
    ['over an older one', { current: '1.1.0-rc.1' }, {}, 'older'],
    ['for the other system', { platform: 'win32' }, {}, 'audience'],
    ['under another pin', { pin: 'A'.repeat(43) }, {}, 'key'],
  ])('%s: %o %o is %s', async (_name, change, said, expected) => {
    const jws = await signJws(jwsTypes.release, { ...manifest, ...said }, key, { embedKey: true });
    const measure: ReleaseMeasure = {
      pin: key.thumbprint,
      platform: 'linux',
      current: '1.2.0',
      highestSequence: 9,
      highestVersion: undefined,
      now: at(1),
      ...change,
    };
    const result = await verifyRelease(jws, measure).then(
      () => 'taken',
      (error: { reason: string }) => error.reason,
    );
    expect(result).toBe(expected);
  });
});

describe('a file', () => {
  const content = randomBytes(2 * 1024 * 1024 + 5);
  const changed = Buffer.from(content);
  changed[content.byteLength - 1] = (content.at(-1) ?? 0) ^ 1;
  const expected = {
    size: content.byteLength,
    sha256: createHash('sha256').update(content).digest('hex'),
  } as ReleaseManifest;

  test.each<[string, (file: string) => void, ReturnType<typeof objectionToFile>]>([
    ['is the one', (file) => writeFileSync(file, content), undefined],
    ['differs in its last bit', (file) => writeFileSync(file, changed), 'hash'],
    ['is one byte shorter', (file) => writeFileSync(file, content.subarray(1)), 'size'],
    ['is not there', () => undefined, 'missing'],
    ['is a folder', (file) => mkdirSync(file), 'missing'],
    [
      'is a link to the right one',
      (file) => {
        writeFileSync(`${file}.real`, content);
        symlinkSync(`${file}.real`, file);
      },
      'missing',
    ],
  ])('%s', (name, make, objection) => {
    const file = join(folder, name);
    make(file);
    expect(objectionToFile(file, expected)).toBe(objection);
  });
});

describe('a folder', () => {
  test.each([
    [0o700, true],
    [0o710, false],
    [0o701, false],
    [0o702, false],
    [0o720, false],
  ])('of mode %o is only ours: %s', (mode, expected) => {
    const own = mkdtempSync(join(folder, 'own-'));
    chmodSync(own, mode);
    expect(isOnlyOurs(own)).toBe(expected);
  });

  test('that is none, is a link, or belongs to somebody else is not ours', () => {
    const own = mkdtempSync(join(folder, 'own-'));
    const [link, file] = [join(folder, 'link'), join(folder, 'file')];
    symlinkSync(own, link);
    writeFileSync(file, '', { mode: 0o600 });
    expect([isOnlyOurs(join(folder, 'nowhere')), isOnlyOurs(link), isOnlyOurs(file)]).toEqual([false, false, false]);
    const other = vi.spyOn(process, 'geteuid').mockReturnValue(process.geteuid?.() === 1 ? 2 : 1);
    expect(isOnlyOurs(own)).toBe(false);
    other.mockRestore();
    expect(isOnlyOurs(own)).toBe(true);
  });
});

describe('the record', () => {
  const none = { state: 'none', highestSequence: 0, failures: 0, notBefore: 0 } as const;

  test('rests for a day after every third failure, counted on', () => {
    const day = 24 * hour;
    let record = failed({ ...none, notBefore: 7 }, 'hash', at(0));
    expect(record).toEqual({ ...none, state: 'failed', reason: 'hash', failures: 1, notBefore: 7 });
    record = failed(failed(record, 'hash', at(1)), 'x'.repeat(70), at(2));
    expect(record).toMatchObject({ failures: 3, notBefore: at(2 + day).getTime(), reason: 'x'.repeat(60) });
    expect(isResting(record, at(2))).toBe(true);
    expect(isResting(record, at(1 + day))).toBe(true);
    expect(isResting(record, at(2 + day))).toBe(false);
    // The clock was set back by more than the rest lasts: it would never end.
    expect(isResting(record, at(1))).toBe(false);
    expect(isResting(record, new Date(Number.NaN))).toBe(false);
  });

  test('of a release that fails for years stays one that can be read, and goes on resting', () => {
    let record = { ...none, failures: 990 } as UpdateRecord;
    for (let turn = 0; turn < 20; turn += 1) record = failed(record, 'hash', at(turn));
    writeUpdate(folder, record);
    expect(readUpdate(folder)).toEqual(record);
    expect(isResting(record, at(20))).toBe(true);
    expect(agentFacts.shape.update.unwrap().shape.failures.safeParse(record.failures).success).toBe(true);
  });

  test('is for the administrator alone', () => {
    writeUpdate(folder, none);
    expect(statSync(updateFolder(folder)).mode & 0o777).toBe(0o700);
    expect(statSync(join(updateFolder(folder), 'update.json')).mode & 0o777).toBe(0o600);
  });

  test('that cannot be read is never taken for none: what it guards does not begin anew', () => {
    expect(readUpdate(folder)).toEqual(none);
    writeUpdate(folder, { ...none, highestSequence: 4 });
    expect(readUpdate(folder)).toEqual({ ...none, highestSequence: 4 });
    const file = join(updateFolder(folder), 'update.json');
    for (const text of ['', '{', '{}', JSON.stringify({ ...none, highestSequence: -1 })]) {
      writeFileSync(file, text);
      expect(() => readUpdate(folder), text).toThrow();
    }
    rmSync(file);
    mkdirSync(file);
    expect(() => readUpdate(folder)).toThrow('EISDIR');
  });
});
