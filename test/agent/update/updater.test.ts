/** The service's part of an update on scripted answers: each turn it may take, and what it writes down of it. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { proofHeader } from '../../../agent/contract/wire.ts';
import { createLog } from '../../../agent/log.ts';
import { type ServerClient, type ServerStream, ServerUnreachable } from '../../../agent/report/server-client.ts';
import { shortHash } from '../../../agent/signing/canonical.ts';
import { generateKey } from '../../../agent/signing/keys.ts';
import { verifyProof } from '../../../agent/signing/proof.ts';
import { readUpdate, type UpdateRecord, updateFolder, writeUpdate } from '../../../agent/update/record.ts';
import { createUpdater, type UpdaterOptions } from '../../../agent/update/updater.ts';
import { type ReadyRelease, readyRelease, saturday, wednesday } from './ready-release.ts';

type Answer = Omit<Partial<ServerStream>, 'chunks'> & {
  readonly chunks?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
};

interface Service extends ReadyRelease {
  readonly updater: ReturnType<typeof createUpdater>;
  /** Headers of each request for the file, without the proof. */
  readonly asked: { readonly range: string | undefined; readonly ifRange: string | undefined }[];
  readonly answers: (Answer | Error)[];
  /** Nonce and counter as each proof used them. */
  readonly exchange: { nonce?: string; counter: number };
  readonly logged: string[];
  /** Answers of which something was read: one that nobody reads would hold its connection. */
  begun: number;
  guardCalls: number;
}

async function service(change: Partial<UpdaterOptions> = {}): Promise<Service> {
  const here = await readyRelease();
  const exchange: Service['exchange'] = { counter: 0 };
  const self: Service = {
    ...here,
    exchange,
    asked: [],
    answers: [],
    logged: [],
    begun: 0,
    guardCalls: 0,
    updater: createUpdater({
      dataDir: here.dataDir,
      version: '1.2.0',
      platform: 'linux',
      pin: here.key.thumbprint,
      bytesPerSecond: Number.MAX_SAFE_INTEGER,
      now: () => saturday,
      log: createLog('warn', (line) => void self.logged.push(JSON.parse(line).event)),
      connection: () => ({ client, store, key: here.key, enrolment: { deviceId }, now: () => saturday }),
      wakeGuard: async () => {
        self.guardCalls += 1;
      },
      ...change,
    }),
  };
  const deviceId = '0b9f8f1e-8a75-4c1c-9d3e-1f2a3b4c5d6e';
  const store = {
    readExchange: () => ({ ...exchange }) as never,
    changeExchange: (next: object) => void Object.assign(exchange, next),
  };
  const client: ServerClient = {
    baseUrl: 'http://127.0.0.1',
    send: () => Promise.reject(new Error('not asked here')),
    close: () => undefined,
    stream: async ({ path, headers, signal }) => {
      expect(signal.aborted).toBe(false);
      const proven = { method: 'GET', path, body: new Uint8Array() };
      await verifyProof(headers[proofHeader] ?? '', proven, here.key);
      expect(path).toBe(`/agent/v1/releases/${here.manifest.sha256}`);
      self.asked.push({ range: headers['range'], ifRange: headers['if-range'] });
      const answer = self.answers.shift() ?? new Error('nothing more was to be asked');
      if (answer instanceof Error) throw answer;
      const { status = 200, headers: said = {}, chunks = [] } = answer;
      return { status, headers: said, chunks: each(chunks, () => (self.begun += 1)) };
    },
  };
  return self;
}

async function* each(chunks: NonNullable<Answer['chunks']>, begins: () => void): AsyncGenerator<Uint8Array> {
  begins();
  yield* chunks;
}

const put = (here: ReadyRelease, change: Partial<UpdateRecord>): UpdateRecord => {
  writeUpdate(here.dataDir, JSON.parse(JSON.stringify({ ...here.record, ...change })) as UpdateRecord);
  return readUpdate(here.dataDir);
};
const read = (here: ReadyRelease): UpdateRecord => readUpdate(here.dataDir);
const fresh = { state: 'none', manifest: undefined, offeredAt: undefined, highestSequence: 0 } as const;

describe('an offer', () => {
  test('is taken with all that is to be kept of it', async () => {
    const here = await service();
    put(here, { ...fresh, highestVersion: undefined, highestExpiresAt: undefined, failures: 2, reason: 'hash' });
    expect(here.updater.asked()).toEqual({ held: 0 });
    await here.updater.offer(shortHash(here.jws), here.jws);
    expect(read(here)).toEqual({ ...here.record, state: 'waiting', offeredAt: saturday.toISOString(), failures: 2 });
    expect(here.updater.asked()).toEqual({ held: 10 });
    expect(here.updater.facts()).toEqual({ state: 'waiting', failures: 2, version: '1.3.0' });
  });

  test.each<[string, Partial<UpdateRecord>, boolean]>([
    ['of what is held already', {}, true],
    ['while the device rests', { ...fresh, notBefore: saturday.getTime() + 1 }, true],
    ['without its manifest', fresh, false],
  ])('%s changes nothing', async (_name, change, withManifest) => {
    const here = await service();
    const before = put(here, change);
    await here.updater.offer(shortHash(here.jws), withManifest ? here.jws : undefined);
    expect(read(here)).toEqual(before);
  });

  test('of another manifest than the answer vouched for is refused and counted', async () => {
    const here = await service();
    const before = put(here, fresh);
    await here.updater.offer(shortHash('another'), here.jws);
    expect(read(here)).toEqual({ ...before, state: 'failed', reason: 'signature', failures: 1 });
  });

  test('of a manifest that does not hold leaves the one that is held, and the mark it set', async () => {
    const here = await service();
    const jws = await here.sign({ sequence: 9 });
    await here.updater.offer(shortHash(jws), jws);
    expect(read(here)).toEqual({ ...here.record, state: 'failed', reason: 'older', failures: 1 });
  });

  test('that is withdrawn goes, but not its mark; what is being installed is not called back', async () => {
    const here = await service();
    const { manifest: _, offeredAt: __, ...rest } = here.record;
    put(here, { state: 'installing' });
    await here.updater.offer(undefined, undefined);
    expect(read(here)).toEqual({ ...here.record, state: 'installing' });
    put(here, { state: 'failed', reason: 'hash' });
    await here.updater.offer(undefined, undefined);
    expect(read(here)).toEqual({ ...rest, state: 'none' });
    expect(here.updater.facts()).toEqual({ state: 'none', failures: 0 });
    // Nothing is held: how the last one ended stays to be read.
    const installed = put(here, { ...fresh, state: 'installed', highestSequence: 10 });
    await here.updater.offer(undefined, undefined);
    expect(read(here)).toEqual(installed);
  });
});

describe('the guard is called', () => {
  test.each<[string, Partial<UpdateRecord>, Date, number, UpdateRecord['state']]>([
    ['when all is there and it is time', { state: 'waiting', reason: 'hash' }, saturday, 1, 'ready'],
    ['again while it installs', { state: 'installing' }, saturday, 1, 'installing'],
    ['not while somebody works', { state: 'waiting' }, wednesday, 0, 'ready'],
    ['not while the device rests', { notBefore: saturday.getTime() + 1, state: 'failed' }, saturday, 0, 'failed'],
    ['not for what nobody offered', { manifest: undefined, state: 'none' }, saturday, 0, 'none'],
    ['not for what was offered at no time', { offeredAt: undefined }, saturday, 0, 'ready'],
  ])('%s', async (_name, change, now, calls, state) => {
    const here = await service({ now: () => now });
    put(here, change);
    await here.updater.look();
    expect([here.guardCalls, read(here).state, here.asked]).toEqual([calls, state, []]);
    if (calls > 0) expect(read(here).reason).toBeUndefined();
  });

  test('not for a folder that is open to others', async () => {
    const here = await service();
    chmodSync(here.folder, 0o750);
    await here.updater.look();
    expect(here.guardCalls).toBe(0);
    expect(read(here)).toMatchObject({ state: 'failed', reason: 'folder-open-to-others', failures: 1 });
  });
});

describe('a manifest that no longer holds', () => {
  test.each<[string, Partial<UpdateRecord>, Partial<UpdaterOptions>, Partial<UpdateRecord>]>([
    [
      'since it is what runs now',
      { failures: 2, notBefore: 5, reason: 'hash' },
      { version: '1.3.0' },
      { state: 'installed', failures: 0, notBefore: 0 },
    ],
    ['since something newer runs', {}, { version: '1.4.0' }, { state: 'installed' }],
    ['and nothing newer is here', { highestVersion: '1.5.0' }, {}, { state: 'failed', reason: 'older' }],
    [
      'and no version is known',
      { highestVersion: undefined },
      { version: '1.3.0' },
      { state: 'failed', reason: 'older' },
    ],
    ['in time', {}, { now: () => new Date('2027-01-01T00:00:00.000Z') }, { state: 'failed', reason: 'expired' }],
    ['under a new pin', {}, { pin: 'A'.repeat(43) }, { state: 'failed', reason: 'key' }],
  ])('%s goes with its files, and its mark stays', async (_name, change, options, expected) => {
    const here = await service(options);
    const { manifest: _, offeredAt: __, reason: ___, ...before } = put(here, change);
    await here.updater.look();
    expect(read(here)).toEqual({ ...before, ...expected });
    expect(readdirSync(here.folder)).toEqual(['update.json']);
    expect(here.guardCalls).toBe(0);
  });
});

describe('the file', () => {
  const missing = async (change: Partial<UpdaterOptions> = {}): Promise<Service> => {
    const here = await service(change);
    rmSync(here.file);
    put(here, { state: 'waiting' });
    return here;
  };
  const part = (here: Service): string => `${here.file}.part`;
  const rest = (here: Service, from: number): Answer => ({
    status: 206,
    headers: { 'content-range': `bytes ${from}-999/1000` },
    chunks: [here.content.subarray(from)],
  });

  test('waits for a server', async () => {
    const here = await missing({ connection: () => undefined });
    await here.updater.look();
    expect([read(here).state, here.guardCalls]).toEqual(['waiting', 0]);
  });

  test('is fetched piece by piece, and all that lay around goes', async () => {
    const here = await missing();
    mkdirSync(join(here.folder, 'install-left'));
    writeFileSync(join(here.folder, 'install-left', 'setup'), 'old');
    writeFileSync(join(here.folder, 'old.bin'), 'old');
    here.answers.push({ chunks: [here.content.subarray(0, 400), here.content.subarray(400)] });
    await here.updater.look();
    expect(read(here)).toEqual(here.record);
    expect(readFileSync(here.file).equals(here.content)).toBe(true);
    expect(statSync(here.file).mode & 0o777).toBe(0o600);
    expect(readdirSync(here.folder).toSorted()).toEqual([basename(here.file), 'update.json'].toSorted());
    expect([here.asked, here.guardCalls]).toEqual([[{ range: undefined, ifRange: undefined }], 1]);
  });

  test('that cannot be written for another reason is no failure of the release', async () => {
    const here = await missing();
    mkdirSync(part(here));
    await here.updater.look();
    expect(read(here)).toEqual({ ...here.record, state: 'downloading' });
    expect([here.logged, here.guardCalls]).toEqual([['update-failed'], 0]);
  });

  test('is fetched anew where another one lies in its place', async () => {
    const here = await missing();
    writeFileSync(here.file, Buffer.alloc(1000));
    here.answers.push({ chunks: [here.content] });
    await here.updater.look();
    expect(read(here).state).toBe('ready');
    expect(readFileSync(here.file).equals(here.content)).toBe(true);
  });

  test.each<[string, number, (here: Service) => Answer | undefined, string | undefined]>([
    ['goes on where it stopped', 400, (here) => rest(here, 400), 'bytes=400-'],
    ['begins anew where the server sends all', 400, (here) => ({ chunks: [here.content] }), 'bytes=400-'],
    ['begins anew where more lies there than was announced', 1001, (here) => ({ chunks: [here.content] }), undefined],
    ['is not asked for where all of it lies there', 1000, () => undefined, undefined],
  ])('%s', async (_name, length, answer, range) => {
    const here = await missing();
    writeFileSync(part(here), Buffer.concat([here.content, Buffer.alloc(1)]).subarray(0, length));
    const said = answer(here);
    if (said !== undefined) here.answers.push(said);
    await here.updater.look();
    expect(read(here).state).toBe('ready');
    expect(readFileSync(here.file).equals(here.content)).toBe(true);
    const ifRange = range === undefined ? undefined : `"${here.manifest.sha256}"`;
    expect(here.asked).toEqual(said === undefined ? [] : [{ range, ifRange }]);
  });

  const unreachable = new ServerUnreachable('reset', 'cut off');
  function* goesOn(): Generator<Uint8Array> {
    yield Buffer.from('no');
    throw new Error('read on');
  }
  async function* cutOff(piece: Uint8Array): AsyncGenerator<Uint8Array> {
    yield piece;
    throw unreachable;
  }

  test.each<[string, (here: Service) => Answer | Error]>([
    ['no answer', () => unreachable],
    ['half an answer', (here) => ({ chunks: cutOff(here.content.subarray(0, 400)) })],
  ])('that gets %s is no failure, and what came stays', async (_name, answer) => {
    const here = await missing();
    writeFileSync(part(here), '');
    here.answers.push(answer(here));
    await here.updater.look();
    expect(read(here)).toEqual({ ...here.record, state: 'downloading' });
    expect(here.logged).toEqual(['release-not-fetched']);
    const came = readFileSync(part(here));
    here.answers.push(came.byteLength === 0 ? { chunks: [here.content] } : rest(here, came.byteLength));
    await here.updater.look();
    expect(read(here).state).toBe('ready');
    expect(here.asked[1]?.range).toBe(came.byteLength === 0 ? undefined : 'bytes=400-');
  });

  test.each<[string, string, number, (here: Service) => Answer]>([
    ['one byte more', 'oversized', 0, (here) => ({ chunks: [here.content, Buffer.alloc(1)] })],
    ['one byte less', 'truncated', 0, (here) => ({ chunks: [here.content.subarray(1)] })],
    ['other bytes', 'hash', 0, () => ({ chunks: [Buffer.alloc(1000)] })],
    ['a part nobody asked for', 'the server answered 206', 0, (here) => rest(here, 0)],
    ['another part', 'range', 400, (here) => rest(here, 401)],
    [
      'a part of another whole',
      'range',
      400,
      (here) => ({ ...rest(here, 400), headers: { 'content-range': 'bytes 400-999/1001' } }),
    ],
    ['a part of nobody knows what', 'range', 400, (here) => ({ ...rest(here, 400), headers: {} })],
    ['a redirect', 'redirect', 0, () => ({ status: 300 })],
    ['the last kind of redirect', 'redirect', 0, () => ({ status: 399 })],
    ['a refusal', 'the server answered 400', 0, () => ({ status: 400 })],
    ['a refusal that goes on', 'the server answered 400', 0, () => ({ status: 400, chunks: goesOn() })],
    ['success of another kind', 'the server answered 299', 0, () => ({ status: 299 })],
  ])('of which comes %s is refused: %s', async (_name, reason, length, answer) => {
    const here = await missing();
    writeFileSync(part(here), here.content.subarray(0, length));
    here.answers.push(answer(here));
    await here.updater.look();
    expect(read(here)).toEqual({ ...here.record, state: 'failed', reason, failures: 1 });
    expect([here.asked.length, here.begun]).toEqual([1, 1]);
    // Nothing of it is gone on with.
    expect(readdirSync(here.folder)).toEqual(['update.json']);
    expect(here.guardCalls).toBe(0);
  });

  test('is asked for with a newer nonce where the proof was too old, twice and no more', async () => {
    const here = await missing();
    const old = (nonce: string): Answer => ({ status: 401, headers: { 'kits-nonce': nonce } });
    here.answers.push(old('n-1'), old('n-2'), { chunks: [here.content] });
    await here.updater.look();
    expect([read(here).state, here.asked.length]).toEqual(['ready', 3]);
    expect(here.exchange).toEqual({ nonce: 'n-2', counter: 1 });
    rmSync(here.file);
    here.answers.push(old('n-3'), old('n-4'), old('n-5'), { chunks: [here.content] });
    await here.updater.look();
    expect(read(here)).toMatchObject({ state: 'failed', reason: 'the server answered 401' });
    expect([here.asked.length, here.begun]).toEqual([6, 6]);
  });

  test('comes no faster than allowed, and an end while it waits keeps what came', async () => {
    const here = await missing({ bytesPerSecond: 1 });
    let further = false;
    async function* slowly(): AsyncGenerator<Uint8Array> {
      yield here.content.subarray(0, 400);
      further = true;
      yield here.content.subarray(400);
    }
    here.answers.push({ chunks: slowly() });
    const looking = here.updater.look();
    await expect.poll(() => existsSync(part(here)) && statSync(part(here)).size).toBe(400);
    // Written down before the first byte: whoever looks meanwhile, or after a crash, reads it.
    expect(here.updater.facts()?.state).toBe('downloading');
    await here.updater.stop();
    await looking;
    expect(further).toBe(false);
    expect(here.logged).toEqual(['release-not-fetched']);
    expect(read(here)).toEqual({ ...here.record, state: 'downloading' });
    expect(statSync(part(here)).size).toBe(400);
  });

  test('that came whole while the service was told to end is not put in place any more', async () => {
    const here = await missing();
    const ending = async function* (): AsyncGenerator<Uint8Array> {
      yield here.content;
      void here.updater.stop();
    };
    here.answers.push({ chunks: ending() });
    await here.updater.look();
    expect(existsSync(here.file)).toBe(false);
    expect(read(here)).toEqual({ ...here.record, state: 'downloading' });
  });
});

test('what nobody foresaw ends one look, not the next one', async () => {
  let fails = true;
  const here = await service({
    wakeGuard: async () => {
      if (fails) throw new Error('unforeseen');
      here.guardCalls += 1;
    },
  });
  await here.updater.look();
  expect(read(here)).toEqual(here.record);
  expect(here.logged).toEqual(['update-failed']);
  fails = false;
  await here.updater.look();
  expect(here.guardCalls).toBe(1);
});

test('a record that cannot be read is said to be so, and is not written over', async () => {
  const here = await service();
  const file = join(updateFolder(here.dataDir), 'update.json');
  writeFileSync(file, '{');
  expect(here.updater.facts()).toEqual({ state: 'failed', failures: 0, reason: 'record-unreadable' });
  await here.updater.look();
  await expect(here.updater.offer(shortHash(here.jws), here.jws)).rejects.toThrow();
  expect(readFileSync(file, 'utf8')).toBe('{');
});

test('a release by a key that is not pinned leaves nothing of itself', async () => {
  const here = await service();
  put(here, { ...fresh, highestVersion: undefined, highestExpiresAt: undefined });
  const jws = await here.sign({}, await generateKey());
  await here.updater.offer(shortHash(jws), jws);
  expect(read(here)).toEqual({ state: 'failed', reason: 'key', highestSequence: 0, failures: 1, notBefore: 0 });
});
