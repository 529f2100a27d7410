import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportBody } from '../../../agent/contract/report.ts';
import { canonicalHash } from '../../../agent/signing/canonical.ts';
import { generateKey } from '../../../agent/signing/keys.ts';
import { byHash, createTestAgent, newMarks, officeFacts, sectionOf, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

async function enrolled(options: { now?: () => Date; token?: string } = {}): Promise<TestAgent> {
  const agent = await createTestAgent({ url: server.url, token: server.token, ...options });
  await agent.enrol();
  return agent;
}

const db = () => server.context.db;
const deviceOf = (agent: TestAgent) =>
  db().selectFrom('devices').selectAll().where('id', '=', agent.state.deviceId).executeTakeFirstOrThrow();
const reportsOf = (agent: TestAgent) =>
  db().selectFrom('reports').selectAll().where('device_id', '=', agent.state.deviceId).orderBy('sequence').execute();
const sectionsOf = async (agent: TestAgent) => {
  const rows = await db().selectFrom('sections').selectAll().where('device_id', '=', agent.state.deviceId).execute();
  return new Map(rows.map((row) => [row.section_id, row]));
};
const eventsOf = async (agent: TestAgent) => {
  const rows = await db()
    .selectFrom('device_events')
    .select('code')
    .where('device_id', '=', agent.state.deviceId)
    .orderBy('id')
    .execute();
  return rows.map(({ code }) => code);
};

describe('an accepted report', () => {
  test('is stored with its exact bytes and answered with a receipt', async () => {
    const agent = await enrolled();
    const reported = await agent.report();
    expect(reported.status).toBe(201);
    expect(reported.receipt).toMatchObject({
      reportId: reported.report.envelope.reportId,
      deviceId: agent.state.deviceId,
      storeEpoch: agent.state.epoch,
      sequence: 1,
      envelopeHash: reported.report.envelopeHash,
      need: [],
    });
    expect(reported.answer).toMatchObject({ state: 'active', acknowledged: 1, need: [] });
    const [row] = await reportsOf(agent);
    expect(row).toMatchObject({
      sequence: 1,
      class: 'full',
      municipality_id: server.municipalityId,
      envelope_jws: reported.report.envelopeJws,
      envelope_hash: reported.report.envelopeHash,
      body_bytes: reported.report.body.byteLength,
      receipt_jws: reported.receiptJws,
    });
    expect(await promisify(zstdDecompress)(row!.body)).toEqual(Buffer.from(reported.report.body));
  });

  test('fills the tables one can query and the columns of the list', async () => {
    const agent = await enrolled();
    await agent.report();
    const device = await deviceOf(agent);
    expect(device).toMatchObject({
      hostname: agent.hostname,
      os_name: 'Debian GNU/Linux 13 (trixie)',
      model: 'Beispiel GmbH Büro-PC 3',
      serial_number: `SN-${agent.hostname}`,
      acknowledged_sequence: 1,
      store_epoch: agent.state.epoch,
      light: 'ok',
      light_rank: 3,
      worst_rule: null,
    });
    expect(device.search_text).toContain('büro-pc 3');
    const own = { device_id: agent.state.deviceId };
    const of = (table: 'device_hardware' | 'device_volumes' | 'device_interfaces' | 'device_packages') =>
      db().selectFrom(table).selectAll().where('device_id', '=', own.device_id).execute();
    expect(await of('device_hardware')).toMatchObject([
      {
        memory_bytes: 16 * 1024 ** 3,
        cpu_cores: 4,
        cpu_threads: 8,
        os_id: 'debian',
        os_version: '13',
        kernel: '6.12.41-amd64',
        chassis: 'desktop',
        virtualization: 'none',
        uptime_days: 3,
      },
    ]);
    expect(await of('device_volumes')).toMatchObject([
      { mount_point: '/', system: 1, remote: 0, free_bytes: 300 * 1024 ** 3 },
    ]);
    expect(await of('device_interfaces')).toMatchObject([
      { name: 'eno1', speed_mbps: 1000, mac_address: '02:00:00:00:00:01', addresses: '["192.0.2.10/24"]' },
    ]);
    expect((await of('device_packages')).map((row) => 'name' in row && row.name).sort()).toEqual(['bash', 'openssl']);
  });

  test('comes as gzip or plain as well', async () => {
    const agent = await enrolled();
    expect((await agent.report(undefined, { encoding: 'gzip' })).status).toBe(201);
    expect((await agent.report(undefined, { encoding: 'identity' })).status).toBe(201);
    expect(await reportsOf(agent)).toHaveLength(2);
  });

  test('keeps sections whose schema this server does not know, with their facts', async () => {
    const agent = await enrolled();
    const sent = await agent.report([sectionOf('quantum', { qubits: 5 })]);
    expect(sent.status).toBe(201);
    expect((await sectionsOf(agent)).get('quantum')).toMatchObject({ data: '{"qubits":5}', facts_held: 1 });
  });

  test('holds a large software list', async () => {
    const agent = await enrolled();
    const packages = Array.from({ length: 2500 }, (_, index) => ({ name: `package-${index}`, version: '1.0' }));
    expect((await agent.report(agent.sections({ software: { source: 'dpkg', packages } }))).status).toBe(201);
    const { count } = await db()
      .selectFrom('device_packages')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('device_id', '=', agent.state.deviceId)
      .executeTakeFirstOrThrow();
    expect(count).toBe(2500);
  });
});

describe('sections by hash', () => {
  test('keep the facts of the report that brought them', async () => {
    const agent = await enrolled();
    const first = await agent.report();
    const again = await agent.report(agent.sections().map(byHash));
    expect(again.receipt?.need).toEqual([]);
    const memory = (await sectionsOf(agent)).get('memory');
    expect(memory).toMatchObject({ facts_held: 1, report_id: first.report.envelope.reportId });
    expect(JSON.parse(memory?.data ?? '')).toEqual(officeFacts(agent.hostname).memory);
    const history = await db()
      .selectFrom('report_sections')
      .select(['section_id', 'changed'])
      .where('report_id', '=', again.report.envelope.reportId)
      .execute();
    expect(history.every(({ changed }) => changed === 0)).toBe(true);
    expect(history.length).toBeGreaterThan(5);
  });

  test('are asked for when the server does not hold them, and then are not shown as facts', async () => {
    const agent = await enrolled();
    await agent.report();
    const other = { totalBytes: 8 * 1024 ** 3 };
    const named = await agent.report([byHash(sectionOf('memory', other))]);
    expect(named.receipt?.need).toEqual(['memory']);
    expect(named.answer?.need).toEqual(['memory']);
    expect((await sectionsOf(agent)).get('memory')).toMatchObject({ data: null, facts_held: 0 });
    const hardware = () =>
      db().selectFrom('device_hardware').select('memory_bytes').where('device_id', '=', agent.state.deviceId).execute();
    expect(await hardware()).toEqual([{ memory_bytes: null }]);
    expect((await agent.checkIn()).answer?.need).toEqual(['memory']);
    const brought = await agent.report([sectionOf('memory', other)]);
    expect(brought.answer?.need).toEqual([]);
    expect(await hardware()).toEqual([{ memory_bytes: 8 * 1024 ** 3 }]);
  });

  test('a section gone missing clears what was known, and the rule on it says unknown', async () => {
    const agent = await enrolled();
    await agent.report();
    await agent.report([sectionOf('storage', undefined, { problems: [{ code: 'denied', detail: 'not allowed' }] })]);
    expect((await sectionsOf(agent)).get('storage')).toMatchObject({ state: 'missing', data: null });
    expect(
      await db().selectFrom('device_volumes').selectAll().where('device_id', '=', agent.state.deviceId).execute(),
    ).toEqual([]);
    expect(await deviceOf(agent)).toMatchObject({ light: 'unknown', light_rank: 2, worst_rule: 'storage-free' });
  });
});

describe('the same report again', () => {
  test('gets the original receipt and is stored once', async () => {
    const agent = await enrolled();
    const first = await agent.report();
    const again = await agent.sendReport(first.report);
    expect(again.status).toBe(200);
    expect(again.receiptJws).toBe(first.receiptJws);
    expect(await reportsOf(agent)).toHaveLength(1);
    expect(await eventsOf(agent)).toEqual([]);
  });

  test('also when later ones have come since', async () => {
    const agent = await enrolled();
    const first = await agent.report();
    await agent.report();
    expect((await agent.sendReport(first.report)).receiptJws).toBe(first.receiptJws);
  });

  test('sent many times at once is stored once', async () => {
    const agent = await enrolled();
    await agent.checkIn();
    const report = await agent.makeReport();
    const all = await Promise.all(Array.from({ length: 6 }, () => agent.sendReport(report)));
    const taken = all.filter(({ status }) => status < 300);
    expect(taken.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(taken.map(({ receiptJws }) => receiptJws)).size).toBe(1);
    expect(await reportsOf(agent)).toHaveLength(1);
  });
});

describe('what does not follow', () => {
  test('the same id with other bytes is refused and kept as evidence', async () => {
    const agent = await enrolled();
    const first = await agent.report();
    const forged = await agent.report(agent.sections({ memory: { totalBytes: 1 } }), {
      reportId: first.report.envelope.reportId,
      sequence: 2,
    });
    expect([forged.status, forged.code]).toEqual([409, 'report-conflict']);
    expect(await eventsOf(agent)).toEqual(['report-conflict']);
    expect(await reportsOf(agent)).toHaveLength(1);
    expect(JSON.parse((await sectionsOf(agent)).get('memory')?.data ?? '')).toEqual(officeFacts('').memory);
  });

  test('the same place with other bytes is refused: two machines may share one store', async () => {
    const agent = await enrolled();
    await agent.report();
    const twin = await agent.report(agent.sections(), { sequence: 1, previousHash: undefined });
    expect([twin.status, twin.code]).toEqual([409, 'report-conflict']);
    expect(await eventsOf(agent)).toEqual(['report-conflict', 'clone-suspected']);
  });

  test('the id of another device’s report is refused, and that device is not touched', async () => {
    const [owner, other] = [await enrolled(), await enrolled()];
    const { report } = await owner.report();
    const taken = await other.report(undefined, { reportId: report.envelope.reportId });
    expect([taken.status, taken.code]).toEqual([409, 'report-conflict']);
    expect(await eventsOf(owner)).toEqual([]);
    expect(await reportsOf(other)).toEqual([]);
  });

  test('a store set back is told so at the check-in and at the report', async () => {
    const agent = await enrolled();
    await agent.report();
    await agent.report(undefined, { sequence: 5 });
    const checked = await agent.checkIn({ sequence: 3 });
    expect(checked.answer).toMatchObject({ rewound: true, acknowledged: 5 });
    const old = await agent.report(undefined, { sequence: 4 });
    expect([old.status, old.code]).toEqual([409, 'sequence-rewound']);
    expect(await eventsOf(agent)).toEqual(['sequence-gap', 'sequence-rewound']);
    agent.renewEpoch();
    expect((await agent.report()).status).toBe(201);
    expect((await agent.checkIn()).answer).toMatchObject({ acknowledged: 1 });
    expect((await agent.checkIn()).answer?.rewound).toBeUndefined();
    expect(await eventsOf(agent)).toEqual(['sequence-gap', 'sequence-rewound', 'store-epoch-new']);
  });

  test('a hole in the sequence is noted and what follows is taken', async () => {
    const agent = await enrolled();
    await agent.report();
    expect((await agent.report(undefined, { sequence: 4 })).status).toBe(201);
    const [event] = await db()
      .selectFrom('device_events')
      .selectAll()
      .where('device_id', '=', agent.state.deviceId)
      .execute();
    expect(event).toMatchObject({ code: 'sequence-gap' });
    expect(event?.detail).toContain('2 to 3');
  });

  test('a broken chain is noted and the report is taken', async () => {
    const agent = await enrolled();
    await agent.report();
    expect((await agent.report(undefined, { previousHash: canonicalHash('other') })).status).toBe(201);
    expect((await agent.report(undefined, { previousHash: undefined })).status).toBe(201);
    expect(await eventsOf(agent)).toEqual(['chain-broken', 'chain-broken']);
  });

  test('an older report of another epoch joins the history and overwrites nothing', async () => {
    const agent = await enrolled();
    const late = new Date(Date.now() - 60_000);
    await agent.report(agent.sections({ memory: { totalBytes: 222 } }), { createdAt: late });
    agent.renewEpoch();
    const early = new Date(Date.now() - 3_600_000);
    const older = await agent.report(agent.sections({ memory: { totalBytes: 111 } }), { createdAt: early });
    expect(older.status).toBe(201);
    expect(older.receipt?.need).toContain('memory');
    expect(JSON.parse((await sectionsOf(agent)).get('memory')?.data ?? '')).toEqual({ totalBytes: 222 });
    expect(
      await db()
        .selectFrom('device_hardware')
        .select('memory_bytes')
        .where('device_id', '=', agent.state.deviceId)
        .execute(),
    ).toEqual([{ memory_bytes: 222 }]);
    await agent.report(agent.sections({ memory: { totalBytes: 333 } }), { createdAt: new Date() });
    expect(JSON.parse((await sectionsOf(agent)).get('memory')?.data ?? '')).toEqual({ totalBytes: 333 });
    expect(await reportsOf(agent)).toHaveLength(3);
  });

  test('within an epoch the sequence decides, whatever the clock of the device said', async () => {
    const agent = await enrolled();
    await agent.report(agent.sections({ memory: { totalBytes: 111 } }), {
      createdAt: new Date('2035-01-01T00:00:00Z'),
    });
    await agent.report(agent.sections({ memory: { totalBytes: 222 } }));
    expect(JSON.parse((await sectionsOf(agent)).get('memory')?.data ?? '')).toEqual({ totalBytes: 222 });
    // The wrong year of the first epoch does not make the reports of the next one look old.
    agent.renewEpoch();
    await agent.report(agent.sections({ memory: { totalBytes: 333 } }), { createdAt: new Date(Date.now() + 1000) });
    expect(JSON.parse((await sectionsOf(agent)).get('memory')?.data ?? '')).toEqual({ totalBytes: 333 });
  });
});

describe('a clone', () => {
  test('with the key on other hardware is quarantined and the facts stay', async () => {
    const agent = await enrolled();
    await agent.report();
    const before = await sectionsOf(agent);
    const clone = await agent.report(agent.sections({ memory: { totalBytes: 1 } }), { fingerprint: newMarks() });
    expect([clone.status, clone.code]).toEqual([403, 'device-not-active']);
    expect(await deviceOf(agent)).toMatchObject({ state: 'quarantined' });
    expect(await eventsOf(agent)).toEqual(['clone-suspected']);
    expect(await sectionsOf(agent)).toEqual(before);
    expect(await reportsOf(agent)).toHaveLength(1);
    const original = await agent.report();
    expect([original.status, original.code]).toEqual([403, 'device-not-active']);
    expect((await agent.checkIn()).answer?.state).toBe('quarantined');
  });

  test('is not a PC whose parts are exchanged one after the other: each new part is learned', async () => {
    const agent = await enrolled();
    const [old, young] = [agent.state.fingerprint, newMarks()];
    const halfWay = { ...old, disks: young.disks, macs: young.macs };
    expect((await agent.report(undefined, { fingerprint: halfWay })).status).toBe(201);
    expect(JSON.parse((await deviceOf(agent)).fingerprint)).toEqual(halfWay);
    expect((await agent.report(undefined, { fingerprint: young })).status).toBe(201);
    expect(await deviceOf(agent)).toMatchObject({ state: 'active' });
  });

  test('is not judged by one mark alone', async () => {
    const agent = await enrolled();
    await agent.report(undefined, { fingerprint: { macs: newMarks().macs } });
    expect(await deviceOf(agent)).toMatchObject({ state: 'active' });
  });
});

test('two devices with one serial number are pointed out to the municipality they share, and to no other', async () => {
  const elsewhere = await server.addToken(await server.addMunicipality('Floh-Seligenthal'));
  const agents = [await enrolled(), await enrolled(), await enrolled({ token: elsewhere })];
  const system = { ...officeFacts('pc').system, serialNumber: `SN-${randomUUID()}` };
  for (const agent of agents) expect((await agent.report(agent.sections({ system }))).status).toBe(201);
  expect(await Promise.all(agents.map(eventsOf))).toEqual([['same-hardware'], ['same-hardware'], []]);
  await agents[0]!.report(agents[0]!.sections({ system }));
  expect(await eventsOf(agents[0]!)).toEqual(['same-hardware']);
});

describe('refused, with nothing stored', () => {
  let agent: TestAgent;
  beforeAll(async () => {
    agent = await enrolled();
  });
  const untouched = async () => {
    expect(await reportsOf(agent)).toEqual([]);
    expect((await sectionsOf(agent)).size).toBe(0);
    expect(await deviceOf(agent)).toMatchObject({ acknowledged_sequence: 0, state: 'active' });
  };

  test('signed with another key', async () => {
    const sent = await agent.report(undefined, { signWith: await generateKey() });
    expect([sent.status, sent.code]).toEqual([422, 'signature-invalid']);
    await untouched();
  });

  test('with a body that is not the one signed', async () => {
    const report = await agent.makeReport();
    const body = Buffer.from(report.body);
    body[body.length - 2] = 0x20;
    const sent = await agent.sendReport({ ...report, body });
    expect([sent.status, sent.code]).toEqual([422, 'signature-invalid']);
    await untouched();
  });

  const office = officeFacts('pc');
  const hashOther = canonicalHash('other');
  const data = (value: unknown) => [sectionOf('memory', value)];
  let deep: unknown = 1;
  for (let level = 0; level < 40; level += 1) deep = [deep];
  test.each<[string, unknown, RegExp]>([
    [
      'a hash that is not of the facts',
      { sections: [sectionOf('memory', office.memory, { hash: hashOther })] },
      /sections\.0\.hash/,
    ],
    ['facts that do not fit', { sections: data({ totalBytes: -5 }) }, /sections\.0\.data\.totalBytes/],
    ['facts of another type', { sections: data('much') }, /sections\.0\.data/],
    [
      'a section twice',
      { sections: [...data(office.memory), ...data(office.memory)] },
      /sections\.1\.id: memory occurs twice/,
    ],
    [
      'a missing section with facts',
      { sections: [sectionOf('memory', office.memory, { state: 'missing' })] },
      /sections\.0\.data/,
    ],
    [
      'a missing section with a hash',
      { sections: [sectionOf('memory', undefined, { hash: hashOther })] },
      /sections\.0\.hash/,
    ],
    ['endless nesting', { sections: [sectionOf('other', deep)] }, /nested too deeply/],
    ['another device inside', { deviceId: randomUUID() }, /deviceId/],
    ['a section id that is none', { sections: [sectionOf('../etc', {})] }, /sections\.0\.id/],
    [
      'too many sections',
      { sections: Array.from({ length: 65 }, (_, n) => sectionOf(`s${'x'.repeat(n % 30)}`, {})) },
      /sections/,
    ],
    ['no platform', { platform: 'plan9' }, /platform/],
  ])('%s', async (_name, body, place) => {
    const sent = await agent.report([], { body: body as Record<string, never> });
    expect([sent.status, sent.code]).toEqual([422, 'malformed']);
    expect(sent.detail).toMatch(place);
    await untouched();
  });

  test('an envelope of another device', async () => {
    const sent = await agent.report(undefined, { envelope: { deviceId: randomUUID() } });
    expect([sent.status, sent.code]).toEqual([422, 'malformed']);
    await untouched();
  });

  test('a contract this server cannot read', async () => {
    const sent = await agent.report(undefined, { envelope: { contractVersion: 2 } });
    expect([sent.status, sent.code]).toEqual([422, 'contract-unsupported']);
    await untouched();
  });

  test.each<[string, Uint8Array]>([
    ['no frame', Buffer.from('hello')],
    ['nothing', Buffer.alloc(0)],
    ['an envelope line that is none', Buffer.from('a.b.c\n{}')],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x0a, 0x00])],
  ])('%s', async (_name, bytes) => {
    const sent = await agent.sendBytes(bytes);
    expect([sent.status, sent.code]).toEqual([422, 'malformed']);
    await untouched();
  });

  test('another device is not affected by any of it', async () => {
    const neighbour = await enrolled();
    expect((await neighbour.report()).status).toBe(201);
  });
});

test('the bodies the scripted device makes are bodies of the contract', async () => {
  const agent = await enrolled();
  const { body } = await agent.makeReport();
  expect(() => reportBody.parse(JSON.parse(Buffer.from(body).toString()))).not.toThrow();
});
