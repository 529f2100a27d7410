/** What devices send, damaged: refused by a problem with its code, never by a fault, never taken for something else. */
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contractVersion, type ReportBody } from '../../../agent/contract/report.ts';
import { jwsTypes } from '../../../agent/contract/wire.ts';
import { createEventReader } from '../../../agent/report/event-lines.ts';
import { canonicalHash, hashBytes } from '../../../agent/signing/canonical.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import { encodeFrame, type SignedReport, signReport } from '../../../agent/signing/report-frame.ts';
import { acceptReport } from '../../../server/ingest/accept-report.ts';
import { checkIn } from '../../../server/ingest/check-in.ts';
import { findClaimedDevice, verifyRequest } from '../../../server/ingest/device-request.ts';
import { enrolDevice } from '../../../server/ingest/enrol.ts';
import { declareGaps } from '../../../server/ingest/gaps.ts';
import { openReport } from '../../../server/ingest/open-report.ts';
import { type ReadReport, readContent } from '../../../server/ingest/read-report.ts';
import type { DeviceRow } from '../../../server/store/schema.ts';
import { damagedBytes, damagedJson, damagedJws, damagedValue, fuzz, fuzzTime } from '../../fixtures/mutations.ts';
import { fc } from '../../fixtures/properties.ts';
import { type DirectIngest, outcomeOf, startDirectIngest } from './direct-ingest.ts';

let ingest: DirectIngest;
let device: DeviceRow;
let gapReport: SignedReport;
beforeAll(async () => {
  ingest = await startDirectIngest();
  gapReport = await ingest.agent.makeReport([], { envelope: { class: 'gap' }, body: { gaps: [] } });
  expect((await ingest.agent.sendReport(gapReport)).status).toBe(201);
  device = await ingest.device();
});
afterAll(() => ingest.server.close());

/** No table has a row more or less afterwards. */
async function storesNothing(work: () => Promise<void>): Promise<void> {
  const before = await ingest.rows();
  await work();
  expect(await ingest.rows()).toEqual(before);
}

const encodings = fc.constantFrom('zstd', 'gzip', 'identity');
const zstd = promisify(zstdCompress);
const gz = promisify(gzip);
const encoded = async (frame: Uint8Array, encoding: string): Promise<Uint8Array> =>
  encoding === 'zstd' ? zstd(frame) : encoding === 'gzip' ? gz(frame, { level: 1 }) : frame;

test('a transport proof', fuzzTime, async () => {
  const body = Buffer.from('{}');
  const request = { method: 'POST', path: '/agent/v1/check-in', body };
  const verify = async (proof: string) => {
    const claimed = await findClaimedDevice(ingest.context, proof);
    await verifyRequest(ingest.context, claimed, { ...request, proof });
  };
  // That the device's own proof arrives beside another request is noted, once a day.
  const { proof: elsewhere } = await ingest.agent.proofFor('/elsewhere', body, { nonce: ingest.nonce });
  expect(await outcomeOf(verify(elsewhere))).toBe('401 request-altered');
  await storesNothing(async () => {
    const { proof } = await ingest.agent.proofFor(request.path, body, { nonce: ingest.nonce });
    expect(await outcomeOf(verify(proof))).toBe('taken');
    const refusals = ['401 proof-invalid', '401 request-altered', '404 unknown-device'];
    await fuzz(damagedJws(proof), async (changed) => expect(refusals).toContain(await outcomeOf(verify(changed))), 0.7);
    // Really signed: what the device says about its clock and counter is its own, everything else is checked.
    const claims = JSON.parse(Buffer.from(proof.split('.')[1]!, 'base64url').toString());
    const { iat: _, jti: __, ctr: ___, nonce, ...checked } = claims;
    const bytesOf = (text: string) => Buffer.from(text, 'base64url').toString('hex');
    await fuzz(
      damagedValue(claims),
      async (changed) => {
        const outcome = await outcomeOf(verify(await signJws(jwsTypes.proof, changed, ingest.agent.key)));
        if (outcome === 'taken') {
          expect(changed).toMatchObject(checked);
          expect(bytesOf(changed.nonce)).toBe(bytesOf(nonce));
        } else expect([...refusals, '401 use-nonce']).toContain(outcome);
      },
      0.3,
    );
  });
});

test('an enrolment', fuzzTime, () =>
  storesNothing(async () => {
    const { key, state, hostname } = ingest.agent;
    const request = {
      contractVersion,
      nonce: 'A'.repeat(24),
      token: ingest.server.token,
      hostname,
      platform: 'linux',
      agentVersion: '0.1.0',
      fingerprint: state.fingerprint,
    };
    const sign = (payload: unknown) => signJws(jwsTypes.enrolment, payload, key, { embedKey: true });
    const jws = await sign(request);
    // The key is known: taken once more, it is no second device.
    expect(await outcomeOf(enrolDevice(ingest.context, jws, '192.0.2.1'))).toBe('taken');
    await fuzz(
      damagedJws(jws),
      async (changed) =>
        expect(['400 malformed', '400 signature-invalid']).toContain(
          await outcomeOf(enrolDevice(ingest.context, changed, '192.0.2.1')),
        ),
      0.7,
    );
    await fuzz(
      damagedValue(request),
      async (changed) => {
        const outcome = await outcomeOf(enrolDevice(ingest.context, await sign(changed), '192.0.2.1'));
        if (outcome === 'taken') expect(changed.token).toBe(request.token);
        else expect(['400 malformed', '401 token-invalid']).toContain(outcome);
      },
      0.3,
    );
  }),
);

test('the body of a check-in', fuzzTime, async () => {
  const request = {
    contractVersion,
    agentVersion: '0.1.0',
    storeEpoch: ingest.agent.state.epoch,
    sequence: 3,
    waiting: 0,
    policyVersion: 0,
    keys: 'A'.repeat(16),
    notices: 'B'.repeat(16),
    membership: 'C'.repeat(16),
  };
  await fuzz(damagedJson(request), async (text) => {
    const outcome = await outcomeOf(checkIn(ingest.context, await ingest.proven(), Buffer.from(text)));
    expect(['taken', '400 malformed']).toContain(outcome);
  });
  const { light } = await ingest.device();
  expect(light).not.toBe('ok');
});

/** As the endpoint does it, up to the decision. */
async function read(wire: Uint8Array, encoding: string): Promise<ReadReport | 'bare'> {
  const opened = await openReport(wire, encoding, device);
  try {
    const signed = await opened.readBody();
    return 'body' in signed ? await readContent(signed, wire.byteLength) : 'bare';
  } finally {
    await opened.discard();
  }
}

const refusedFrames = ['422 malformed', '422 signature-invalid', '422 contract-unsupported', '413 too-large'];

test('the bytes of a report, as they arrive and as they expand', fuzzTime, () =>
  storesNothing(async () => {
    const report = await ingest.agent.makeReport();
    const frame = encodeFrame(report);
    const wires = new Map<string, Uint8Array>();
    for (const encoding of ['zstd', 'gzip', 'identity']) wires.set(encoding, await encoded(frame, encoding));
    await fuzz(fc.tuple(encodings, damagedBytes, fc.boolean()), async ([encoding, change, outside]) => {
      const wire = outside ? change(wires.get(encoding)!) : await encoded(change(frame), encoding);
      let result: ReadReport | 'bare' | undefined;
      const outcome = await outcomeOf(read(wire, encoding).then((value) => (result = value)));
      // A byte nobody reads (the time in a gzip header), or the whole body cut off: then nothing but the envelope counts.
      if (outcome !== 'taken') expect(refusedFrames).toContain(outcome);
      else if (result !== 'bare')
        expect(result?.packed.byteLength === 0 || hashBytes(result!.body)).toBe(report.envelope.bodyHash);
    });
  }),
);

test('a body that expands to more than was signed is read no further than that', fuzzTime, () =>
  storesNothing(async () => {
    const bomb = Buffer.concat([Buffer.alloc(1024 * 1024), randomBytes(256 * 1024)]);
    const wires: { encoding: string; wire: Buffer }[] = [];
    for (const size of [0, 1, 1000, 65_536]) {
      const { bodyHash: _hash, bodyBytes: _bytes, ...envelope } = (await ingest.agent.makeReport([])).envelope;
      const report = await signReport(envelope, Buffer.alloc(size, 32), ingest.agent.key);
      // Either the body goes on behind its own, or the first line has no end.
      for (const head of [encodeFrame(report), Buffer.from(report.envelopeJws.repeat(8))])
        for (const encoding of ['zstd', 'gzip'])
          wires.push({ encoding, wire: Buffer.from(await encoded(Buffer.concat([head, bomb]), encoding)) });
    }
    await fuzz(fc.tuple(fc.constantFrom(...wires), damagedBytes), async ([{ encoding, wire }, change]) => {
      // The end is damaged or missing: whoever reads on as far as that says "malformed", not "too-large".
      const [start, end] = [wire.subarray(0, -20_000), change(wire.subarray(-20_000))];
      expect(await outcomeOf(read(Buffer.concat([start, end.subarray(0, -12)]), encoding))).toBe('413 too-large');
    });
  }),
);

/** Hashes as an honest device would make them, so that it is the facts that are judged. */
function rehashed(body: ReportBody): ReportBody {
  if (!Array.isArray(body?.sections)) return body;
  for (const section of body.sections) {
    try {
      if (section.data !== undefined) section.hash = canonicalHash(section.data);
    } catch {
      // No hash of what has no canonical form, or of what is no section.
    }
  }
  return body;
}

/** A report the device really signed, whatever is in it. */
async function signedOver(text: string): Promise<SignedReport> {
  const { bodyHash: _hash, bodyBytes: _bytes, ...envelope } = (await ingest.agent.makeReport([])).envelope;
  return signReport(envelope, Buffer.from(text), ingest.agent.key);
}
const wholeBody = async (): Promise<ReportBody> =>
  JSON.parse(Buffer.from((await ingest.agent.makeReport()).body).toString());

test('the body of a report, really signed over damaged facts', fuzzTime, () =>
  storesNothing(async () => {
    const { envelope } = await signedOver('');
    const check = async (text: string) => {
      // Not signed: what the envelope says has been checked by then.
      const body = Buffer.from(text);
      const report = { envelope, envelopeJws: '', envelopeHash: '', body };
      expect(['taken', '422 malformed']).toContain(await outcomeOf(readContent(report, 1)));
    };
    const whole = await wholeBody();
    await fuzz(damagedJson(whole), check, 0.5);
    // `JSON.stringify`, because a lone surrogate has no canonical form.
    await fuzz(damagedValue(whole), (changed) => check(JSON.stringify(rehashed(changed))), 0.5);
  }),
);

test('facts that fit their schemas and make no sense are stored and judged without a fault', fuzzTime, async () => {
  const { agent, context } = ingest;
  const answers = ['422 malformed', '409 sequence-rewound', '403 device-not-active'];
  // Each input is stored and judged by all rules: the parser itself gets its number above.
  const check = async (changed: ReportBody) => {
    const { sequence, previousHash } = agent.state;
    const report = await signedOver(JSON.stringify(rehashed(changed)));
    agent.state.previousHash = report.envelopeHash;
    const outcome = await outcomeOf(
      read(encodeFrame(report), 'identity').then(async (content) => {
        if (content !== 'bare') await acceptReport(context, await ingest.proven(), content);
      }),
    );
    if (outcome === 'taken') return;
    Object.assign(agent.state, { sequence, previousHash });
    expect(answers).toContain(outcome);
  };
  await fuzz(damagedValue(await wholeBody()), check, 0.1);
});

test('gap records', fuzzTime, () =>
  storesNothing(async () => {
    const { agent, context } = ingest;
    const gaps = [
      { storeEpoch: agent.state.epoch, from: 1, to: 2, counts: { routine: 2 }, reason: 'outbox-full' },
      {
        storeEpoch: agent.state.epoch,
        from: 5,
        to: 5,
        firstHash: 'A'.repeat(43),
        lastHash: 'A'.repeat(43),
        reason: 'refused',
      },
      { firstAt: '2026-11-01T00:00:00Z', lastAt: '2026-11-02T00:00:00Z', reason: 'storage-failed' },
    ];
    const body: ReportBody = JSON.parse(Buffer.from(gapReport.body).toString());
    const { bodyHash: _hash, bodyBytes: _bytes, ...envelope } = gapReport.envelope;
    const undo = new Error('undone');
    const declare = async (text: string) => {
      const report = await signReport(envelope, Buffer.from(text), agent.key);
      const content = await read(encodeFrame(report), 'identity');
      if (content === 'bare') return;
      const work = context.db.transaction().execute(async (trx) => {
        await declareGaps(trx, device, content, new Date());
        throw undo;
      });
      await expect(work).rejects.toBe(undo);
    };
    await declare(JSON.stringify({ ...body, gaps }));
    await fuzz(damagedJson(gaps), async (text) => {
      const outcome = await outcomeOf(
        declare(JSON.stringify({ ...body, gaps: [] }).replace('"gaps":[]', () => `"gaps":${text}`)),
      );
      expect(['taken', '422 malformed']).toContain(outcome);
    });
  }),
);

test('the event a stream is to resume behind', fuzzTime, async () => {
  const { streams } = ingest;
  const target = { id: device.id, municipalityId: device.municipality_id };
  const listen = (lastEventId: string | undefined) => {
    let text = '';
    const listener = {
      write: (more: string) => {
        text += more;
      },
      unsent: () => 0,
      end: () => undefined,
      cut: () => undefined,
    };
    streams.add(target, listener, lastEventId)();
    return createEventReader()(Buffer.from(text));
  };
  streams.publish({ municipalityId: device.municipality_id }, { name: 'policy', data: {} });
  const id = listen(undefined)[0]!.id;
  streams.publish({ municipalityId: device.municipality_id }, { name: 'policy', data: {} });
  expect(listen(id).map(({ name }) => name)).toEqual(['ready', 'policy']);
  const ids = fc.oneof(
    damagedBytes.map((change) => Buffer.from(change(Buffer.from(id))).toString('latin1')),
    fc.string(),
  );
  await fuzz(ids, (asked) => {
    // What is no id that was given out resumes nothing, and nothing of it is written into the stream.
    const events = listen(asked);
    expect(events.map(({ name }) => name)).toEqual(asked === id ? ['ready', 'policy'] : ['ready']);
    expect(JSON.parse(events[0]!.data)).toEqual({ heartbeatSeconds: 120, resumed: asked === id });
  });
});
