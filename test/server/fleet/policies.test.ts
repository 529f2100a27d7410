import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { policyFor } from '../../../server/fleet/policies.ts';
import type { Settings } from '../../../server/fleet/policy-resolution.ts';
import type { PolicyLevel } from '../../../server/store/schema.ts';
import { addDevice, type StaffedServer, startStaffedServer } from '../api/staffed-server.ts';

let kits: StaffedServer;
let device: { id: string; municipality_id: string };
beforeEach(async () => {
  kits = await startStaffedServer();
  device = { id: await addDevice(kits.context, kits.wasungen), municipality_id: kits.wasungen };
});
afterEach(() => kits.close());

const at = '2026-11-24T09:00:00.000Z';
const db = () => kits.context.db;

async function set(level: PolicyLevel, audienceId: string, settings: Settings, municipalityId: string | null) {
  const row = {
    level,
    audience_id: audienceId,
    municipality_id: municipalityId,
    version: 1,
    settings: JSON.stringify(settings),
    changed_at: at,
    changed_by: 'test',
  };
  await db()
    .insertInto('policies')
    .values(row)
    .onConflict((conflict) => conflict.columns(['level', 'audience_id']).doUpdateSet({ settings: row.settings }))
    .execute();
}

async function group(position: number, municipalityId = kits.wasungen): Promise<string> {
  const id = randomUUID();
  const row = {
    id,
    municipality_id: municipalityId,
    name: `group ${id}`,
    position,
    created_at: at,
    created_by: 'test',
  };
  await db()
    .insertInto('device_groups')
    .values({ ...row, deleted_at: null, deleted_by: null })
    .execute();
  await db()
    .insertInto('group_members')
    .values({ group_id: id, device_id: device.id, added_at: at, added_by: 'test', removed_at: null, removed_by: null })
    .execute();
  return id;
}

async function except(ruleId: string, expiresAt: string, deviceId: string | null = null): Promise<string> {
  const id = randomUUID();
  const row = {
    id,
    rule_id: ruleId,
    municipality_id: kits.wasungen,
    device_id: deviceId,
    reason: 'r',
    approved_by: 'a',
  };
  await db()
    .insertInto('exceptions')
    .values({
      ...row,
      approved_at: at,
      expires_at: expiresAt,
      entered_by: 'test',
      withdrawn_at: null,
      withdrawn_by: null,
    })
    .execute();
  return id;
}

describe('the policy of a device', () => {
  test('is nothing, and numbered 0, while nobody has set anything', async () => {
    expect(await policyFor(db(), device)).toEqual({ version: 0, settings: {}, origins: {} });
    expect(await db().selectFrom('device_policies').selectAll().execute()).toEqual([]);
  });

  test('comes from district, municipality, groups by their order, and device', async () => {
    await set('district', '', { checkInSeconds: 3600, fullRoundMinutes: 600, withoutSections: ['usb'] }, null);
    await set('municipality', kits.wasungen, { checkInSeconds: 1800, fullRoundMinutes: 300 }, kits.wasungen);
    await set('group', await group(2), { checkInSeconds: 400, thresholds: { screenLockSeconds: 400 } }, kits.wasungen);
    const first = await group(1);
    await set('group', first, { checkInSeconds: 300, thresholds: { silentWarningHours: 8 } }, kits.wasungen);
    await set('group', await group(3), { thresholds: { screenLockSeconds: 500 } }, kits.wasungen);
    const found = await policyFor(db(), device);
    expect(found).toMatchObject({
      version: 1,
      settings: {
        checkInSeconds: 300,
        fullRoundMinutes: 300,
        withoutSections: ['usb'],
        thresholds: { screenLockSeconds: 400, silentWarningHours: 8 },
      },
      origins: {
        checkInSeconds: { level: 'group', id: first, version: 1 },
        fullRoundMinutes: { level: 'municipality', name: 'Wasungen' },
        withoutSections: { level: 'district', name: '' },
      },
    });
    await set('device', device.id, { checkInSeconds: 60 }, kits.wasungen);
    expect(await policyFor(db(), device)).toMatchObject({
      version: 2,
      settings: { checkInSeconds: 60 },
      origins: { checkInSeconds: { level: 'device', name: 'pc-01' } },
    });
  });

  test('is not that of another municipality, group or device', async () => {
    await set('municipality', kits.grabfeld, { checkInSeconds: 60 }, kits.grabfeld);
    await set('device', await addDevice(kits.context, kits.wasungen), { checkInSeconds: 60 }, kits.wasungen);
    // Memberships and settings from before a move, which a fault left behind.
    await set('group', await group(1, kits.grabfeld), { checkInSeconds: 60 }, kits.grabfeld);
    await set('device', device.id, { checkInSeconds: 60 }, kits.grabfeld);
    const left = await group(1);
    await set('group', left, { checkInSeconds: 60 }, kits.wasungen);
    await db().updateTable('group_members').set({ removed_at: at }).where('group_id', '=', left).execute();
    expect(await policyFor(db(), device)).toEqual({ version: 0, settings: {}, origins: {} });
  });
});

describe('its version', () => {
  test('counts up with each change of what is in force, and only then', async () => {
    const versions: number[] = [];
    const note = async () => versions.push((await policyFor(db(), device)).version);
    await set('municipality', kits.wasungen, { checkInSeconds: 600 }, kits.wasungen);
    await note();
    await note();
    // Said once more, nearer: nothing changes.
    await set('device', device.id, { checkInSeconds: 600 }, kits.wasungen);
    await note();
    await set('device', device.id, { checkInSeconds: 60 }, kits.wasungen);
    await note();
    // Back to what was in force before: up, not down.
    await set('device', device.id, {}, kits.wasungen);
    await note();
    // Nothing is set any more, and the device has to hear of it.
    await set('municipality', kits.wasungen, {}, kits.wasungen);
    await note();
    expect(versions).toEqual([1, 1, 1, 2, 3, 4]);
  });

  test('is never given to two different settings, also when asked twice at once', async () => {
    await set('municipality', kits.wasungen, { checkInSeconds: 600 }, kits.wasungen);
    const both = await Promise.all([policyFor(db(), device), policyFor(db(), device)]);
    expect(both.map(({ version }) => version)).toEqual([1, 1]);
  });

  test('is of this device alone', async () => {
    const other = { id: await addDevice(kits.context, kits.wasungen), municipality_id: kits.wasungen };
    await set('device', device.id, { checkInSeconds: 60 }, kits.wasungen);
    expect((await policyFor(db(), device)).version).toBe(1);
    expect((await policyFor(db(), other)).version).toBe(0);
  });
});

describe('exceptions', () => {
  test('stand in the settings, of each rule the one that ends last, and count up the version', async () => {
    await except('screen-lock', '2026-12-01T00:00:00.000Z');
    const last = await except('screen-lock', '2026-12-24T00:00:00.000Z', device.id);
    const other = await except('storage-free', '2026-12-01T00:00:00.000Z', device.id);
    await except('storage-free', '2026-12-24T00:00:00.000Z', await addDevice(kits.context, kits.wasungen));
    const found = await policyFor(db(), device);
    expect(found.settings.exceptions?.map(({ id }) => id)).toEqual([last, other]);
    expect(found).toMatchObject({ version: 1, origins: {} });
    await db().updateTable('exceptions').set({ withdrawn_at: at }).execute();
    expect(await policyFor(db(), device)).toEqual({ version: 2, settings: {}, origins: {} });
  });
});
