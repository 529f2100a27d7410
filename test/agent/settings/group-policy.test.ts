import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadSettings } from '../../../agent/settings/settings.ts';

/** As `reg query` prints it. */
function answer(...values: string[]): string {
  const head = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\KITS\\Agent';
  return ['', head, ...values.map((value) => `    ${value}`), '', `${head}\\Below`, ''].join('\r\n');
}

function load(file: object, ...values: string[]) {
  const dir = mkdtempSync(join(tmpdir(), 'kits-policy-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'agent.json'), JSON.stringify(file));
  return loadSettings({ configFile: join(dir, 'agent.json'), queryPolicy: () => answer(...values) });
}

test('values of each kind win over the file of the machine, and say where they come from', () => {
  const { settings, origins, problems } = load(
    { serverUrl: 'https://old.example', outboxDays: 20 },
    'ServerUrl    REG_SZ    https://kits.example/a b',
    `serverkey    REG_SZ    ${'k'.repeat(43)}`,
    'CheckInSeconds    REG_DWORD    0x384',
    'WithoutSections    REG_MULTI_SZ    usb\\0printers\\0',
    'InfrastructureTargets    REG_MULTI_SZ    [\\0{"name":"NAS","kind":"backup-target","host":"nas","port":443}\\0]',
    'LogLevel    REG_SZ    debug',
  );
  expect(problems).toEqual([]);
  expect(settings).toMatchObject({
    serverUrl: 'https://kits.example/a b',
    serverKey: 'k'.repeat(43),
    checkInSeconds: 900,
    outboxDays: 20,
    withoutSections: ['printers', 'usb'],
    infrastructureTargets: [{ name: 'NAS', host: 'nas', port: 443, tls: false }],
    logLevel: 'debug',
  });
  expect(origins).toMatchObject({
    serverUrl: 'group-policy',
    checkInSeconds: 'group-policy',
    outboxDays: 'machine-file',
  });
});

test('what cannot be used is named and left out; the rest counts', () => {
  const { settings, problems } = load(
    { outboxDays: 20 },
    'OutboxDays    REG_SZ    thirty',
    'Proxi    REG_SZ    http://proxy:3128',
    'CaFile    REG_SZ    C:\\Zertifikate\\f\uFFFDr.pem',
    'ServerKey    REG_SZ    short',
    'Backup    REG_MULTI_SZ    {"hooks":\\0',
    'CheckInSeconds    REG_BINARY    00FF',
    'FullRoundMinutes    REG_DWORD    0x1',
  );
  expect(settings).toMatchObject({ outboxDays: 20, checkInSeconds: 900, fullRoundMinutes: 15 });
  expect(settings.caFile).toBeUndefined();
  expect(problems).toEqual([
    'group policy: OutboxDays (REG_SZ) cannot be used and is ignored',
    'group policy: there is no setting "Proxi"',
    'group policy: CaFile (REG_SZ) cannot be used and is ignored',
    'group policy: ServerKey (REG_SZ) cannot be used and is ignored',
    'group policy: Backup (REG_MULTI_SZ) cannot be used and is ignored',
    'group policy: CheckInSeconds (REG_BINARY) cannot be used and is ignored',
    'fullRoundMinutes: 1 is outside 15 to 10080; 15 is used',
  ]);
});

test('taking away adds up: no policy brings back a section the file took', () => {
  expect(
    load({ withoutSections: ['usb'] }, 'WithoutSections    REG_MULTI_SZ    printers').settings.withoutSections,
  ).toEqual(['printers', 'usb']);
});

test('no key is no policy', () => {
  expect(load({ outboxDays: 20 }).settings.outboxDays).toBe(20);
});
