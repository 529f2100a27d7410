import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { evaluateFleet } from '../../../server/fleet/evaluate.ts';
import { policyFor } from '../../../server/fleet/policies.ts';
import { lacking, reporting, update } from './fleet-agents.ts';
import { addDevice, auditOf, type Client, type StaffedServer, startStaffedServer } from './staffed-server.ts';

let kits: StaffedServer;
let technician: Client;
let admin: Client;
let by: string;
beforeEach(async () => {
  kits = await startStaffedServer();
  const script = await kits.script('technician', kits.wasungen);
  technician = script.client;
  by = `api-token:${script.id}`;
  admin = (await kits.script('admin')).client;
});
afterEach(() => kits.close());

const put = (audience: string, settings: object, expectedVersion = 0, more: object = {}, client = technician) =>
  client.send('PUT', `policies/${audience}`, { settings, expectedVersion, ...more });
const place = () => `municipality-${kits.wasungen}`;
const versionOf = async (id: string) =>
  (await policyFor(kits.context.db, { id, municipality_id: kits.wasungen })).version;
const groupWith = async (name: string, ...devices: string[]): Promise<string> => {
  const { id } = (await technician.send('POST', 'groups', { municipalityId: kits.wasungen, name })).body;
  await technician.send('POST', `groups/${id}/members`, { add: devices });
  return id;
};

const declaration = { kind: 'backed-up-elsewhere', owner: 'Leitung Hauptamt', reviewOn: '2027-11-24' };
const contact = { labelDe: 'KITS-Hotline', phone: '(03693) 485-0', mail: 'hilfe@kits.example', hoursDe: 'Mo bis Fr' };
const firewall = { name: 'Firewall', kind: 'gateway', host: 'fw.wasungen.example', port: 443, tls: true };

describe('writing a policy', () => {
  test('takes every kind of setting', async () => {
    const settings = {
      backup: { warningHours: 30, warningsCount: false, expectedProducts: ['restic'], declaration },
      infrastructureTargets: [firewall],
      withoutSections: ['usb'],
      contacts: [contact],
    };
    expect((await put(place(), settings)).body).toMatchObject({ version: 1, settings });
  });

  test('refuses signs that nobody can see in what the PCs show', async () => {
    const labelDe = 'KITS\u202eenilto';
    const { status, body } = await put(place(), { contacts: [contact, { ...contact, labelDe }] });
    expect([status, body.code, body.detail]).toEqual([400, 'invalid', expect.stringContaining('„contacts“')]);
    const target = { ...firewall, name: 'Fire\u200bwall' };
    expect((await put(place(), { infrastructureTargets: [target] })).status).toBe(400);
    expect((await technician.get(`policies/${place()}`)).body.version).toBe(0);
  });

  test('makes its first version, with who, when and why', async () => {
    await addDevice(kits.context, kits.wasungen);
    await addDevice(kits.context, kits.wasungen, { state: 'retired' });
    const settings = { checkInSeconds: 600, thresholds: { screenLockSeconds: 300 } };
    const empty = await technician.get(`policies/${place()}`);
    expect(empty.body).toMatchObject({ version: 0, settings: {}, changedAt: null, changedBy: null, devices: 1 });
    const { status, body } = await put(place(), settings, 0, { reason: 'Beschluss vom 20.11.' });
    expect(status).toBe(200);
    expect(body).toEqual({
      level: 'municipality',
      id: kits.wasungen,
      name: 'Wasungen',
      municipality: { id: kits.wasungen, name: 'Wasungen' },
      version: 1,
      settings,
      changedAt: '2026-11-24T09:00:00.000Z',
      changedBy: by,
      devices: 1,
      inherited: [],
    });
    const [deed] = await auditOf(kits.context, 'policy.change');
    expect(deed).toMatchObject({ actor: by, municipality_id: kits.wasungen, target: kits.wasungen });
    expect(JSON.parse(deed?.detail ?? '')).toEqual({
      level: 'municipality',
      version: [0, 1],
      reason: 'Beschluss vom 20.11.',
      settings: 'checkInSeconds, thresholds.screenLockSeconds',
    });
  });

  test('is refused when somebody else has stored one meanwhile, and overwrites nothing', async () => {
    await put(place(), { checkInSeconds: 600 });
    const late = await put(place(), { checkInSeconds: 60 }, 0);
    expect(late).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(late.body.detail).toContain(by);
    expect(await put(place(), { checkInSeconds: 60 }, 2)).toMatchObject({ status: 409 });
    expect((await technician.get(`policies/${place()}`)).body).toMatchObject({
      version: 1,
      settings: { checkInSeconds: 600 },
    });
  });

  test('of two at once lets one through', async () => {
    const both = await Promise.all([put(place(), { checkInSeconds: 600 }), put(place(), { checkInSeconds: 300 })]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  test('that says the same again makes no version', async () => {
    await put(place(), { checkInSeconds: 600, withoutSections: ['usb'] });
    expect((await put(place(), { withoutSections: ['usb'], checkInSeconds: 600 }, 1)).body).toMatchObject({
      version: 1,
    });
    expect(await auditOf(kits.context, 'policy.change')).toHaveLength(1);
  });

  test.each<[string, object]>([
    ['a key that does not exist', { checkInSecond: 600 }],
    ['a threshold that does not exist', { thresholds: { screenlock: 60 } }],
    ['a value out of bounds', { checkInSeconds: 59 }],
    ['a fraction where there is none', { fullRoundMinutes: 15.5 }],
    ['a section that does not exist', { withoutSections: ['usb', 'kamera'] }],
    ['a target without a port', { infrastructureTargets: [{ name: 'Firewall', kind: 'gateway', host: 'fw' }] }],
    ['a misspelt key in an entry', { backup: { declaration: { ...declaration, were: 'Server 2' } } }],
    ['a misspelt key in a list', { infrastructureTargets: [{ ...firewall, TLS: true }] }],
    ['a contact who cannot be reached', { contacts: [{ labelDe: 'KITS' }] }],
    ['a phone number that is none', { contacts: [{ labelDe: 'KITS', phone: 'tel:110;ext=1' }] }],
    ['a mail address that is none', { contacts: [{ labelDe: 'KITS', mail: 'kits@' }] }],
    ['more contacts than fit on a card', { contacts: Array.from({ length: 9 }, () => contact) }],
    ['an exception, which is a decision of its own', { exceptions: [] }],
    ['null', { checkInSeconds: null }],
  ])('with %s is refused', async (_, settings) => {
    expect((await put(place(), settings)).status).toBe(400);
    expect((await technician.get('policies')).body.items).toEqual([]);
  });

  test.each(['district-', 'municipality', 'municipality-x', 'office-8b6ce0c5-0000-4000-8000-000000000000', '%2e'])(
    'for the audience %s is refused',
    async (audience) => {
      expect((await put(audience, { checkInSeconds: 600 })).status).toBeGreaterThanOrEqual(400);
      expect((await put(audience, { checkInSeconds: 600 })).status).toBeLessThan(500);
    },
  );

  test('for the district is for its administrators; everybody reads it', async () => {
    const local = (await kits.script('admin', kits.wasungen)).client;
    for (const client of [technician, local, (await kits.script('technician')).client]) {
      expect(await put('district', { checkInSeconds: 60 }, 0, {}, client)).toMatchObject({
        status: 403,
        body: { code: 'forbidden' },
      });
    }
    expect((await put('district', { checkInSeconds: 600 }, 0, {}, admin)).body).toMatchObject({ version: 1, name: '' });
    expect((await technician.get('policies/district')).body).toMatchObject({ settings: { checkInSeconds: 600 } });
    expect((await technician.get('policies/district/history')).body.items).toHaveLength(1);
    expect(
      await technician.send('POST', 'policies/district/restore', { version: 1, expectedVersion: 1 }),
    ).toMatchObject({ status: 403 });
    const [deed] = await auditOf(kits.context, 'policy.change');
    expect(deed).toMatchObject({ municipality_id: null, target: 'district' });
  });
});

describe('what a policy does', () => {
  const overdue = lacking([update('openssl:amd64', { security: true, firstSeenOn: '2026-10-25' })]);
  const verdict = async (id: string) =>
    (await technician.get(`devices/${id}`)).body.verdicts.find(
      ({ ruleId }: { ruleId: string }) => ruleId === 'updates-installed',
    );

  test('its thresholds decide the verdict: the municipality with the next tick, a device at once', async () => {
    const agent = await reporting(kits, kits.wasungen, 'pc-1', overdue);
    const id = agent.state.deviceId;
    // Missing for 30 days: urgent by the presets.
    expect(await verdict(id)).toMatchObject({ verdict: 'not-met', severity: 'critical' });
    kits.advance(60);
    await put(place(), { thresholds: { securityUpdateCriticalDays: 90 } });
    expect(await evaluateFleet(kits.context)).toBe(1);
    expect(await verdict(id)).toMatchObject({ verdict: 'not-met', severity: 'warning' });
    await put(`device-${id}`, { thresholds: { securityUpdateWarningDays: 60 } });
    expect(await verdict(id)).not.toMatchObject({ verdict: 'not-met' });
    // Not even the device whose state changed is judged again and again.
    kits.advance(60);
    expect(await evaluateFleet(kits.context)).toBe(0);
  });

  test('no device of another municipality is judged anew', async () => {
    await reporting(kits, kits.grabfeld, 'pc-2', overdue);
    kits.advance(60);
    await put(place(), { thresholds: { securityUpdateCriticalDays: 90 } });
    expect(await evaluateFleet(kits.context)).toBe(0);
    await put('district', { checkInSeconds: 600 }, 0, {}, admin);
    expect(await evaluateFleet(kits.context)).toBe(1);
  });

  test('the version of a device rises with judging, whoever asks', async () => {
    const agent = await reporting(kits, kits.wasungen, 'pc-1', overdue);
    await put(place(), { checkInSeconds: 600 });
    await evaluateFleet(kits.context);
    const rows = await kits.context.db.selectFrom('device_policies').selectAll().execute();
    expect(rows).toMatchObject([{ device_id: agent.state.deviceId, version: 1 }]);
  });
});

describe('the effective view of a device', () => {
  test('names each setting, its value and its origin, the presets too', async () => {
    const device = await addDevice(kits.context, kits.wasungen, { hostname: 'pc-1' });
    const group = await groupWith('Bürgerbüro', device);
    await put('district', { checkInSeconds: 3600 }, 0, {}, admin);
    await put(place(), { thresholds: { screenLockSeconds: 600 } });
    await put(`group-${group}`, { thresholds: { screenLockSeconds: 300 }, fullRoundMinutes: 60 });
    const { body } = await technician.get(`devices/${device}/policy`);
    expect(body).toMatchObject({ version: 1, groups: [{ id: group, name: 'Bürgerbüro' }] });
    const settingOf = (key: string) => body.values.find((value: { key: string }) => value.key === key);
    expect(settingOf('checkInSeconds')).toEqual({
      key: 'checkInSeconds',
      value: 3600,
      origin: { level: 'district', id: '', name: '', version: 1 },
    });
    expect(settingOf('thresholds.screenLockSeconds')).toMatchObject({
      value: 300,
      origin: { level: 'group', id: group, name: 'Bürgerbüro', version: 1 },
    });
    expect(settingOf('thresholds.restartWarningDays')).toMatchObject({ value: 3, origin: null });
    expect(settingOf('withoutSections')).toMatchObject({ value: null, origin: null });
    const fields = (await technician.get('policies/fields')).body.items;
    expect(body.values.map(({ key }: { key: string }) => key)).toEqual(fields.map(({ key }: { key: string }) => key));
    const own = await technician.get(`policies/device-${device}`);
    expect(
      own.body.inherited.map(({ key, origin }: { key: string; origin: { level: string } }) => [key, origin.level]),
    ).toEqual([
      ['checkInSeconds', 'district'],
      ['thresholds.screenLockSeconds', 'group'],
      ['fullRoundMinutes', 'group'],
    ]);
    const ofGroup = await technician.get(`policies/group-${group}`);
    expect(ofGroup.body.inherited.map(({ key, value }: { key: string; value: number }) => [key, value])).toEqual([
      ['checkInSeconds', 3600],
      ['thresholds.screenLockSeconds', 600],
    ]);
  });
});

describe('the preview', () => {
  const preview = async (audience: string, settings: object, client = technician) =>
    (await client.send('POST', `policies/${audience}/preview`, { settings })).body;

  test('says which devices would change, and how, and stores nothing', async () => {
    const devices: string[] = [];
    for (const name of ['pc-3', 'pc-1', 'pc-2'])
      devices.push(await addDevice(kits.context, kits.wasungen, { hostname: name }));
    const [third, first] = devices as [string, string];
    await addDevice(kits.context, kits.wasungen, { hostname: 'gone', state: 'retired' });
    await addDevice(kits.context, kits.grabfeld, { hostname: 'foreign' });
    const group = await groupWith('Bürgerbüro', third);
    await put(`group-${group}`, { checkInSeconds: 120 });
    await put(`device-${first}`, { thresholds: { screenLockSeconds: 60 } });
    const numbered = () => kits.context.db.selectFrom('device_policies').selectAll().execute();
    const before = await numbered();
    const found = await preview(place(), { checkInSeconds: 600, thresholds: { screenLockSeconds: 300 } });
    const to = { level: 'municipality', id: kits.wasungen, name: 'Wasungen', version: 1 };
    const checkIn = { key: 'checkInSeconds', before: null, after: 600, from: null, to };
    const lock = { key: 'thresholds.screenLockSeconds', before: null, after: 300, from: null, to };
    const municipality = { id: kits.wasungen, name: 'Wasungen' };
    expect(found).toEqual({
      devices: 3,
      changed: 3,
      settings: [
        { key: 'checkInSeconds', devices: 2 },
        { key: 'thresholds.screenLockSeconds', devices: 2 },
      ],
      items: [
        { id: first, hostname: 'pc-1', municipality, changes: [checkIn] },
        { id: devices[2], hostname: 'pc-2', municipality, changes: [checkIn, lock] },
        { id: third, hostname: 'pc-3', municipality, changes: [lock] },
      ],
    });
    expect((await technician.get(`policies/${place()}`)).body).toMatchObject({ version: 0 });
    expect(await numbered()).toEqual(before);
  });

  test('of what is covered by nearer policies is nothing', async () => {
    const device = await addDevice(kits.context, kits.wasungen);
    await put(`device-${device}`, { checkInSeconds: 120 });
    expect(await preview(place(), { checkInSeconds: 600 })).toEqual({
      devices: 1,
      changed: 0,
      settings: [],
      items: [],
    });
  });

  test('of taking a policy away names what takes its place', async () => {
    const device = await addDevice(kits.context, kits.wasungen);
    const group = await groupWith('Bürgerbüro', device);
    await put('district', { checkInSeconds: 3600 }, 0, {}, admin);
    await put(`group-${group}`, { checkInSeconds: 120, fullRoundMinutes: 60 });
    const { items } = await preview(`group-${group}`, {});
    expect(items[0].changes).toEqual([
      {
        key: 'checkInSeconds',
        before: 120,
        after: 3600,
        from: { level: 'group', id: group, name: 'Bürgerbüro', version: 1 },
        to: { level: 'district', id: '', name: '', version: 1 },
      },
      { key: 'fullRoundMinutes', before: 60, after: null, from: expect.anything(), to: null },
    ]);
  });

  test('shows 50 devices and counts all; one of a municipality sees its own only', async () => {
    for (let count = 0; count < 60; count += 1) await addDevice(kits.context, kits.wasungen);
    await addDevice(kits.context, kits.grabfeld);
    const whole = await preview('district', { checkInSeconds: 600 }, admin);
    expect([whole.devices, whole.changed, whole.items.length]).toEqual([61, 61, 50]);
    expect(await preview('district', { checkInSeconds: 600 })).toMatchObject({ devices: 60, changed: 60 });
  });

  test('agrees with what storing it does, for each order of groups', async () => {
    const device = await addDevice(kits.context, kits.wasungen);
    const groups = [await groupWith('a', device), await groupWith('b', device), await groupWith('c', device)];
    await put(`group-${groups[1]}`, { checkInSeconds: 600 });
    for (const group of groups) {
      const settings = { checkInSeconds: 60, thresholds: { otherUpdateDays: 1 } };
      const { changed } = await preview(`group-${group}`, settings);
      const before = await versionOf(device);
      const { version } = (await technician.get(`policies/group-${group}`)).body;
      await put(`group-${group}`, settings, version);
      expect((await versionOf(device)) > before).toBe(changed === 1);
    }
  });
});

describe('the history', () => {
  const history = async (audience: string, query = '', client = technician) =>
    (await client.get(`policies/${audience}/history?${query}`)).body;

  test('has every version with what changed, youngest first, by pages', async () => {
    await put(place(), { checkInSeconds: 600 });
    kits.advance(60);
    await put(place(), { checkInSeconds: 300, thresholds: { otherUpdateDays: 30 } }, 1, { reason: 'Test' });
    kits.advance(60);
    await put(place(), {}, 2);
    const { items } = await history(place());
    expect(items).toEqual([
      {
        version: 3,
        settings: {},
        changedAt: '2026-11-24T09:02:00.000Z',
        changedBy: by,
        reason: null,
        restoredFrom: null,
        changes: [
          { key: 'checkInSeconds', before: 300, after: null },
          { key: 'thresholds.otherUpdateDays', before: 30, after: null },
        ],
      },
      expect.objectContaining({
        version: 2,
        reason: 'Test',
        changes: [
          { key: 'checkInSeconds', before: 600, after: 300 },
          { key: 'thresholds.otherUpdateDays', before: null, after: 30 },
        ],
      }),
      expect.objectContaining({ version: 1, changes: [{ key: 'checkInSeconds', before: null, after: 600 }] }),
    ]);
    const first = await history(place(), 'limit=2');
    const rest = await history(place(), `limit=2&cursor=${first.nextCursor}`);
    expect([...first.items, ...rest.items]).toEqual(items);
    expect(rest.nextCursor).toBeNull();
  });

  test('going back makes a new version that says where it came from', async () => {
    const device = await addDevice(kits.context, kits.wasungen);
    await put(place(), { checkInSeconds: 600 });
    await versionOf(device);
    await put(place(), { checkInSeconds: 300 }, 1);
    expect(await versionOf(device)).toBe(2);
    const restore = (version: number, expectedVersion: number) =>
      technician.send('POST', `policies/${place()}/restore`, { version, expectedVersion, reason: 'zu oft' });
    expect(await restore(1, 1)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await restore(7, 2)).toMatchObject({ status: 404 });
    expect((await restore(1, 2)).body).toMatchObject({ version: 3, settings: { checkInSeconds: 600 } });
    expect((await history(place())).items[0]).toMatchObject({ version: 3, restoredFrom: 1, reason: 'zu oft' });
    expect(await versionOf(device)).toBe(3);
    expect(await auditOf(kits.context, 'policy.restore')).toHaveLength(1);
  });

  test('a device that moves leaves groups and policy behind, and nothing of them is told there', async () => {
    const device = await addDevice(kits.context, kits.wasungen, { hostname: 'pc-1' });
    const group = await groupWith('Bürgerbüro', device);
    await put(`group-${group}`, { fullRoundMinutes: 60 });
    await put(`device-${device}`, { infrastructureTargets: [firewall] });
    expect(await versionOf(device)).toBe(1);
    await admin.send('PATCH', `devices/${device}`, { municipalityId: kits.grabfeld });
    const there = await policyFor(kits.context.db, { id: device, municipality_id: kits.grabfeld });
    expect(there).toMatchObject({ version: 2, settings: {} });
    expect((await technician.get(`groups/${group}`)).body).toMatchObject({ devices: 0 });
    const local = (await kits.script('technician', kits.grabfeld)).client;
    const told = await history(`device-${device}`, '', local);
    expect(told.items).toMatchObject([{ version: 2, settings: {}, changes: [] }]);
    expect(JSON.stringify(told)).not.toContain('fw.wasungen.example');
    expect(
      await local.send('POST', `policies/device-${device}/restore`, { version: 1, expectedVersion: 2 }),
    ).toMatchObject({ status: 404 });
    expect((await history(`device-${device}`, '', admin)).items).toHaveLength(2);
    const deeds = await auditOf(kits.context, 'group.members');
    expect(deeds.at(-1)).toMatchObject({ municipality_id: kits.wasungen, target: group });
  });
});

describe('the list of policies', () => {
  test('youngest first, filtered, by pages, and without those of deleted groups', async () => {
    const device = await addDevice(kits.context, kits.wasungen, { hostname: 'pc-1' });
    const group = await groupWith('Bürgerbüro', device);
    const doomed = await groupWith('alt');
    await put('district', { checkInSeconds: 3600 }, 0, {}, admin);
    for (const audience of [place(), `group-${group}`, `device-${device}`, `group-${doomed}`]) {
      kits.advance(1);
      await put(audience, { checkInSeconds: 600, withoutSections: ['usb'] });
    }
    await technician.send('DELETE', `groups/${doomed}`);
    await put(`municipality-${kits.grabfeld}`, { checkInSeconds: 60 }, 0, {}, admin);
    const names = async (query = '') =>
      (await technician.get(`policies?${query}`)).body.items.map(({ name }: { name: string }) => name);
    expect(await names()).toEqual(['pc-1', 'Bürgerbüro', 'Wasungen', '']);
    expect(await names('level=group')).toEqual(['Bürgerbüro']);
    expect(await names('level=above-device')).toEqual(['Bürgerbüro', 'Wasungen', '']);
    expect(await names(`municipality=${kits.wasungen}`)).toEqual(['pc-1', 'Bürgerbüro', 'Wasungen']);
    expect(await names(`municipality=${kits.grabfeld}`)).toEqual([]);
    const first = (await technician.get('policies?limit=3')).body;
    expect(first.items[0]).toMatchObject({ level: 'device', id: device, version: 1, settings: 2, changedBy: by });
    const rest = (await technician.get(`policies?limit=3&cursor=${first.nextCursor}`)).body;
    expect(rest.items).toMatchObject([{ level: 'district', municipality: null }]);
    expect(rest.nextCursor).toBeNull();
  });
});
