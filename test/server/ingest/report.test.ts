import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportBody } from '../../../agent/contract/report.ts';
import { canonicalHash } from '../../../agent/signing/canonical.ts';
import { generateKey } from '../../../agent/signing/keys.ts';
import { byHash, createTestAgent, officeFacts, sectionOf, type TestAgent } from '../../fakes/test-agent.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';
import { storedBy } from './stored.ts';

let server: TestServer;
let stored: ReturnType<typeof storedBy>;
beforeAll(async () => {
  server = await startTestServer();
  stored = storedBy(server);
});
afterAll(() => server.close());

async function enrolled(options: { token?: string } = {}): Promise<TestAgent> {
  const agent = await createTestAgent({ url: server.url, token: server.token, ...options });
  await agent.enrol();
  return agent;
}

const db = () => server.context.db;

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
    const [row] = await stored.reportsOf(agent);
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
    const device = await stored.deviceOf(agent);
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
    expect(await stored.reportsOf(agent)).toHaveLength(2);
  });

  test('keeps sections whose schema this server does not know, with their facts', async () => {
    const agent = await enrolled();
    const sent = await agent.report([sectionOf('quantum', { qubits: 5 })]);
    expect(sent.status).toBe(201);
    expect((await stored.sectionsOf(agent)).get('quantum')).toMatchObject({ data: '{"qubits":5}', facts_held: 1 });
  });

  test('holds a large software list, also when it is larger than other requests may be', async () => {
    const agent = await enrolled();
    const packages = Array.from({ length: 9000 }, (_, index) => ({ name: `package-${index}`, version: '1.0' }));
    const sections = agent.sections({ software: { source: 'dpkg', packages } });
    const reported = await agent.report(sections, { encoding: 'identity' });
    expect(reported.status).toBe(201);
    expect(reported.report.body.byteLength).toBeGreaterThan(300_000);
    const { count } = await db()
      .selectFrom('device_packages')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('device_id', '=', agent.state.deviceId)
      .executeTakeFirstOrThrow();
    expect(count).toBe(9000);
  });
});

describe('sections by hash', () => {
  test('keep the facts of the report that brought them', async () => {
    const agent = await enrolled();
    const first = await agent.report();
    const again = await agent.report(agent.sections().map(byHash));
    expect(again.receipt?.need).toEqual([]);
    const memory = (await stored.sectionsOf(agent)).get('memory');
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
    expect((await stored.sectionsOf(agent)).get('memory')).toMatchObject({ data: null, facts_held: 0 });
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
    expect((await stored.sectionsOf(agent)).get('storage')).toMatchObject({ state: 'missing', data: null });
    expect(
      await db().selectFrom('device_volumes').selectAll().where('device_id', '=', agent.state.deviceId).execute(),
    ).toEqual([]);
    expect(await stored.deviceOf(agent)).toMatchObject({ light: 'unknown', light_rank: 2, worst_rule: 'storage-free' });
  });
});

describe('the same report again', () => {
  test('gets the original receipt and is stored once', async () => {
    const agent = await enrolled();
    const first = await agent.report();
    const again = await agent.sendReport(first.report);
    expect(again.status).toBe(200);
    expect(again.receiptJws).toBe(first.receiptJws);
    expect(await stored.reportsOf(agent)).toHaveLength(1);
    expect(await stored.eventsOf(agent)).toEqual([]);
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
    expect(await stored.reportsOf(agent)).toHaveLength(1);
  });
});

describe('refused, with nothing stored', () => {
  let agent: TestAgent;
  beforeAll(async () => {
    agent = await enrolled();
  });
  const untouched = async () => {
    expect(await stored.reportsOf(agent)).toEqual([]);
    expect((await stored.sectionsOf(agent)).size).toBe(0);
    expect(await stored.deviceOf(agent)).toMatchObject({ acknowledged_sequence: 0, state: 'active' });
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
    const deviceId = randomUUID();
    const sent = await agent.report(undefined, { envelope: { deviceId }, body: { deviceId } });
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
