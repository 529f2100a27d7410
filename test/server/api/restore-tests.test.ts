import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { backedUp } from '../../fakes/backed-up.ts';
import { agentIn } from './fleet-agents.ts';
import { addDevice, auditOf, type Client, type StaffedServer, startStaffedServer } from './staffed-server.ts';

let kits: StaffedServer;
let staff: Client;
let device: string;
beforeEach(async () => {
  kits = await startStaffedServer();
  staff = await kits.staff('Tom', 'technician');
  device = await addDevice(kits.context, kits.wasungen, { hostname: 'was-pc-01' });
});
afterEach(() => kits.close());

const good = {
  at: '2026-11-20T08:00:00Z',
  testedBy: 'A. Beispiel',
  product: 'restic',
  source: 'sicherung.example/wasungen',
  sample: 'Ordner Bauamt, 20 Dateien',
  result: 'equal',
  files: 20,
  different: 0,
  bytes: 4096,
  durationSeconds: 90,
  note: 'Zweites Stichwort\nzweite Zeile',
};
const enter = (change: object = {}, id = device) =>
  staff.send('POST', `devices/${id}/restore-tests`, { ...good, ...change });
const list = async (id = device) => (await staff.get(`devices/${id}/restore-tests`)).body;

describe('a restore test entered by hand', () => {
  test('says who, when, what and how it came back, and when the next one is due', async () => {
    expect(await list()).toEqual({ items: [], everyDays: 365, lastAt: null, nextDueOn: null });
    const { status, body } = await enter();
    expect(status).toBe(201);
    expect(body).toEqual({
      ...good,
      id: expect.any(String),
      origin: 'staff',
      at: '2026-11-20T08:00:00.000Z',
      enteredAt: '2026-11-24T09:00:00.000Z',
      enteredBy: 'Tom',
      withdrawnAt: null,
      withdrawnBy: null,
    });
    expect(await list()).toMatchObject({
      items: [body],
      lastAt: '2026-11-20T08:00:00.000Z',
      nextDueOn: '2027-11-20',
    });
    const [deed] = await auditOf(kits.context, 'restore-test.enter');
    expect(deed).toMatchObject({ actor: 'Tom', municipality_id: kits.wasungen, target: device });
    expect(JSON.parse(deed?.detail ?? '')).toMatchObject({ hostname: 'was-pc-01', result: 'equal', files: 20 });
  });

  test('the policy of the device says how often', async () => {
    await enter();
    const settings = { backup: { restoreTestDays: 90 } };
    const set = await staff.send('PUT', `policies/municipality-${kits.wasungen}`, { settings, expectedVersion: 0 });
    expect(set.status).toBe(200);
    expect(await list()).toMatchObject({ everyDays: 90, nextDueOn: '2027-02-18' });
  });

  test('one that failed or came back different is kept and is no proof', async () => {
    expect((await enter({ result: 'different', different: 2 })).status).toBe(201);
    expect((await enter({ result: 'failed', files: 0 })).status).toBe(201);
    expect(await list()).toMatchObject({ lastAt: null, nextDueOn: null });
    expect((await list()).items).toHaveLength(2);
    // What came back before does not make up for it, what comes back after does.
    await enter({ at: '2026-11-19T08:00:00Z' });
    expect(await list()).toMatchObject({ lastAt: '2026-11-19T08:00:00.000Z', nextDueOn: null });
    await enter({ at: '2026-11-24T08:00:00Z' });
    expect(await list()).toMatchObject({ nextDueOn: '2027-11-24' });
  });

  test.each<[string, object]>([
    ['equal without a file', { files: 0 }],
    ['equal with one that differs', { different: 1 }],
    ['different with none that differs', { result: 'different' }],
    ['more that differ than were compared', { result: 'different', different: 21 }],
    ['of the future', { at: '2026-11-24T09:11:00Z' }],
    ['of before computers', { at: '1960-01-01T00:00:00Z' }],
    ['by nobody', { testedBy: '  ' }],
    ['from nowhere', { source: '\u0000' }],
    ['of an unknown kind', { result: 'good' }],
    ['with half a file', { files: 1.5 }],
  ])('is refused: %s', async (_, change) => {
    const answer = await enter(change);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid']);
    expect((await list()).items).toEqual([]);
    expect(await auditOf(kits.context, 'restore-test.enter')).toEqual([]);
  });

  test('withdrawn it stays to be seen and counts no more', async () => {
    const { id } = (await enter()).body;
    const withdraw = () => staff.send('DELETE', `devices/${device}/restore-tests/${id}`);
    expect([(await withdraw()).status, (await withdraw()).status]).toEqual([204, 204]);
    expect(await list()).toMatchObject({
      lastAt: null,
      nextDueOn: null,
      items: [{ id, withdrawnBy: 'Tom', withdrawnAt: '2026-11-24T09:00:00.000Z' }],
    });
    expect(await auditOf(kits.context, 'restore-test.withdraw')).toHaveLength(1);
    const elsewhere = await addDevice(kits.context, kits.wasungen, { hostname: 'b' });
    expect((await staff.send('DELETE', `devices/${elsewhere}/restore-tests/${id}`)).status).toBe(404);
  });
});

describe('a restore test the device ran', () => {
  const ran = (at: string, change: object = {}) => ({
    at,
    product: 'restic',
    source: 'sicherung.example',
    result: 'equal' as const,
    files: 10,
    bytes: 1000,
    different: 0,
    durationSeconds: 4,
    ...change,
  });
  const reportTests = async (tests: readonly ReturnType<typeof ran>[], agent: Awaited<ReturnType<typeof agentIn>>) => {
    const backup = { ...backedUp(kits.context.now()), restoreTests: [...tests] };
    expect((await agent.report(agent.sections({ backup }))).status).toBe(201);
  };

  test('is kept once, stays when the device has forgotten it, and cannot be withdrawn', async () => {
    const agent = await agentIn(kits, kits.wasungen, 'was-pc-09');
    const id = agent.state.deviceId;
    await reportTests([ran('2026-11-20T00:00:00Z')], agent);
    await reportTests(
      [ran('2026-11-22T00:00:00Z', { result: 'different', different: 1 }), ran('2026-11-20T00:00:00Z')],
      agent,
    );
    await reportTests([], agent);
    const { items, lastAt } = await list(id);
    expect(items).toMatchObject([
      { origin: 'device', at: '2026-11-22T00:00:00Z', result: 'different', enteredBy: null },
      { origin: 'device', at: '2026-11-20T00:00:00Z', result: 'equal', sample: null },
    ]);
    expect(lastAt).toBe('2026-11-20T00:00:00Z');
    const withdraw = await staff.send('DELETE', `devices/${id}/restore-tests/${items[0].id}`);
    expect([withdraw.status, withdraw.body.code]).toEqual([409, 'conflict']);
  });

  test('one of the future counts only when its time has come', async () => {
    const agent = await agentIn(kits, kits.wasungen, 'was-pc-09');
    await reportTests([ran('2026-11-25T00:00:00Z')], agent);
    expect((await list(agent.state.deviceId)).lastAt).toBeNull();
  });
});
