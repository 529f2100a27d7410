import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { type KnownSection, reportBody } from '../../../agent/contract/report.ts';
import { buildReport, type ReportInput } from '../../../agent/report/build-report.ts';
import { fingerprintOf } from '../../../agent/report/fingerprint.ts';
import { canonicalHash, canonicalJson } from '../../../agent/signing/canonical.ts';
import { generateKey } from '../../../agent/signing/keys.ts';
import { encodeFrame, verifyReport } from '../../../agent/signing/report-frame.ts';

const key = await generateKey();
const now = new Date('2026-11-24T09:00:00.000Z');
const sectionOf = (id: string, data: object): KnownSection =>
  ({
    id,
    state: 'complete',
    collectedAt: now.toISOString(),
    durationMs: 1,
    hash: canonicalHash(data),
    data,
    problems: [],
  }) as unknown as KnownSection;
const memory = sectionOf('memory', { totalBytes: 5 });
const cpu = sectionOf('cpu', { model: 'x' });

const input: ReportInput = {
  deviceId: randomUUID(),
  platform: 'linux',
  class: 'routine',
  now,
  sections: [memory, cpu],
  verdicts: [
    { ruleId: 'b', verdict: 'met', severity: 'info', reason: 'r', values: {}, evidence: [] },
    { ruleId: 'a', verdict: 'met', severity: 'info', reason: 'r', values: {}, evidence: [] },
  ],
  fingerprint: {},
  acknowledgedHashes: new Map(),
  place: { epoch: randomUUID(), sequence: 7, previousHash: canonicalHash('before') },
};

const bodyOf = (bytes: Uint8Array) => reportBody.parse(JSON.parse(Buffer.from(bytes).toString()));

test('the body is canonical JSON that fits the contract, lists sorted; the envelope names its place', async () => {
  const report = await buildReport(input, key);
  const body = bodyOf(report.body);
  expect(Buffer.from(report.body).toString()).toBe(canonicalJson(body));
  expect(body.sections.map(({ id }) => id)).toEqual(['cpu', 'memory']);
  expect(body.verdicts.map(({ ruleId }) => ruleId)).toEqual(['a', 'b']);
  expect(report.envelope).toMatchObject({
    deviceId: input.deviceId,
    storeEpoch: input.place.epoch,
    sequence: 7,
    previousHash: input.place.previousHash,
    class: 'routine',
    bodyBytes: report.body.byteLength,
  });
  await expect(verifyReport(encodeFrame(report), key)).resolves.toMatchObject({ envelope: report.envelope });
});

test('a section the server holds is named by its hash; any other is sent in full', async () => {
  const acknowledgedHashes = new Map([
    ['cpu', cpu.hash],
    ['memory', canonicalHash('something else')],
  ]);
  const body = bodyOf((await buildReport({ ...input, acknowledgedHashes }, key)).body);
  expect(body.sections[0]).toMatchObject({ id: 'cpu', hash: cpu.hash });
  expect(body.sections[0]).not.toHaveProperty('data');
  expect(body.sections[1]).toMatchObject({ id: 'memory', data: { totalBytes: 5 } });
});

const system = { uuid: 'u-1', serialNumber: 's-1', board: { serialNumber: 'b-1' } };
const storage = {
  disks: [
    { serialNumber: 'd-2', removable: false },
    { serialNumber: 'd-1', removable: false },
    { serialNumber: 'stick', removable: true },
  ],
};
const network = {
  interfaces: [
    { kind: 'ethernet', driver: 'e1000e', macAddress: '02:00:00:00:00:01' },
    { kind: 'ethernet', macAddress: '02:00:00:00:00:02' },
    { kind: 'vpn', driver: 'tun', macAddress: '02:00:00:00:00:03' },
  ],
};
const marks = (change: { system?: object; storage?: object; network?: object } = {}, salt = 'key') =>
  fingerprintOf(
    [
      sectionOf('system', { ...system, ...change.system }),
      sectionOf('storage', { ...storage, ...change.storage }),
      sectionOf('network', { ...network, ...change.network }),
    ],
    salt,
  );

test('hardware marks stay with the hardware: sticks, docks and order do not matter', () => {
  const same = marks({
    storage: { disks: [storage.disks[1], storage.disks[0]] },
    network: { interfaces: [network.interfaces[0]] },
  });
  expect(same).toEqual(marks());
  expect(Object.keys(marks()).sort()).toEqual(['board', 'disks', 'firmware', 'macs']);
});

test('each mark changes alone with its part, and all of them with the key', () => {
  const changed = marks({ storage: { disks: [] } });
  expect(changed).not.toHaveProperty('disks');
  expect(marks({ system: { uuid: 'u-2' } })).toEqual({
    ...marks(),
    firmware: expect.not.stringMatching(marks().firmware ?? '-'),
  });
  const other = marks({}, 'another key');
  for (const kind of ['board', 'disks', 'firmware', 'macs'] as const) expect(other[kind]).not.toBe(marks()[kind]);
});

test('a machine that shows nothing has no marks, not equal ones', () => {
  expect(fingerprintOf([], 'key')).toEqual({});
});
