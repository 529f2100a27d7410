/** The installers as they are built, run in wine, against a real server on loopback. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { status as statusSchema } from '../../../agent/contract/status.ts';
import { startTestServer, type TestServer } from '../../fakes/test-server.ts';
import { createWineMachine, type Ended, type WineMachine } from './wine-machine.ts';

const builds = join(import.meta.dirname, '../../../dist/wine');
const [older, newer] = ['0.1.0', '0.2.0'] as const;
const built = (version: string, kind: 'setup.exe' | 'msi'): string =>
  join(builds, version, `kits-agent-${version}-stand-in${kind === 'msi' ? '.msi' : '-setup.exe'}`);

const programFolder = 'Program Files/KITS Agent';
const dataFolder = 'ProgramData/KITS/Agent';
const key = 'k'.repeat(43);

async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  seconds = 120,
): Promise<T> {
  for (let waited = 0; waited < seconds * 5; waited += 1) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await setTimeout(200);
  }
  throw new Error(`${what}: not seen in ${seconds} s`);
}

function settingsOf(machine: WineMachine): Record<string, unknown> {
  return JSON.parse(readFileSync(machine.at(`${dataFolder}/agent.json`), 'utf8'));
}
const logOf = (machine: WineMachine): string => readFileSync(machine.at(`${programFolder}/install.log`), 'utf8');
const task = (machine: WineMachine, name: string): string =>
  readFileSync(machine.at(`kits-test/tasks/${name}.xml`), 'utf16le');

/** Wherever a secret could have been left: logs, settings, registry, what access lists were called with. */
async function placesOfSecrets(machine: WineMachine): Promise<string> {
  const files = [
    `${programFolder}/install.log`,
    `${dataFolder}/agent.json`,
    ...['service.log', 'guard.log'].map((name) => `${dataFolder}/private/${name}`),
    'kits-test/tasks/service.log',
    'kits-test/icacls.log',
  ];
  const texts = files
    .filter((file) => existsSync(machine.at(file)))
    .map((file) => readFileSync(machine.at(file), 'utf8').replaceAll('\0', ''));
  return [...texts, await machine.registry()].join('\n');
}

/** The installer has done its work; where it has not, what everybody had to say about it. */
function expectDone(machine: WineMachine, ended: Ended): void {
  const logs = [
    `${programFolder}/install.log`,
    ...['service', 'guard'].map((name) => `${dataFolder}/private/${name}.log`),
  ]
    .filter((file) => existsSync(machine.at(file)))
    .map((file) => `${file}:\n${readFileSync(machine.at(file), 'utf8').slice(-4000)}`);
  expect(ended.code, [ended.output, ...logs].join('\n')).toBe(0);
}

/** Command lines of processes that fit, as every user of a PC can read them; collected until the answer is called. */
function watchCommandLines(pattern: RegExp): () => string[] {
  const seen = new Set<string>();
  const look = (): void => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        if (pattern.test(line)) seen.add(line);
      } catch {
        // Gone in the meantime.
      }
    }
  };
  const timer = setInterval(look, 50);
  return () => {
    clearInterval(timer);
    return [...seen];
  };
}

async function joined(machine: WineMachine, server: TestServer): Promise<void> {
  const status = await until(
    'an accepted report in status.json',
    () => {
      const file = machine.at(`${dataFolder}/public/status.json`);
      if (!existsSync(file)) return undefined;
      const status = statusSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
      return status.reporting.lastAcceptedAt === undefined ? undefined : status;
    },
    300,
  );
  expect(status.device).toMatchObject({ state: 'active', municipality: 'Wasungen' });
  const devices = await server.context.db.selectFrom('devices').select(['id']).execute();
  expect(devices).toHaveLength(1);
}

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
}, 300_000);
afterAll(() => server.close());

describe('NSIS', () => {
  let machine: WineMachine;
  let setup: string;
  beforeAll(async () => {
    machine = await createWineMachine();
    setup = machine.bring(built(older, 'setup.exe'), 'setup.exe');
  }, 600_000);
  afterAll(() => machine[Symbol.asyncDispose]());

  test('a first installation without a word ends with a service that collects and waits', async () => {
    expectDone(machine, await machine.run(setup, '/S'));
    expect(settingsOf(machine)).toEqual({});
    expect(task(machine, 'KITS Agent')).toContain(`versions\\${older}\\kits-agent.exe`);
    expect(task(machine, 'KITS Agent Guard')).toContain(`versions\\${older}\\kits-agent.exe`);
    const status = await until('status.json', () => existsSync(machine.at(`${dataFolder}/public/status.json`)));
    expect(status).toBe(true);
    expect(readFileSync(machine.at(`${dataFolder}/public/requests`))).toHaveLength(0);
    // Windows keeps nothing of what a task says.
    expect(readFileSync(machine.at(`${dataFolder}/private/service.log`), 'utf8')).toContain(
      '"event":"service-started"',
    );
  });

  test('the access lists are set by SID, and before anything is written', () => {
    const calls = readFileSync(machine.at('kits-test/icacls.log'), 'utf16le').split('\r\n');
    const closed = '/inheritance:r | /grant:r | *S-1-5-18:(OI)(CI)F | *S-1-5-32-544:(OI)(CI)F';
    // The folder around it first, then the way in, then what lies below.
    const around = calls.findIndex((call) => call.startsWith(`C:\\ProgramData\\KITS | ${closed}`));
    const wayIn = calls.findIndex((call) => call.startsWith(`C:\\ProgramData\\KITS\\Agent | ${closed}`));
    expect(around).toBeGreaterThanOrEqual(0);
    expect(wayIn).toBeGreaterThan(around);
    expect(calls.findIndex((call) => call.startsWith('C:\\ProgramData\\KITS\\Agent\\'))).toBeGreaterThan(wayIn);
    expect(calls.find((call) => call.startsWith('C:\\ProgramData\\KITS\\Agent\\public |'))).toContain(
      '*S-1-5-32-545:(OI)(CI)RX',
    );
    expect(calls.find((call) => call.includes('\\requests |'))).toContain('*S-1-5-32-545:(AD,WA,WEA,RA,RC,S)');
  });

  test('autostart, event source and the entry of the control panel are there, and no helper to elevate', async () => {
    const registry = await machine.registry();
    expect(registry).toContain('"KITS Agent"="\\"C:\\\\Program Files\\\\KITS Agent\\\\KITS Agent.exe\\""');
    expect(registry).toMatch(/eventlog\\application\\kits agent\]/);
    expect(registry).toContain(`"DisplayVersion"="${older}"`);
    expect(existsSync(machine.at(`${programFolder}/resources/elevate.exe`))).toBe(false);
    expect(existsSync(machine.at('ProgramData/Microsoft/Windows/Start Menu/Programs/KITS Agent.lnk'))).toBe(true);
  });

  test('the tray is started for whoever is logged on, with the rights of users', async () => {
    expect(task(machine, 'KITS Agent Tray')).toContain('<GroupId>S-1-5-32-545</GroupId>');
    const said = (): string => readFileSync(machine.at('kits-test/tasks/service.log'), 'utf8');
    await until('the stand-in of the tray', () => said().includes('KITS-STAND-IN: this is not Electron'));
  });

  test.each(['C:\\open', 'C:\\Program Files\\..\\open'])('is not installed into %s', async (folder) => {
    expect(await machine.run(setup, `/S /D=${folder}`)).toMatchObject({ code: 12 });
    const left = existsSync(machine.at('open')) ? readdirSync(machine.at('open')) : [];
    expect(left).toEqual([]);
  });

  const url = (name: string): string => `https://${name}.example/kits/agent/`;
  test.each([
    ['bare', `/S /SERVER=${url('a')} /TOKEN=token-of-16-chars/a /SERVERKEY=${key}`, 'a'],
    ['values in quotes', `/S /SERVER="${url('b')}" /TOKEN="token-of-16-chars/b" /SERVERKEY="${key}"`, 'b'],
    ['options in quotes', `/S "/SERVER=${url('c')}" "/TOKEN=token-of-16-chars/c" "/SERVERKEY=${key}"`, 'c'],
    [
      'mixed, in small letters, /S last',
      `"/server=${url('d')}" /token="token-of-16-chars/d" /serverkey=${key} /S`,
      'd',
    ],
  ])('takes options %s, over an installation that is there', async (_how, words, name) => {
    expectDone(machine, await machine.run(setup, words));
    expect(settingsOf(machine)).toEqual({ serverUrl: url(name), serverKey: key });
    const waiting = JSON.parse(readFileSync(machine.at(`${dataFolder}/private/waiting-enrolment.json`), 'utf8'));
    expect(waiting).toEqual({ server: url(name), token: `token-of-16-chars/${name}`, serverKey: key });
  });

  test('an MSI over it is refused', async () => {
    const other = machine.bring(built(newer, 'msi'), 'other.msi');
    expect((await machine.run('C:\\windows\\system32\\msiexec.exe', `/i ${other} /qn`)).code).toBe(1603 & 0xff);
    expect(task(machine, 'KITS Agent')).toContain(`versions\\${older}\\`);
    expect(existsSync(machine.at(`${programFolder}/versions/${newer}`))).toBe(false);
  });

  test('a reinstallation without options keeps every setting', async () => {
    expectDone(machine, await machine.run(setup, '/S'));
    expect(settingsOf(machine)).toEqual({ serverUrl: url('d'), serverKey: key });
  });

  test.each([
    ['a misspelt option', '/S /SERVERURL=https://x.example'],
    ['a URL that is none', `/S /SERVER=nonsense /SERVERKEY=${key}`],
    ['a server without its key', '/S /SERVER=https://e.example /SERVERKEY=short'],
  ])('%s: exit code 10, the reason in the log, settings and service as they were', async (_what, words) => {
    expect(await machine.run(setup, words)).toMatchObject({ code: 10 });
    expect(logOf(machine)).toContain('Nothing was changed');
    expect(settingsOf(machine)).toEqual({ serverUrl: url('d'), serverKey: key });
    expect(task(machine, 'KITS Agent')).toContain(`versions\\${older}\\`);
  });

  test('a settings file beside the installer: the device joins, reports, and no secret is left', async () => {
    const file = machine.at('media/kits-agent-setup.json');
    writeFileSync(
      file,
      JSON.stringify({
        server: server.url,
        serverKey: server.keyThumbprint,
        token: server.token,
        settings: { outboxDays: 50, selfUpdate: true, releaseKey: key },
      }),
    );
    expectDone(machine, await machine.run(setup, '/S'));
    expect(settingsOf(machine)).toEqual({
      serverUrl: server.url,
      serverKey: server.keyThumbprint,
      outboxDays: 50,
      selfUpdate: true,
      releaseKey: key,
    });
    await joined(machine, server);
    expect(existsSync(machine.at(`${dataFolder}/private/waiting-enrolment.json`))).toBe(false);
    // The file belongs to the share it lies on.
    expect(existsSync(file)).toBe(true);
    rmSync(file);
    const places = await placesOfSecrets(machine);
    expect(places).not.toContain(server.token);
    expect(places).not.toContain('token-of-16-chars');
  });

  test('an upgrade keeps settings, identity and the version before', async () => {
    const next = machine.bring(built(newer, 'setup.exe'), 'newer.exe');
    const before = readFileSync(machine.at(`${dataFolder}/private/device-key.pem`), 'utf8');
    expectDone(machine, await machine.run(next, '/S'));
    expect(task(machine, 'KITS Agent')).toContain(`versions\\${newer}\\`);
    expect(readdirSync(machine.at(`${programFolder}/versions`)).sort()).toEqual([older, newer]);
    expect(settingsOf(machine)).toMatchObject({ serverUrl: server.url, outboxDays: 50 });
    expect(readFileSync(machine.at(`${dataFolder}/private/device-key.pem`), 'utf8')).toBe(before);
    expect(readFileSync(machine.at(`${programFolder}/resources/tray-version`), 'utf8')).toBe(`${newer}\n`);
  });

  test('an older version is refused before anything is touched', async () => {
    expect(await machine.run(setup, '/S')).toMatchObject({ code: 12 });
    expect(readFileSync(machine.at(`${programFolder}/resources/tray-version`), 'utf8')).toBe(`${newer}\n`);
    expect(task(machine, 'KITS Agent')).toContain(`versions\\${newer}\\`);
  });

  test('a PC can be made nobody before its disk is copied: nothing that is removed is still open', async () => {
    const program = `C:\\Program Files\\KITS Agent\\versions\\${newer}\\kits-agent.exe`;
    // Not enrolled, it ends with 3 and leaves its store.
    expect(await machine.run(program, 'report --data-dir C:\\kits-test\\other')).toMatchObject({ code: 3 });
    const left = (): string[] => readdirSync(machine.at('kits-test/other/private'));
    expect(left()).toContain('agent.db');
    expectDone(machine, await machine.run(program, 'reset-identity --data-dir C:\\kits-test\\other'));
    expect(left()).toEqual(['lock.db']);
  });

  test('an uninstallation leaves neither program nor task nor autostart', async () => {
    expectDone(machine, await machine.run('C:\\Program Files\\KITS Agent\\Uninstall KITS Agent.exe', '/allusers /S'));
    await until('the program folder to go', () => !existsSync(machine.at(programFolder)));
    expect(existsSync(machine.at('ProgramData/KITS'))).toBe(false);
    const devices = await server.context.db.selectFrom('devices').select(['state']).execute();
    expect(devices).toEqual([{ state: 'retired' }]);
    expect(readdirSync(machine.at('kits-test/tasks')).filter((name) => name.endsWith('.xml'))).toEqual([]);
    const registry = await machine.registry();
    expect(registry).not.toContain('"KITS Agent"=');
    expect(registry).not.toMatch(/eventlog\\application\\kits agent\]/);
    expect(registry).not.toMatch(/\\kits\\agent\]/);
    // The uninstaller answers before it has ended.
    await until(
      'the entry of the control panel to go',
      async () => !(await machine.registry()).includes('"DisplayVersion"="0.2.0"'),
    );
  });
});

describe('MSI', () => {
  let machine: WineMachine;
  let msi: string;
  beforeAll(async () => {
    machine = await createWineMachine();
    msi = machine.bring(built(older, 'msi'), 'older.msi');
    machine.bring(built(newer, 'msi'), 'newer.msi');
  }, 600_000);
  afterAll(() => machine[Symbol.asyncDispose]());
  const msiexec = (words: string, env: Readonly<Record<string, string>> = {}) =>
    machine.run('C:\\windows\\system32\\msiexec.exe', words, env);
  /** wine removes the old product without telling it why (no UPGRADINGPRODUCTCODE). */
  const upgrading = { KITS_AGENT_UPGRADING: '1' };
  /** Of 1603 and, where an action fails, wine's 1627 eight bits come through. */
  const failed = [1603 & 0xff, 1627 & 0xff];

  test('properties that cannot be used end the installation and leave neither settings nor a service', async () => {
    expect(failed).toContain((await msiexec(`/i ${msi} /qn SERVER=nonsense TOKEN=token-of-16-chars`)).code);
    expect(existsSync(machine.at(dataFolder))).toBe(false);
    expect(existsSync(machine.at('kits-test/tasks'))).toBe(false);
    expect(await machine.registry()).not.toContain('"DisplayVersion"="0.1.0"');
  });

  test.each(['C:\\open', '"C:\\Program Files\\..\\open"'])('is not installed into %s', async (folder) => {
    expect(failed).toContain((await msiexec(`/i ${msi} /qn INSTALLDIR=${folder}`)).code);
    expect(existsSync(machine.at('open'))).toBe(false);
  });

  test('installs with properties, joins and reports; the token is nowhere', async () => {
    const own = await startTestServer();
    try {
      const properties = `SERVER=${own.url}/ TOKEN=${own.token} SERVERKEY=${own.keyThumbprint}`;
      const watched = watchCommandLines(/kits-agent\.exe\0*.?set-up/);
      expectDone(machine, await msiexec(`/i ${msi} /qn /l*v C:\\media\\install.txt ${properties}`));
      const seen = watched();
      expect(seen).not.toEqual([]);
      expect(seen.join('\n')).not.toContain(own.token);
      await joined(machine, own);
      expect(settingsOf(machine)).toEqual({ serverUrl: `${own.url}/`, serverKey: own.keyThumbprint });
      expect(await placesOfSecrets(machine)).not.toContain(own.token);
    } finally {
      await own.close();
    }
  });

  test('a repair takes neither properties nor a settings file: every user may start one', async () => {
    const before = settingsOf(machine);
    const file = machine.at('media/kits-agent-setup.json');
    writeFileSync(file, JSON.stringify({ server: 'https://evil.example', serverKey: key, token: 'token-of-16-chars' }));
    await msiexec(`/i ${msi} /qn REINSTALL=ALL REINSTALLMODE=vomus SERVER=https://evil.example SERVERKEY=${key}`);
    await msiexec(`/fa ${msi} /qn SERVER=https://evil.example SERVERKEY=${key} TOKEN=token-of-16-chars`);
    rmSync(file);
    expect(settingsOf(machine)).toEqual(before);
    expect(existsSync(machine.at(`${dataFolder}/private/waiting-enrolment.json`))).toBe(false);
  });

  test('an upgrade without properties keeps them', async () => {
    const before = settingsOf(machine);
    expectDone(machine, await msiexec('/i C:\\media\\newer.msi /qn', upgrading));
    expect(settingsOf(machine)).toEqual(before);
    expect(task(machine, 'KITS Agent')).toContain(`versions\\${newer}\\`);
    expect(existsSync(machine.at(`${programFolder}/versions/${older}/kits-agent.exe`))).toBe(true);
    const registry = await machine.registry();
    expect(registry).toContain(`"DisplayVersion"="${newer}"`);
    expect(registry).not.toContain(`"DisplayVersion"="${older}"`);
  });

  test('an older version is refused', async () => {
    expect(failed).toContain((await msiexec(`/i ${msi} /qn`)).code);
    expect(task(machine, 'KITS Agent')).toContain(`versions\\${newer}\\`);
    expect(readFileSync(machine.at(`${programFolder}/resources/tray-version`), 'utf8')).toBe(`${newer}\n`);
  });

  test('setup.exe over it is refused', async () => {
    const other = machine.bring(built(newer, 'setup.exe'), 'other.exe');
    expect(await machine.run(other, '/S')).toMatchObject({ code: 12 });
    expect(await machine.registry()).not.toContain('Uninstall KITS Agent.exe');
  });

  test('an uninstallation leaves neither program nor task nor autostart', async () => {
    expectDone(machine, await msiexec('/x C:\\media\\newer.msi /qn'));
    await until('the program folder to go', () => !existsSync(machine.at(`${programFolder}/versions`)));
    expect(existsSync(machine.at('ProgramData/KITS'))).toBe(false);
    expect(readdirSync(machine.at('kits-test/tasks')).filter((name) => name.endsWith('.xml'))).toEqual([]);
    expect(await machine.registry()).not.toContain('"KITS Agent"=');
  });

  test('an upgrade with properties takes them', async () => {
    expectDone(machine, await msiexec(`/i ${msi} /qn SERVER=https://a.example SERVERKEY=${key}`));
    const other = 'o'.repeat(43);
    expectDone(
      machine,
      await msiexec(`/i C:\\media\\newer.msi /qn SERVER=https://b.example SERVERKEY=${other}`, upgrading),
    );
    expect(settingsOf(machine)).toMatchObject({ serverUrl: 'https://b.example', serverKey: other });
  });
});
