import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { policyFor } from '../../../server/fleet/policies.ts';
import { addDevice, auditOf, type Client, type StaffedServer, startStaffedServer } from './staffed-server.ts';

let kits: StaffedServer;
let technician: Client;
let by: string;
beforeEach(async () => {
  kits = await startStaffedServer();
  const script = await kits.script('technician', kits.wasungen);
  technician = script.client;
  by = `api-token:${script.id}`;
});
afterEach(() => kits.close());

const create = (name: string, municipalityId = kits.wasungen) =>
  technician.send('POST', 'groups', { municipalityId, name });
const made = async (name: string): Promise<string> => (await create(name)).body.id;
const members = (id: string, change: object) => technician.send('POST', `groups/${id}/members`, change);
const listed = async (query = '') => (await technician.get(`groups?${query}`)).body.items;
const namesOf = async (query = '') => (await listed(query)).map(({ name }: { name: string }) => name);
const settingsOf = async (device: string) =>
  (await policyFor(kits.context.db, { id: device, municipality_id: kits.wasungen })).settings;
const setPolicy = async (id: string, settings: object, expectedVersion = 0) =>
  technician.send('PUT', `policies/group-${id}`, { settings, expectedVersion });

describe('a group', () => {
  test('is made last in the order, with one spelling of its name', async () => {
    await made('Notebooks');
    const { status, body } = await create(' Bürgerbüro\u202e ');
    expect(status).toBe(201);
    expect(body).toEqual({
      id: body.id,
      name: 'Bürgerbüro',
      municipality: { id: kits.wasungen, name: 'Wasungen' },
      position: 2,
      devices: 0,
      settings: 0,
      createdAt: '2026-11-24T09:00:00.000Z',
      createdBy: by,
      deletedAt: null,
      deletedBy: null,
    });
    expect((await technician.get(`groups/${body.id}`)).body).toEqual(body);
    expect(await namesOf()).toEqual(['Notebooks', 'Bürgerbüro']);
    expect(await auditOf(kits.context, 'group.create')).toMatchObject([
      { actor: by, municipality_id: kits.wasungen },
      { target: body.id, detail: '{"group":"Bürgerbüro"}' },
    ]);
  });

  test.each(['', '   ', 'x'.repeat(81), 7, null])('is not made with the name %o', async (name) => {
    const answer = await technician.send('POST', 'groups', { municipalityId: kits.wasungen, name });
    expect(answer.status).toBe(400);
    expect(await listed()).toEqual([]);
  });

  test('has a name of its own within its municipality', async () => {
    await made('Notebooks');
    expect(await create('Notebooks')).toMatchObject({ status: 409, body: { code: 'name-taken' } });
    const admin = (await kits.script('admin')).client;
    const elsewhere = { municipalityId: kits.grabfeld, name: 'Notebooks' };
    expect((await admin.send('POST', 'groups', elsewhere)).status).toBe(201);
    const other = await made('Bürgerbüro');
    expect(await technician.send('PATCH', `groups/${other}`, { name: 'Notebooks' })).toMatchObject({ status: 409 });
    expect((await technician.send('PATCH', `groups/${other}`, { name: 'Bürgerbüro' })).status).toBe(200);
  });

  test('is renamed, and the record says from what', async () => {
    const id = await made('Notebooks');
    const { body } = await technician.send('PATCH', `groups/${id}`, { name: 'Tragbare' });
    expect(body).toMatchObject({ id, name: 'Tragbare', position: 1 });
    const [deed] = await auditOf(kits.context, 'group.change');
    expect(JSON.parse(deed?.detail ?? '')).toEqual({ group: 'Notebooks', name: ['Notebooks', 'Tragbare'] });
  });

  test('moves in the order, and the others close up', async () => {
    const ids = [await made('a'), await made('b'), await made('c')];
    const move = (id: string, position: number) => technician.send('PATCH', `groups/${id}`, { position });
    expect((await move(ids[2]!, 1)).body).toMatchObject({ name: 'c', position: 1 });
    expect((await listed()).map(({ name, position }: { name: string; position: number }) => name + position)).toEqual([
      'c1',
      'a2',
      'b3',
    ]);
    // Beyond the end is the end; where it stands already is no change.
    expect((await move(ids[2]!, 1000)).body).toMatchObject({ position: 3 });
    await move(ids[2]!, 3);
    expect(await namesOf()).toEqual(['a', 'b', 'c']);
    expect(await auditOf(kits.context, 'group.change')).toHaveLength(2);
    expect((await move(ids[2]!, 0)).status).toBe(400);
  });
});

describe('its members', () => {
  test('come by a list of ids and leave by one; doing it twice changes nothing', async () => {
    const id = await made('Bürgerbüro');
    const [first, second] = [
      await addDevice(kits.context, kits.wasungen, { hostname: 'pc-1' }),
      await addDevice(kits.context, kits.wasungen, { hostname: 'pc-2' }),
    ];
    expect((await members(id, { add: [first, second, first] })).body).toEqual({ added: 2, removed: 0, devices: 2 });
    expect((await members(id, { add: [first] })).body).toEqual({ added: 0, removed: 0, devices: 2 });
    expect((await technician.get(`devices?group=${id}`)).body).toMatchObject({
      total: 2,
      items: [{ hostname: 'pc-1' }, { hostname: 'pc-2' }],
    });
    expect((await technician.get(`devices?notInGroup=${id}`)).body).toMatchObject({ total: 0 });
    kits.advance(60);
    expect((await members(id, { remove: [second] })).body).toEqual({ added: 0, removed: 1, devices: 1 });
    expect((await members(id, { remove: [second] })).body).toEqual({ added: 0, removed: 0, devices: 1 });
    expect((await technician.get(`groups/${id}`)).body).toMatchObject({ devices: 1 });
    const deeds = await auditOf(kits.context, 'group.members');
    expect(deeds.map(({ detail }) => JSON.parse(detail ?? ''))).toMatchObject([
      { group: 'Bürgerbüro', added: 2, addedDevices: 'pc-1, pc-2' },
      { removed: 1, removedDevices: 'pc-2' },
    ]);
    // Who was a member when stays known.
    const stays = await kits.context.db
      .selectFrom('group_members')
      .selectAll()
      .where('device_id', '=', second)
      .execute();
    expect(stays).toMatchObject([{ added_by: by, removed_at: '2026-11-24T09:01:00.000Z', removed_by: by }]);
    expect((await members(id, { add: [second] })).body).toEqual({ added: 1, removed: 0, devices: 2 });
  });

  test('are of its municipality: one foreign device, and nothing is stored', async () => {
    const id = await made('Bürgerbüro');
    const own = await addDevice(kits.context, kits.wasungen);
    const foreign = await addDevice(kits.context, kits.grabfeld);
    for (const stranger of [foreign, randomUUID()]) {
      expect(await members(id, { add: [own, stranger] })).toMatchObject({ status: 404, body: { code: 'not-found' } });
      expect(await members(id, { remove: [stranger] })).toMatchObject({ status: 404 });
    }
    // Also for who may reach both municipalities.
    const admin = (await kits.script('admin')).client;
    expect((await admin.send('POST', `groups/${id}/members`, { add: [foreign] })).status).toBe(404);
    expect((await technician.get(`groups/${id}`)).body).toMatchObject({ devices: 0 });
  });

  test('hear of its policy, and of its end', async () => {
    const id = await made('Bürgerbüro');
    const device = await addDevice(kits.context, kits.wasungen);
    await setPolicy(id, { checkInSeconds: 120 });
    const due = async () => {
      const [row] = await kits.context.db.selectFrom('devices').select('judged_at').where('id', '=', device).execute();
      await kits.context.db.updateTable('devices').set({ judged_at: '2026-11-24T09:00:00.000Z' }).execute();
      return row?.judged_at === null;
    };
    await due();
    await members(id, { add: [device] });
    expect(await due()).toBe(true);
    expect(await settingsOf(device)).toEqual({ checkInSeconds: 120 });
    expect(await due()).toBe(false);
    await members(id, { remove: [device] });
    expect(await due()).toBe(true);
    expect(await settingsOf(device)).toEqual({});
  });

  test('at most 1000 at once', async () => {
    const id = await made('Bürgerbüro');
    const add = Array.from({ length: 1001 }, () => randomUUID());
    expect((await members(id, { add })).status).toBe(400);
    const ids: string[] = [];
    for (let count = 0; count < 1000; count += 1) ids.push(await addDevice(kits.context, kits.wasungen));
    expect((await members(id, { add: ids })).body).toEqual({ added: 1000, removed: 0, devices: 1000 });
    expect((await members(id, { remove: ids })).body).toEqual({ added: 0, removed: 1000, devices: 0 });
  });

  test('retired devices stay members and do not count', async () => {
    const id = await made('Bürgerbüro');
    const device = await addDevice(kits.context, kits.wasungen);
    await members(id, { add: [device] });
    await technician.send('PATCH', `devices/${device}`, { state: 'retired' });
    expect((await technician.get(`groups/${id}`)).body).toMatchObject({ devices: 0 });
    await technician.send('PATCH', `devices/${device}`, { state: 'active' });
    expect((await technician.get(`groups/${id}`)).body).toMatchObject({ devices: 1 });
  });
});

describe('of several groups of a device', () => {
  test('the one that stands first wins, also after the order has changed', async () => {
    const [first, second] = [await made('Bürgerbüro'), await made('Notebooks')];
    const device = await addDevice(kits.context, kits.wasungen);
    await members(first, { add: [device] });
    await members(second, { add: [device] });
    await setPolicy(first, { checkInSeconds: 120, fullRoundMinutes: 30 });
    await setPolicy(second, { checkInSeconds: 600 });
    expect(await settingsOf(device)).toEqual({ checkInSeconds: 120, fullRoundMinutes: 30 });
    await kits.context.db.updateTable('devices').set({ judged_at: '2026-11-24T09:00:00.000Z' }).execute();
    await technician.send('PATCH', `groups/${second}`, { position: 1 });
    expect(await settingsOf(device)).toEqual({ checkInSeconds: 600, fullRoundMinutes: 30 });
    expect(await kits.context.db.selectFrom('devices').select('judged_at').execute()).toEqual([{ judged_at: null }]);
    const view = (await technician.get(`devices/${device}/policy`)).body;
    expect(view.groups).toEqual([
      { id: second, name: 'Notebooks' },
      { id: first, name: 'Bürgerbüro' },
    ]);
  });
});

describe('a group that is deleted', () => {
  test('lets its members go and ends its policy; both stay known', async () => {
    const [id, next] = [await made('Bürgerbüro'), await made('Notebooks')];
    const device = await addDevice(kits.context, kits.wasungen);
    await members(id, { add: [device] });
    await setPolicy(id, { checkInSeconds: 120 });
    expect((await settingsOf(device)).checkInSeconds).toBe(120);
    kits.advance(60);
    expect(await technician.send('DELETE', `groups/${id}`)).toMatchObject({
      status: 200,
      body: { devices: 1, policyEnded: true },
    });
    expect(await settingsOf(device)).toEqual({});
    expect(await namesOf()).toEqual(['Notebooks']);
    expect((await technician.get(`groups/${next}`)).body).toMatchObject({ position: 1 });
    expect(await listed('state=deleted')).toMatchObject([
      { id, name: 'Bürgerbüro', deletedAt: '2026-11-24T09:01:00.000Z', deletedBy: by, devices: 0, settings: 0 },
    ]);
    for (const path of [`groups/${id}`, `policies/group-${id}`]) expect((await technician.get(path)).status).toBe(404);
    expect((await setPolicy(id, { checkInSeconds: 60 }, 2)).status).toBe(404);
    expect((await members(id, { add: [device] })).status).toBe(404);
    const versions = await kits.context.db.selectFrom('policy_versions').select(['version', 'settings']).execute();
    expect(versions).toEqual([
      { version: 1, settings: '{"checkInSeconds":120}' },
      { version: 2, settings: '{}' },
    ]);
    expect(await auditOf(kits.context, 'policy.change')).toHaveLength(2);
    const [deed] = await auditOf(kits.context, 'group.delete');
    expect(JSON.parse(deed?.detail ?? '')).toEqual({ group: 'Bürgerbüro', devices: 1, policyEnded: true });
    // Its name is free again.
    expect((await create('Bürgerbüro')).status).toBe(201);
  });

  test('without policy and members is simply gone from the list', async () => {
    const id = await made('leer');
    expect((await technician.send('DELETE', `groups/${id}`)).body).toEqual({ devices: 0, policyEnded: false });
    expect((await technician.send('DELETE', `groups/${id}`)).status).toBe(404);
  });
});
