import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { policy, thresholds } from '../../../agent/contract/policy.ts';
import { type PolicyLayer, resolveSettings, type Settings } from '../../../server/fleet/policy-resolution.ts';

const layer = (level: PolicyLayer['origin']['level'], settings: Settings, id: string = level): PolicyLayer => ({
  origin: { level, id, name: id, version: 1 },
  position: 0,
  settings,
});
const winners = (layers: readonly PolicyLayer[]) => {
  const { origins } = resolveSettings(layers);
  return Object.fromEntries(Object.entries(origins).map(([key, { id }]) => [key, id]));
};

describe('nearest wins', () => {
  test('key by key, and thresholds each by itself', () => {
    const layers = [
      layer('district', { checkInSeconds: 600, thresholds: { screenLockSeconds: 900, silentWarningHours: 48 } }),
      layer('municipality', { fullRoundMinutes: 120, thresholds: { screenLockSeconds: 600 } }),
      layer('group', { thresholds: { screenLockSeconds: 300, restartWarningDays: 1 } }),
      layer('device', { checkInSeconds: 60 }),
    ];
    expect(resolveSettings(layers).settings).toEqual({
      checkInSeconds: 60,
      fullRoundMinutes: 120,
      thresholds: { screenLockSeconds: 300, silentWarningHours: 48, restartWarningDays: 1 },
    });
    expect(winners(layers)).toEqual({
      checkInSeconds: 'device',
      fullRoundMinutes: 'municipality',
      'thresholds.screenLockSeconds': 'group',
      'thresholds.silentWarningHours': 'district',
      'thresholds.restartWarningDays': 'group',
    });
  });

  test('of two groups the later layer', () => {
    const layers = [
      layer('group', { checkInSeconds: 600, fullRoundMinutes: 60 }, 'weaker'),
      layer('group', { checkInSeconds: 300 }, 'stronger'),
    ];
    expect(resolveSettings(layers).settings).toEqual({ checkInSeconds: 300, fullRoundMinutes: 60 });
    expect(winners(layers)).toEqual({ checkInSeconds: 'stronger', fullRoundMinutes: 'weaker' });
  });

  test('lists as a whole, an empty one included', () => {
    const layers = [
      layer('district', { withoutSections: ['usb', 'printers'] }),
      layer('device', { withoutSections: [] }),
    ];
    expect(resolveSettings(layers).settings).toEqual({ withoutSections: [] });
  });

  test('zero is a value, and a key without one says nothing', () => {
    const silent = { checkInSeconds: undefined, thresholds: { otherUpdateDays: undefined } } as unknown as Settings;
    const layers = [
      layer('district', { checkInSeconds: 600, thresholds: { otherUpdateDays: 60 } }),
      layer('group', { thresholds: { otherUpdateDays: 0 } }),
      layer('device', silent),
    ];
    expect(resolveSettings(layers).settings).toEqual({ checkInSeconds: 600, thresholds: { otherUpdateDays: 0 } });
  });

  test('nothing said is nothing set', () => {
    expect(resolveSettings([])).toEqual({ settings: {}, origins: {} });
    expect(resolveSettings([layer('district', {}), layer('device', { thresholds: {} })])).toEqual({
      settings: {},
      origins: {},
    });
  });

  test('the layers themselves stay as they are', () => {
    const district = layer('district', { thresholds: { screenLockSeconds: 900 } });
    resolveSettings([district, layer('device', { thresholds: { screenLockSeconds: 60 } })]);
    expect(district.settings).toEqual({ thresholds: { screenLockSeconds: 900 } });
  });
});

describe('the contract suits it', () => {
  const { settings } = policy.shape;

  test('parsing fills in nothing: a policy that sets one key says nothing of the others', () => {
    for (const [key, schema] of Object.entries(settings.shape)) {
      const inner = (schema as z.ZodOptional<z.ZodType>).unwrap();
      if (inner instanceof z.ZodObject) expect(settings.parse({ [key]: {} })).toEqual({ [key]: {} });
    }
    expect(settings.parse({ thresholds: { screenLockSeconds: 60 } })).toEqual({
      thresholds: { screenLockSeconds: 60 },
    });
    expect(settings.parse({})).toEqual({});
  });

  test('what may be set keeps its bounds and its purpose', () => {
    expect(settings.safeParse({ thresholds: { screenLockSeconds: 29 } }).success).toBe(false);
    expect(settings.safeParse({ thresholds: { storageFreeWarningPercent: 101 } }).success).toBe(false);
    const changes = settings.shape.thresholds.unwrap().shape;
    expect(Object.keys(changes)).toEqual(Object.keys(thresholds.shape));
    expect(changes.screenLockSeconds.meta()).toMatchObject({ unit: 's', en: expect.stringContaining('screen') });
  });
});
