import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { HistoryStatement } from '../../../agent/contract/history.ts';
import type { Gap, ReportClass } from '../../../agent/contract/report.ts';
import { contractVersion, maxBodyBytes } from '../../../agent/contract/report.ts';
import { jwsTypes } from '../../../agent/contract/wire.ts';
import { HistoryUnreadable } from '../../../agent/signing/history-lines.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import { generateKey, type SigningKey } from '../../../agent/signing/keys.ts';
import { type SignedReport, signReport } from '../../../agent/signing/report-frame.ts';
import { maxFaults, verdictOn, verifyHistory } from '../../../agent/signing/verify-history.ts';
import { fc, tries } from '../../fixtures/properties.ts';

const deviceId = randomUUID();
const storeEpoch = randomUUID();
let device: SigningKey;
let server: SigningKey;
let reports: SignedReport[];

interface Made {
  readonly class?: ReportClass;
  readonly gaps?: readonly Gap[];
  readonly epoch?: string;
  readonly key?: SigningKey;
  readonly body?: string;
  readonly deviceId?: string;
}

function make(sequence: number, previous: SignedReport | undefined, change: Made = {}): Promise<SignedReport> {
  const createdAt = `2026-11-${String(sequence).padStart(2, '0')}T08:00:00.000Z`;
  const body =
    change.body ?? JSON.stringify({ note: `Bericht ${sequence}, grüßt`, ...(change.gaps && { gaps: change.gaps }) });
  return signReport(
    {
      contractVersion,
      reportId: randomUUID(),
      deviceId: change.deviceId ?? deviceId,
      storeEpoch: change.epoch ?? storeEpoch,
      sequence,
      class: change.class ?? 'full',
      createdAt,
      ...(previous === undefined ? {} : { previousHash: previous.envelopeHash }),
    },
    Buffer.from(body),
    change.key ?? device,
  );
}

async function chain(length: number, epoch = storeEpoch): Promise<SignedReport[]> {
  const list: SignedReport[] = [];
  for (let sequence = 1; sequence <= length; sequence += 1) list.push(await make(sequence, list.at(-1), { epoch }));
  return list;
}

beforeAll(async () => {
  device = await generateKey();
  server = await generateKey();
  reports = await chain(6);
});

type Entry = Pick<SignedReport, 'envelopeJws'> & { readonly body: Uint8Array | undefined };

interface ExportOptions {
  readonly ends?: HistoryStatement['epochs'] | 'none';
  readonly header?: Record<string, unknown>;
  readonly statementKey?: SigningKey;
  /** Of whom the statement is. */
  readonly about?: string;
}

const endsOf = (list: readonly SignedReport[]): HistoryStatement['epochs'] =>
  [...new Map(list.map((report) => [report.envelope.storeEpoch, report])).values()].map(
    ({ envelope, envelopeHash }) => ({
      storeEpoch: envelope.storeEpoch,
      sequence: envelope.sequence,
      envelopeHash,
    }),
  );

async function exported(entries: readonly Entry[], options: ExportOptions = {}): Promise<Buffer> {
  const exportedAt = '2026-12-01T00:00:00.000Z';
  const ends = options.ends ?? endsOf(reports);
  const statement =
    ends === 'none'
      ? {}
      : {
          serverKey: server.publicKey,
          statement: await signJws(
            jwsTypes.history,
            { deviceId: options.about ?? deviceId, exportedAt, epochs: ends },
            options.statementKey ?? server,
          ),
        };
  const header = {
    format: 'kits-history',
    version: 1,
    deviceId,
    key: device.publicKey,
    exportedAt,
    ...statement,
    ...options.header,
  };
  return Buffer.concat([
    Buffer.from(`${JSON.stringify(header)}\n`),
    ...entries.flatMap(({ envelopeJws, body }) => [
      Buffer.from(`${envelopeJws}\n`),
      body ?? Buffer.alloc(0),
      Buffer.from('\n'),
    ]),
  ]);
}

async function* inPieces(bytes: Uint8Array, size = 700): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

async function check(bytes: Uint8Array, pins: Parameters<typeof verifyHistory>[1] = {}) {
  const findings = await verifyHistory(inPieces(bytes), pins);
  return { verdict: verdictOn(findings), ...findings };
}

const bare = ({ envelopeJws }: SignedReport): Entry => ({ envelopeJws, body: undefined });
const without = (...sequences: number[]) => reports.filter(({ envelope }) => !sequences.includes(envelope.sequence));

describe('a history', () => {
  test('that is whole is proven so, with the keys from a source of one’s own', async () => {
    const found = await check(await exported(reports), { deviceKey: device.thumbprint, serverKey: server.thumbprint });
    expect(found).toMatchObject({
      verdict: 'complete',
      deviceId,
      keyThumbprint: device.thumbprint,
      reports: 6,
      epochs: [
        { storeEpoch, first: 1, last: 6, firstAt: '2026-11-01T08:00:00.000Z', lastAt: '2026-11-06T08:00:00.000Z' },
      ],
      gaps: [],
      faults: [],
      end: 'stated',
      serverKeyThumbprint: server.thumbprint,
    });
  });

  test('is read the same however it is cut into pieces, and with line feeds inside a body', async () => {
    const odd = await make(1, undefined, { body: '{\n\n"pretty": true\n}\n' });
    const bytes = await exported([odd], { ends: endsOf([odd]) });
    for (const size of [1, 2, 7, 100, 100_000]) {
      expect(verdictOn(await verifyHistory(inPieces(bytes, size)))).toBe('complete');
    }
  });

  test('of several epochs is one chain for each', async () => {
    const later = await chain(2, randomUUID());
    const found = await check(await exported([...reports, ...later], { ends: endsOf([...reports, ...later]) }));
    expect(found).toMatchObject({ verdict: 'complete', epochs: [{ last: 6 }, { first: 1, last: 2 }] });
  });

  test('of a PC that has begun an epoch each day for years is proven as well', async () => {
    const days: SignedReport[] = [];
    for (let day = 0; day < 1200; day += 1) days.push(await make(1, undefined, { epoch: randomUUID() }));
    const found = await check(await exported(days, { ends: endsOf(days) }));
    expect([found.verdict, found.end, found.epochs.length]).toEqual(['complete', 'stated', 1200]);
  });

  test('without a statement is complete as far as it goes, and says so', async () => {
    expect(await check(await exported(reports.slice(0, 4), { ends: 'none' }))).toMatchObject({
      verdict: 'complete',
      end: 'unstated',
    });
    const pinned = await check(await exported(reports, { ends: 'none' }), { serverKey: server.thumbprint });
    expect(pinned.verdict).toBe('broken');
  });
});

describe('what is missing is named', () => {
  test.each([
    ['in the middle', [3, 4], { from: 3, to: 4 }],
    ['at the beginning', [1, 2], { from: 1, to: 2 }],
    ['at the end', [5, 6], { from: 5, to: 6 }],
    ['everything', [1, 2, 3, 4, 5, 6], { from: 1, to: 6 }],
  ])('%s', async (_where, sequences, gap) => {
    const found = await check(await exported(without(...sequences)));
    expect(found).toMatchObject({ verdict: 'gaps', faults: [], gaps: [{ storeEpoch, missing: 'reports', ...gap }] });
    expect(found.gaps[0]?.declared).toBeUndefined();
  });

  test('bodies that are gone, neighbours together', async () => {
    const entries = reports.map((report) => ([2, 3, 5].includes(report.envelope.sequence) ? bare(report) : report));
    expect(await check(await exported(entries))).toMatchObject({
      verdict: 'gaps',
      faults: [],
      gaps: [
        { from: 2, to: 3, missing: 'bodies' },
        { from: 5, to: 5, missing: 'bodies' },
      ],
    });
  });

  const declaring = async (gap: Partial<Gap>): Promise<SignedReport> =>
    make(7, reports[5], { class: 'gap', gaps: [{ storeEpoch, reason: 'outbox-full', ...gap }] });

  test('and what the device has accounted for is no riddle', async () => {
    const account = await declaring({
      from: 2,
      to: 3,
      firstHash: reports[1]!.envelopeHash,
      lastHash: reports[2]!.envelopeHash,
    });
    const all = [...without(2, 3), account];
    expect(await check(await exported(all, { ends: endsOf([...reports, account]) }))).toMatchObject({
      verdict: 'complete',
      gaps: [{ from: 2, to: 3, declared: 'outbox-full' }],
    });
  });

  test('only so far as it has: the rest stays a riddle', async () => {
    const account = await declaring({ from: 3, to: 3, lastHash: reports[2]!.envelopeHash });
    const found = await check(await exported([...without(2, 3, 4), account], { ends: endsOf([...reports, account]) }));
    expect(found.verdict).toBe('gaps');
    expect(found.gaps.map(({ from, to, declared }) => [from, to, declared])).toEqual([
      [2, 2, undefined],
      [3, 3, 'outbox-full'],
      [4, 4, undefined],
    ]);
  });

  test('but not by an account that does not fit what follows', async () => {
    const account = await declaring({ from: 2, to: 3, lastHash: reports[4]!.envelopeHash });
    const found = await check(await exported([...without(2, 3), account], { ends: endsOf([...reports, account]) }));
    expect(found.faults).toEqual([expect.stringContaining('declared with another report')]);
  });

  test('nor by one that does not say which report its last one was', async () => {
    const account = await declaring({ from: 2, to: 3, firstHash: reports[1]!.envelopeHash });
    const found = await check(await exported([...without(2, 3), account], { ends: endsOf([...reports, account]) }));
    expect([found.verdict, found.gaps]).toMatchObject(['gaps', [{ from: 2, to: 3, declared: undefined }]]);
  });

  test('and a report behind them that follows on none stands in no chain', async () => {
    const loose = await make(3, undefined);
    const found = await check(await exported([reports[0]!, loose], { ends: endsOf([loose]) }));
    expect(found.faults).toEqual([expect.stringContaining('follows on none')]);
  });

  test('nor by one of another store', async () => {
    const account = await declaring({ from: 2, to: 3, storeEpoch: randomUUID() });
    const found = await check(await exported([...without(2, 3), account], { ends: endsOf([...reports, account]) }));
    expect([found.verdict, found.gaps.map(({ declared }) => declared)]).toEqual(['gaps', [undefined]]);
  });

  const until = '2026-11-20T00:00:00.000Z';
  test.each<[string, [number, number][], [number, number, boolean][], 'complete' | 'gaps']>([
    ['all of them', [[2, 4]], [[2, 4, true]], 'complete'],
    ['more than is missing', [[1, 6]], [[2, 4, true]], 'complete'],
    [
      'one by one',
      [
        [2, 2],
        [3, 3],
        [4, 4],
      ],
      [
        [2, 2, true],
        [3, 3, true],
        [4, 4, true],
      ],
      'complete',
    ],
    [
      'the first',
      [[1, 2]],
      [
        [2, 2, true],
        [3, 4, false],
      ],
      'gaps',
    ],
    [
      'the last',
      [[4, 6]],
      [
        [2, 3, false],
        [4, 4, true],
      ],
      'gaps',
    ],
    [
      'what lies around them',
      [
        [1, 1],
        [5, 6],
      ],
      [[2, 4, false]],
      'gaps',
    ],
    ['a range that leads backwards', [[4, 2]], [[2, 4, false]], 'gaps'],
    ['nothing', [], [[2, 4, false]], 'gaps'],
  ])('bodies that the server says it removed are no riddle: %s', async (_name, ranges, parts, verdict) => {
    const ends = endsOf(reports).map((end) => ({ ...end, removed: { until, ranges } }));
    const entries = reports.map((report) => ([2, 3, 4].includes(report.envelope.sequence) ? bare(report) : report));
    const found = await check(await exported(entries, { ends }));
    expect(found).toMatchObject({ verdict, faults: [] });
    expect(found.gaps).toEqual(
      parts.map(([from, to, removed]) => ({
        ...{ storeEpoch, from, to, missing: 'bodies', declared: undefined },
        ...(removed ? { removedUntil: until } : {}),
      })),
    );
  });

  test('its word covers bodies only, of that store only, and stands behind that of the device', async () => {
    const removed = { until, ranges: [[1, 6]] as [number, number][] };
    const ends = endsOf(reports).map((end) => ({ ...end, removed }));
    expect(await check(await exported(without(2), { ends }))).toMatchObject({
      verdict: 'gaps',
      gaps: [{ from: 2, to: 2, missing: 'reports', declared: undefined }],
    });
    const second = await chain(2, randomUUID());
    const entries = [...reports, second[0]!, bare(second[1]!)];
    const other = await check(await exported(entries, { ends: [...ends, ...endsOf(second)] }));
    expect([other.verdict, other.gaps[0]?.removedUntil]).toEqual(['gaps', undefined]);
    const account = await declaring({ from: 2, to: 2, lastHash: reports[1]!.envelopeHash });
    const all = [reports[0]!, bare(reports[1]!), ...reports.slice(2), account];
    const told = await check(
      await exported(all, { ends: endsOf([...reports, account]).map((end) => ({ ...end, removed })) }),
    );
    expect(told.gaps).toEqual([{ storeEpoch, from: 2, to: 2, missing: 'bodies', declared: 'outbox-full' }]);
  });

  test('a report that says it is an account without being one accounts for nothing', async () => {
    const account = await make(7, reports[5], {
      class: 'full',
      gaps: [{ storeEpoch, from: 2, to: 2, reason: 'outbox-full' }],
    });
    const found = await check(await exported([...without(2), account], { ends: endsOf([...reports, account]) }));
    expect(found.verdict).toBe('gaps');
  });
});

describe('what was tampered with is found', () => {
  const expectBroken = async (bytes: Uint8Array, words: RegExp, pins = {}): Promise<void> => {
    const { verdict, faults } = await check(bytes, pins);
    expect([verdict, faults.join('\n')]).toEqual(['broken', expect.stringMatching(words)]);
  };

  test('a body, also of the same length', async () => {
    const body = Buffer.from(Buffer.from(reports[2]!.body).toString().replace('Bericht 3', 'Bericht 9'));
    await expectBroken(
      await exported(reports.map((report, index) => (index === 2 ? { ...report, body } : report))),
      /body of report 3 was altered/,
    );
  });

  test('an envelope', async () => {
    const [head, payload = '', signature] = reports[2]!.envelopeJws.split('.');
    const altered = Buffer.from(Buffer.from(payload, 'base64url').toString().replace('full', 'gap!')).toString(
      'base64url',
    );
    const envelopeJws = `${head}.${altered}.${signature}`;
    await expectBroken(
      await exported(reports.map((report, index) => (index === 2 ? { ...report, envelopeJws } : report))),
      /Entry 3: the signature does not fit/,
    );
  });

  test('a report of another key, and a whole history of one', async () => {
    const stranger = await generateKey();
    const forged = await make(3, reports[1], { key: stranger });
    await expectBroken(
      await exported(reports.map((report, index) => (index === 2 ? forged : report))),
      /Entry 3: the key .* does not count/,
    );
    await expectBroken(await exported(reports), /not of/, { deviceKey: stranger.thumbprint });
  });

  test('the order, a report twice, and one put in its place by the device itself', async () => {
    const [first, second, third, ...rest] = reports as [SignedReport, SignedReport, SignedReport, ...SignedReport[]];
    await expectBroken(await exported([first, third, second, ...rest]), /stands behind|does not follow/);
    await expectBroken(await exported([first, second, second, third, ...rest]), /or twice/);
    const other = await make(3, second, { body: '{"note":"anders"}' });
    await expectBroken(await exported([first, second, other, ...rest]), /report 4 .* does not follow/);
  });

  test('an end that is not the one the server signed', async () => {
    const other = await make(6, reports[4], { body: '{"note":"anders"}' });
    await expectBroken(await exported([...reports.slice(0, 5), other]), /another report than the server holds/);
    await expectBroken(await exported(reports, { ends: endsOf(reports.slice(0, 4)) }), /goes beyond 4/);
    await expectBroken(await exported(reports, { ends: [] }), /does not know the epoch/);
    await expectBroken(await exported(reports, { statementKey: device }), /statement of the server does not hold/);
    await expectBroken(await exported(reports), /signed by the key/, { serverKey: device.thumbprint });
  });

  test('a report of another device with the same key, and an end that was signed for one', async () => {
    const foreign = await make(3, reports[1], { deviceId: randomUUID() });
    await expectBroken(
      await exported(reports.map((report, index) => (index === 2 ? foreign : report))),
      /Entry 3: the envelope is of another device/,
    );
    await expectBroken(await exported(reports, { about: randomUUID() }), /statement of the server is about another/);
  });

  test('an entry that is none, one whose body would be endless, and a line that is', async () => {
    const line = (text: string): Entry => ({ envelopeJws: text, body: Buffer.from('{}') });
    const claim = (bodyBytes: unknown): string =>
      `x.${Buffer.from(JSON.stringify({ bodyBytes })).toString('base64url')}.y`;
    for (const text of ['x', 'x.y.z', claim('2'), claim(maxBodyBytes + 1)]) {
      await expectBroken(await exported([...reports, line(text)]), /Entry 7 does not begin with an envelope/);
    }
    // Found to have no end also where all of it lies in one piece.
    for (const size of [700, 1_000_000]) {
      const bytes = await exported([...reports, line('x'.repeat(8193))]);
      const { faults } = await verifyHistory(inPieces(bytes, size));
      expect(faults).toEqual([expect.stringContaining('A line does not end')]);
    }
  });

  test('without end: no more than a hundred things are named', async () => {
    const found = await check(await exported(Array.from({ length: 120 }, () => reports[1]!)));
    expect([found.verdict, found.reports, found.faults.length]).toEqual(['broken', 120, maxFaults]);
  });

  test('the time of the export, which says how old an end is', async () => {
    const header = { exportedAt: '2027-06-01T00:00:00.000Z' };
    await expectBroken(await exported(reports, { header }), /has signed an export of 2026-12-01/);
  });

  test('a file that was cut off', async () => {
    const bytes = await exported(reports);
    await expectBroken(bytes.subarray(0, bytes.byteLength - 40), /cut off|not as long/);
  });

  test('a header whose statement is gone or has another name', async () => {
    const bytes = await exported(reports);
    const text = bytes.toString();
    for (const name of ['format', 'version', 'deviceId', 'key', 'exportedAt', 'serverKey', 'statement', 'x']) {
      const renamed = Buffer.from(text.replace(`"${name}":`, `"${name}!":`));
      await expect(verifyHistory(inPieces(renamed)), name).rejects.toThrow(HistoryUnreadable);
    }
    for (const part of ['serverKey', 'statement'] as const) {
      const half = exported(reports, { header: { [part]: undefined } });
      await expect(verifyHistory(inPieces(await half)), part).rejects.toThrow('belong together');
    }
  });

  test('any single byte that is changed', async () => {
    const bytes = await exported(reports);
    const headerEnds = bytes.indexOf(0x0a);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: headerEnds + 1, max: bytes.byteLength - 2 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, by) => {
          const spoilt = Buffer.from(bytes);
          spoilt[at] = (spoilt[at]! + by) % 256;
          expect(verdictOn(await verifyHistory(inPieces(spoilt)))).not.toBe('complete');
        },
      ),
      { numRuns: tries(300) },
    );
  });
});

test('any bytes at all end in findings or in HistoryUnreadable', async () => {
  const bytes = await exported(reports);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(bytes.byteLength), async (junk, at) => {
      for (const source of [junk, Buffer.concat([bytes.subarray(0, at), junk, bytes.subarray(at)])]) {
        const outcome = await verifyHistory(inPieces(source)).then(verdictOn, (error: unknown) => error);
        if (typeof outcome !== 'string') expect(outcome).toBeInstanceOf(HistoryUnreadable);
        // Blanks between the parts of the header say nothing.
        else if (junk.some((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0d)) {
          expect(outcome).not.toBe('complete');
        }
      }
    }),
    { numRuns: tries(200) },
  );
});
