/** The removal of the package: the real command against a real server, and against none. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Agent, openAgent } from '../../../agent/agent.ts';
import { resetIdentityCommand } from '../../../agent/commands/report.ts';
import { retireCommand } from '../../../agent/commands/retire.ts';
import { createLog } from '../../../agent/log.ts';
import { loadSettings } from '../../../agent/settings/settings.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { startTestServer } from '../../fakes/test-server.ts';
import { vm } from '../../fixtures/vm.ts';

async function installed(enrols = true) {
  const parent = mkdtempSync(join(tmpdir(), 'kits-retire-'));
  const dataDir = join(parent, 'data');
  const server = await startTestServer();
  let running = true;
  const stopServer = async (): Promise<void> => {
    if (running) await server.close();
    running = false;
  };
  onTestFinished(async () => {
    await stopServer();
    rmSync(parent, { recursive: true, force: true });
  });
  const open = (): Promise<Agent> =>
    openAgent({
      dataDir,
      settings: loadSettings(),
      machine: recordedMachine(vm),
      log: createLog('error', () => undefined),
    });
  const agent = await open();
  if (enrols) await agent.enrol({ server: server.url, token: server.token, serverKey: server.keyThumbprint });
  await agent.round(['os']);
  agent.publishStatus();
  agent.close();
  mkdirSync(join(dataDir, 'public', 'sent'), { recursive: true });
  writeFileSync(join(dataDir, 'public', 'requests'), '');
  const said: string[] = [];
  const retire = (options: Record<string, boolean | string> = {}, limitMs = 15_000) =>
    retireCommand(
      {
        options: { 'data-dir': dataDir, ...options },
        out: (line) => said.push(line),
        err: () => undefined,
        signal: new AbortController().signal,
      },
      { limitMs },
    );
  const states = async () =>
    (await server.context.db.selectFrom('devices').select('state').execute()).map(({ state }) => state);
  return { parent, dataDir, server, stopServer, open, retire, said, states };
}

test('tells the server, removes everything, and is nobody afterwards', async () => {
  const { parent, dataDir, retire, said, states } = await installed();
  expect(await retire()).toBe(0);
  expect(said).toEqual([
    'The server was told: this device is retired there, and its history is kept.',
    'Identity and data were removed.',
  ]);
  expect(await states()).toEqual(['retired']);
  expect(existsSync(dataDir)).toBe(false);
  expect(readdirSync(parent)).toEqual([]);
  said.length = 0;
  expect(await retire()).toBe(0);
  expect(said[0]).toMatch(/not enrolled/);
});

test('keeps the data where it is asked to, but not who this PC was', async () => {
  const { dataDir, open, retire, said, states, server } = await installed();
  expect(await retire({ 'keep-data': true })).toBe(0);
  expect(said[1]).toBe(`The identity was removed; the data stays in ${dataDir}.`);
  expect(await states()).toEqual(['retired']);
  const kept = readdirSync(join(dataDir, 'private'));
  expect(kept.filter((name) => /^retired-\d{8}T\d{6}Z\.db$/.test(name))).toHaveLength(1);
  expect(kept).not.toContain('device-key.pem');
  expect(kept).not.toContain('identity.json');
  expect(readdirSync(join(dataDir, 'public')).sort()).toEqual(['requests', 'sent']);

  // The same PC again: a device of its own, beside the retired one.
  const agent = await open();
  expect(agent.enrolment()).toBeUndefined();
  await agent.enrol({ server: server.url, token: server.token, serverKey: server.keyThumbprint });
  agent.close();
  expect((await states()).sort()).toEqual(['active', 'retired']);
});

test('before its disk is copied, a PC becomes nobody, but not while reports wait', async () => {
  const { dataDir, open, said, states } = await installed();
  const reset = (options: Record<string, boolean> = {}) =>
    resetIdentityCommand({
      options: { 'data-dir': dataDir, ...options },
      out: (line) => said.push(line),
      err: () => undefined,
      signal: new AbortController().signal,
    });
  // As an upgrade leaves it.
  copyFileSync(join(dataDir, 'private/agent.db'), join(dataDir, 'private/store.before-0.1.0.db'));
  const before = readdirSync(join(dataDir, 'private')).sort();
  expect(before).toEqual(expect.arrayContaining(['agent.db', 'device-key.pem', 'identity.json']));
  await expect(reset()).rejects.toThrow('1 reports have not reached the server yet');
  expect(readdirSync(join(dataDir, 'private')).sort()).toEqual(before);
  expect(await reset({ 'discard-waiting': true })).toBe(0);
  expect(readdirSync(join(dataDir, 'private'))).toEqual(['lock.db']);
  expect(readdirSync(join(dataDir, 'public'))).toEqual(['requests']);
  expect(await states()).toEqual(['active']);
  const agent = await open();
  expect(agent.enrolment()).toBeUndefined();
  agent.close();
});

test('without a server it goes all the same, says so, and ends with 0', async () => {
  const { dataDir, retire, said, stopServer } = await installed();
  await stopServer();
  expect(await retire()).toBe(0);
  expect(said[0]).toMatch(
    /^The server could not be told \(.*\)\. The device stays in its list until KITS retires it there\.$/,
  );
  expect(existsSync(dataDir)).toBe(false);
});

test('a server that takes the call and never answers is not waited for', async () => {
  const { dataDir, retire, said, stopServer, server } = await installed();
  await stopServer();
  const { port } = new URL(server.url);
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(Number(port), '127.0.0.1', resolve));
  onTestFinished(() => void silent.close());
  expect(await retire({}, 300)).toBe(0);
  expect(said[0]).toContain('no answer within 0.3 seconds');
  expect(existsSync(dataDir)).toBe(false);
});

test('while the service runs nothing is changed', async () => {
  const { dataDir, open, retire, states } = await installed();
  const service = await open();
  onTestFinished(() => service.close());
  await expect(retire()).rejects.toMatchObject({ name: 'AgentRunning' });
  expect(existsSync(join(dataDir, 'private', 'device-key.pem'))).toBe(true);
  expect(await states()).toEqual(['active']);
});

test('settings that cannot be read keep nobody from removing', async () => {
  const { parent, dataDir, retire, said } = await installed();
  const config = join(parent, 'agent.json');
  writeFileSync(config, '{"nonsense":1}');
  expect(await retire({ config })).toBe(0);
  expect(said[0]).toMatch(/could not be told \(.*nonsense/s);
  expect(existsSync(dataDir)).toBe(false);
});

test('only what is its own is removed; a link is not followed', async () => {
  const { parent, dataDir, retire } = await installed(false);
  mkdirSync(join(parent, 'elsewhere'));
  writeFileSync(join(parent, 'elsewhere', 'precious'), '');
  symlinkSync(join(parent, 'elsewhere'), join(dataDir, 'public', 'sent', 'link'));
  writeFileSync(join(dataDir, 'letter.odt'), '');
  expect(await retire()).toBe(0);
  expect(readdirSync(dataDir)).toEqual(['letter.odt']);
  expect(readdirSync(join(parent, 'elsewhere'))).toEqual(['precious']);
});
