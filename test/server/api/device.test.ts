import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  addDevice,
  auditOf,
  type Client,
  type StaffedServer,
  startOfTime,
  startStaffedServer,
} from './staffed-server.ts';

let kits: StaffedServer;
let technician: Client;
let id: string;

beforeEach(async () => {
  kits = await startStaffedServer();
  technician = (await kits.script('technician')).client;
  id = await addDevice(kits.context, kits.wasungen, { hostname: 'pc-01', serial_number: 'SN1' });
});
afterEach(() => kits.close());

const change = (body: object, device = id) => technician.send('PATCH', `devices/${device}`, body);
const rowOf = (device: string) =>
  kits.context.db.selectFrom('devices').selectAll().where('id', '=', device).executeTakeFirstOrThrow();
const changes = async () =>
  (await auditOf(kits.context, 'device.change')).map(({ detail, ...row }) => ({ ...row, detail: JSON.parse(detail!) }));

describe('the page of a device', () => {
  test('shows what people there reported, and its words to those who act on them alone', async () => {
    const received_at = new Date(startOfTime).toISOString();
    const said = { device_id: id, received_at, report_id: randomUUID() };
    const [first, second] = ['2026-11-24T08:00:00.000Z', '2026-11-24T09:00:00.000Z'] as const;
    await kits.context.db
      .insertInto('suspicions')
      .values([
        { ...said, request_id: 'b', at: second, text: 'Anhang „Rechnung“ geöffnet' },
        { ...said, request_id: 'a', at: first, text: '<script>alert(1)</script>' },
      ])
      .execute();
    const { client: viewer } = await kits.script('viewer');
    expect((await technician.get(`devices/${id}`)).body.suspicions).toEqual([
      { at: first, receivedAt: received_at, text: '<script>alert(1)</script>' },
      { at: second, receivedAt: received_at, text: 'Anhang „Rechnung“ geöffnet' },
    ]);
    expect((await viewer.get(`devices/${id}`)).body.suspicions).toEqual([
      { at: first, receivedAt: received_at, text: null },
      { at: second, receivedAt: received_at, text: null },
    ]);
  });

  test('shows sections with their facts, explained verdicts and events', async () => {
    const { db } = kits.context;
    const reportId = randomUUID();
    const at = new Date(startOfTime).toISOString();
    const section = {
      device_id: id,
      collected_at: at,
      duration_ms: 12,
      hash: 'a'.repeat(43),
      received_at: at,
      report_id: reportId,
    };
    await db
      .insertInto('sections')
      .values([
        {
          ...section,
          section_id: 'memory',
          state: 'complete',
          data: '{"totalBytes":8}',
          facts_held: 1,
          problems: '[]',
        },
        {
          ...section,
          section_id: 'battery',
          state: 'missing',
          data: null,
          facts_held: 1,
          problems: '[{"code":"not-present","detail":"no battery"}]',
        },
      ])
      .execute();
    await db
      .insertInto('verdicts')
      .values({
        device_id: id,
        rule_id: 'storage-free',
        verdict: 'not-met',
        severity: 'critical',
        reason: 'some-reason',
        values: '{"free":1}',
        evidence: '[{"section":"storage","path":"volumes.0.freeBytes","value":1}]',
        since: at,
      })
      .execute();
    await db
      .insertInto('device_events')
      .values([
        ...Array.from({ length: 49 }, () => ({ device_id: id, at, code: 'oldest', detail: '' })),
        { device_id: id, at, code: 'older', detail: 'x'.repeat(600) },
        { device_id: id, at, code: 'younger', detail: 'y' },
      ])
      .execute();
    const { status, body } = await technician.get(`devices/${id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id,
      hostname: 'pc-01',
      municipality: { id: kits.wasungen, name: 'Wasungen' },
      platform: 'linux',
      acknowledgedSequence: 1,
    });
    expect(body.sections).toEqual([
      expect.objectContaining({
        id: 'battery',
        state: 'missing',
        problems: [{ code: 'not-present', detail: 'no battery' }],
      }),
      expect.objectContaining({ id: 'memory', data: { totalBytes: 8 }, durationMs: 12, receivedAt: at, reportId }),
    ]);
    expect(body.sections[0]).not.toHaveProperty('data');
    expect(body.verdicts).toMatchObject([
      {
        ruleId: 'storage-free',
        verdict: 'not-met',
        values: { free: 1 },
        evidence: [{ section: 'storage', path: 'volumes.0.freeBytes', value: 1 }],
        since: at,
        title: { de: expect.stringMatching(/\w/), en: expect.stringMatching(/\w/) },
        explanation: { de: expect.stringContaining('some-reason'), en: expect.stringContaining('some-reason') },
      },
    ]);
    expect(body.events.map(({ code }: { code: string }) => code).slice(0, 3)).toEqual(['younger', 'older', 'oldest']);
    expect(body.events).toHaveLength(50);
    expect(body.events[1].detail).toHaveLength(500);
  });

  test.each(['not-a-uuid', '..%2f..', "'", '00000000-0000-0000-0000-000000000000'])(
    'under an id that is none is refused: %s',
    async (bad) => {
      const answer = await technician.get(`devices/${bad}`);
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid']);
    },
  );
});

describe('history', () => {
  test('lists reports youngest first, page by page, with what each section said', async () => {
    const { db } = kits.context;
    for (let sequence = 1; sequence <= 25; sequence += 1) {
      const reportId = randomUUID();
      await db
        .insertInto('reports')
        .values({
          id: reportId,
          device_id: id,
          municipality_id: kits.wasungen,
          store_epoch: '7b1c1cf4-5b0a-4a8e-9f3c-1d2e3f405162',
          sequence,
          class: 'routine',
          created_at: new Date(startOfTime).toISOString(),
          // Five at the same moment: pages have to break between them.
          received_at: new Date(startOfTime + Math.floor(sequence / 5) * 1000).toISOString(),
          envelope_jws: '',
          envelope_hash: '',
          body: new Uint8Array(),
          body_bytes: 900,
          wire_bytes: 300,
          receipt_jws: '',
        })
        .execute();
      await db
        .insertInto('report_sections')
        .values([
          { report_id: reportId, section_id: 'os', state: 'complete', hash: 'h', changed: 0, problems: '[]' },
          {
            report_id: reportId,
            section_id: 'cpu',
            state: 'partial',
            hash: 'h',
            changed: 1,
            problems: '[{"code":"denied","detail":"no"}]',
          },
        ])
        .execute();
    }
    const seen: { sequence: number; receivedAt: string }[] = [];
    let cursor = '';
    for (let turn = 0; turn < 4; turn += 1) {
      const { body, status } = await technician.get(`devices/${id}/history?limit=7${cursor}`);
      expect(status).toBe(200);
      seen.push(...body.items);
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(cursor).toBe('&cursor=null');
    expect(new Set(seen.map(({ sequence }) => sequence)).size).toBe(25);
    const times = seen.map(({ receivedAt }) => receivedAt);
    expect(times).toEqual(times.toSorted().reverse());
    expect(seen[0]).toMatchObject({
      bytes: 300,
      class: 'routine',
      sections: [
        { id: 'cpu', state: 'partial', changed: true, problems: [{ code: 'denied', detail: 'no' }] },
        { id: 'os', state: 'complete', changed: false, problems: [] },
      ],
    });
    const forged = await technician.get(`devices/${id}/history?cursor=bm9uc2Vuc2U`);
    expect([forged.status, forged.body.code]).toEqual([400, 'invalid-cursor']);
  });

  test('of a device without reports is empty', async () => {
    expect((await technician.get(`devices/${id}/history`)).body).toEqual({ items: [], nextCursor: null });
  });
});

describe('the record', () => {
  test('is trimmed, emptied by blanks, and found by the search at once', async () => {
    const first = await change({ inventoryNumber: '  INV 7 ', location: 'Rathaus\n Raum 3', note: 'eins\nzwei' });
    expect([first.status, first.body.record]).toEqual([
      200,
      { inventoryNumber: 'INV 7', location: 'Rathaus Raum 3', office: null, note: 'eins\nzwei' },
    ]);
    expect((await technician.get('devices?search=raum')).body.total).toBe(1);
    expect((await technician.get('devices?search=sn1')).body.total).toBe(1);
    const second = await change({ location: '  ', note: null });
    expect(second.body.record).toEqual({ inventoryNumber: 'INV 7', location: null, office: null, note: null });
    expect((await technician.get('devices?search=raum')).body.total).toBe(0);
    expect(await changes()).toMatchObject([
      {
        municipality_id: kits.wasungen,
        target: id,
        detail: { hostname: 'pc-01', inventory_number: [null, 'INV 7'], location: [null, 'Rathaus Raum 3'] },
      },
      { detail: { location: ['Rathaus Raum 3', null], note: ['eins\nzwei', null] } },
    ]);
  });

  test('that stays as it is leaves no trace', async () => {
    await change({ office: 'Bauamt' });
    await change({ office: ' Bauamt ' });
    await change({});
    expect(await changes()).toHaveLength(1);
  });

  test.each([
    [{ inventoryNumber: 'x'.repeat(81) }],
    [{ note: 'x'.repeat(2001) }],
    [{ state: 'pending' }],
    [{ state: 'quarantined' }],
    [{ hostname: 'renamed' }],
    [{ municipalityId: 'nowhere' }],
  ])('with a field that does not fit is refused: %j', async (body) => {
    const answer = await change(body);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid']);
    expect(await changes()).toEqual([]);
  });

  test('with long values keeps the audit entry within bounds', async () => {
    await change({ note: 'x'.repeat(2000) });
    await change({ note: 'y'.repeat(2000) });
    const rows = await auditOf(kits.context, 'device.change');
    expect(rows.map(({ detail }) => detail?.length)).toEqual([2000, 2000]);
    expect((await technician.get('audit')).status).toBe(200);
  });
});

describe('the state', () => {
  test.each(['pending', 'quarantined', 'retired'] as const)('of a %s device becomes active', async (state) => {
    const device = await addDevice(kits.context, kits.wasungen, { state });
    expect((await change({ state: 'active' }, device)).body.state).toBe('active');
    expect(await changes()).toMatchObject([{ target: device, detail: { state: [state, 'active'] } }]);
    // Judged with the change, not an hour later.
    const { verdicts } = (await technician.get(`devices/${device}`)).body;
    expect(verdicts).toContainEqual(expect.objectContaining({ ruleId: 'device-trusted', verdict: 'met' }));
  });

  test('of a retired device takes it from the list', async () => {
    expect((await change({ state: 'retired' })).body.state).toBe('retired');
    expect((await technician.get('devices')).body.total).toBe(0);
  });
});

describe('moving', () => {
  test('takes the device to the other municipality; both have it in their record', async () => {
    const answer = await change({ municipalityId: kits.grabfeld });
    expect(answer.body.municipality).toEqual({ id: kits.grabfeld, name: 'Grabfeld' });
    expect((await changes()).map(({ municipality_id }) => municipality_id)).toEqual([kits.wasungen, kits.grabfeld]);
    const before = await kits.staff('Vera', 'viewer', kits.wasungen);
    expect((await before.get(`devices/${id}`)).status).toBe(404);
  });
});

describe('replacing', () => {
  test('copies the record, retires the other device and notes it on both', async () => {
    const old = await addDevice(kits.context, kits.grabfeld, {
      hostname: 'old',
      inventory_number: 'INV 1',
      location: 'Bauhof',
      note: 'Drucker links',
    });
    await change({ note: 'will be overwritten' });
    const answer = await change({ replacesDeviceId: old, location: 'Rathaus' });
    expect(answer.body.record).toEqual({
      inventoryNumber: 'INV 1',
      location: 'Rathaus',
      office: null,
      note: 'Drucker links',
    });
    expect(answer.body.events).toMatchObject([{ code: 'replaces', detail: 'old' }]);
    expect(await rowOf(old)).toMatchObject({ state: 'retired', replaced_by: id });
    expect((await technician.get(`devices/${old}`)).body.events).toMatchObject([
      { code: 'replaced-by', detail: 'pc-01' },
    ]);
    expect((await technician.get('devices?search=inv')).body.items).toMatchObject([{ id }]);
    expect(await auditOf(kits.context, 'device.replaced')).toMatchObject([
      { target: old, municipality_id: kits.grabfeld },
    ]);
  });

  test('works for a device that was retired before; back in the fleet it is replaced no more', async () => {
    const old = await addDevice(kits.context, kits.wasungen, { state: 'retired' });
    expect((await change({ replacesDeviceId: old })).status).toBe(200);
    expect((await change({ state: 'active' }, old)).status).toBe(200);
    expect((await rowOf(old)).replaced_by).toBeNull();
  });

  test('by itself, by a retired device, or twice is refused and nothing is stored', async () => {
    const old = await addDevice(kits.context, kits.wasungen, { hostname: 'old' });
    const retired = await addDevice(kits.context, kits.wasungen, { state: 'retired' });
    for (const [body, device] of [
      [{ replacesDeviceId: id }, id],
      [{ replacesDeviceId: old }, retired],
      [{ replacesDeviceId: old, state: 'retired' }, id],
    ] as const) {
      const answer = await change({ ...body, note: 'must not stay' }, device);
      expect([answer.status, answer.body.code]).toEqual([409, 'conflict']);
    }
    expect(await rowOf(old)).toMatchObject({ state: 'active', replaced_by: null });
    expect(await rowOf(id)).toMatchObject({ state: 'active', note: null });
    await change({ replacesDeviceId: old });
    const other = await addDevice(kits.context, kits.wasungen);
    expect((await change({ replacesDeviceId: old }, other)).body.code).toBe('conflict');
  });

  test('is stored together with the rest of the change or not at all', async () => {
    const old = await addDevice(kits.context, kits.wasungen, { hostname: 'old' });
    const answer = await change({ replacesDeviceId: old, municipalityId: randomUUID() });
    expect(answer.status).toBe(404);
    expect(await rowOf(old)).toMatchObject({ state: 'active', replaced_by: null });
    expect(await auditOf(kits.context, 'device.replaced')).toEqual([]);
  });
});
