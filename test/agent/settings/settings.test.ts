import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { defaultThresholds, type Policy } from '../../../agent/contract/policy.ts';
import { loadSettings } from '../../../agent/settings/settings.ts';

/** Writes a machine file (and a local policy beside it) and returns its path. */
function files(machine: string | object, local?: object): string {
  const dir = mkdtempSync(join(tmpdir(), 'kits-settings-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'agent.json');
  writeFileSync(file, typeof machine === 'string' ? machine : JSON.stringify(machine));
  if (local !== undefined) writeFileSync(join(dir, 'policy.json'), JSON.stringify(local));
  return file;
}

const policy = (settings: Policy['settings']): Policy => ({
  version: 1,
  audience: { municipality: '11111111-1111-4111-8111-111111111111' },
  issuedAt: '2026-11-24T00:00:00Z',
  expiresAt: '2026-12-24T00:00:00Z',
  settings,
});

test('without a file the defaults hold and say so', () => {
  const { settings, origins } = loadSettings();
  expect(settings).toMatchObject({ checkInSeconds: 900, cheapRoundMinutes: 60, fullRoundMinutes: 240 });
  expect(settings.thresholds).toEqual(defaultThresholds);
  expect(new Set(Object.values(origins))).toEqual(new Set(['default']));
});

test('the server policy wins over the machine file', () => {
  const { settings, origins } = loadSettings({
    configFile: files({ checkInSeconds: 600, fullRoundMinutes: 100 }),
    policy: policy({ checkInSeconds: 300, thresholds: { storageFreeWarningPercent: 20 } }),
  });
  expect(settings).toMatchObject({ checkInSeconds: 300, fullRoundMinutes: 100 });
  expect(origins).toMatchObject({ checkInSeconds: 'server-policy', fullRoundMinutes: 'machine-file' });
  expect(settings.thresholds).toEqual({ ...defaultThresholds, storageFreeWarningPercent: 20 });
});

test('taking away adds up: what any side leaves out stays out', () => {
  const { settings, origins } = loadSettings({
    configFile: files({ withoutSections: ['usb'] }, { withoutSections: ['printers'] }),
    policy: policy({ withoutSections: ['display'] }),
  });
  expect(settings.withoutSections).toEqual(['display', 'printers', 'usb']);
  expect(origins.withoutSections).toBe('local-policy');
});

test('no policy of the server brings back what the machine or its administrator has taken away', () => {
  const loaded = loadSettings({ configFile: files({ withoutSections: ['usb'] }, { withoutSections: ['printers'] }) });
  const under = loaded.with(policy({ withoutSections: [] }));
  expect(under.settings.withoutSections).toEqual(['printers', 'usb']);
  expect(under.origins.withoutSections).toBe('local-policy');
});

test('the local administrator can take away and nothing else', () => {
  const file = files({ checkInSeconds: 600 }, { checkInSeconds: 60 });
  expect(() => loadSettings({ configFile: file })).toThrow(
    /policy\.json.*checkInSeconds.*known keys: withoutSections/s,
  );
});

test('the same files under another policy, and without one again', () => {
  const loaded = loadSettings({ configFile: files({ checkInSeconds: 600 }) });
  const under = loaded.with(policy({ checkInSeconds: 300, thresholds: { restartWarningDays: 1 } }));
  expect(under.settings.checkInSeconds).toBe(300);
  expect(under.origins).toMatchObject({
    checkInSeconds: 'server-policy',
    'thresholds.restartWarningDays': 'server-policy',
    'thresholds.restartCriticalDays': 'default',
  });
  const { with: _with, ...without } = under.with(undefined);
  const { with: _same, ...before } = loaded;
  expect(without).toEqual(before);
});

test.each([
  ['checkInSeconds', 1, 60],
  ['checkInSeconds', 1e9, 86_400],
  ['fullRoundMinutes', 0, 15],
] as const)('%s %d of a policy is brought to %d, whoever signed it', (key, value, clamped) => {
  const { settings, origins, problems } = loadSettings().with(policy({ [key]: value }));
  expect(settings[key]).toBe(clamped);
  expect(origins[key]).toBe('clamped');
  expect(problems).toEqual([expect.stringContaining(`${key}: ${value} is outside`)]);
});

test('a policy leads no device to another server and gives nobody else trust', () => {
  const strange = { serverUrl: 'https://other.example', serverKey: 'A'.repeat(43), recoveryKey: 'A'.repeat(43) };
  const elsewhere = { proxy: 'http://other.example:3128', caFile: '/tmp/ca.pem' };
  const configFile = files({ serverUrl: 'https://kits.example' });
  const { settings } = loadSettings({ configFile, policy: policy({ ...strange, ...elsewhere } as object) });
  expect(settings).toEqual(loadSettings({ configFile }).settings);
});

test('a number out of range is brought into it and noted', () => {
  const { settings, origins, problems } = loadSettings({ configFile: files({ checkInSeconds: 1 }) });
  expect(settings.checkInSeconds).toBe(60);
  expect(origins.checkInSeconds).toBe('clamped');
  expect(problems).toEqual(['checkInSeconds: 1 is outside 60 to 86400; 60 is used']);
});

test.each([
  ['a wrong type', { checkInSeconds: 'soon' }, /checkInSeconds: expected a number of seconds/],
  ['an unknown key', { serverURL: 'https://x.example' }, /serverURL.*known keys: serverUrl/s],
  ['a recovery key that is no thumbprint', { recoveryKey: 'abc' }, /recoveryKey: expected the thumbprint/],
  ['a bad URL', { serverUrl: 'kits' }, /serverUrl: expected a URL such as/],
  [
    'a bad nested value',
    { infrastructureTargets: [{ name: 'a', kind: 'gateway', host: 'h', port: 0 }] },
    /infrastructureTargets\.0\.port/,
  ],
  ['an unknown section', { withoutSections: ['usbs'] }, /withoutSections\.0/],
  ['a list instead of an object', [], /the whole file/],
])('%s is an error that names file and key, and the file stays as it is', (_name, content, message) => {
  const file = files(content);
  expect(() => loadSettings({ configFile: file })).toThrow(message);
  expect(() => loadSettings({ configFile: file })).toThrow(file);
  expect(readFileSync(file, 'utf8')).toBe(JSON.stringify(content));
});

test('text that is not JSON is an error; a byte order mark is none', () => {
  expect(() => loadSettings({ configFile: files('{"checkInSeconds": 600,') })).toThrow(/not valid JSON/);
  expect(loadSettings({ configFile: files('\uFEFF{"checkInSeconds": 600}') }).settings.checkInSeconds).toBe(600);
});

test('a file somebody named has to be there', () => {
  expect(() => loadSettings({ configFile: '/nowhere/agent.json' })).toThrow(/\/nowhere\/agent\.json cannot be read/);
});
