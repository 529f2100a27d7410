/**
 * `npm start`: the main job on this machine. Starts the server, enrols this machine, collects, reports, says where to look,
 * and keeps running on schedule. `--once` ends after the first accepted report.
 */
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { build } from 'vite';
import { type Agent, openAgent } from '../agent/agent.ts';
import { isGap } from '../agent/commands/collect.ts';
import { createLog } from '../agent/log.ts';
import { thisMachine } from '../agent/platform/this-machine.ts';
import type { SendResult } from '../agent/report/server-link.ts';
import type { Round } from '../agent/rounds.ts';
import { tasks } from '../agent/schedule/due.ts';
import { startService } from '../agent/service.ts';
import { type LoadedSettings, loadSettings } from '../agent/settings/settings.ts';
import { createMunicipality, listMunicipalities } from '../server/fleet/municipalities.ts';
import { type Actor, everything } from '../server/fleet/scope.ts';
import { createEnrolmentToken } from '../server/fleet/tokens.ts';
import { AddressUnavailable, createServer, type KitsServer } from '../server/server.ts';
import { createSignInLink, createUser, findUser } from '../server/staff/users.ts';
import { buildTray } from './build-tray.ts';
import { electronBinary, hasDesktop, howToGetElectron } from './electron-binary.ts';

const root = join(import.meta.dirname, '..');
const usualPort = 7480;
/** The first of the 13 municipalities, for a server that has none yet. */
const firstMunicipality = 'Wasungen';
const administrator = 'admin';

const usage = 'npm start [-- --once] [--port P] [--data-dir DIR]';

function say(line = ''): void {
  process.stdout.write(`${line}\n`);
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
      port: { type: 'string' },
      'data-dir': { type: 'string', default: join(root, '.kits') },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { port } = values;
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535)) {
    throw new Error(`--port ${port}: expected a whole number from 0 to 65535.`);
  }
  return values;
}

function optionsOrEnd(): ReturnType<typeof readOptions> {
  try {
    return readOptions();
  } catch (error) {
    say(`npm start: ${(error as Error).message}\nUsage: ${usage}`);
    process.exit(2);
  }
}

const options = optionsOrEnd();

/** Says what is being done before it is done, and how long it took after it. */
async function step<T>(what: string, work: () => Promise<T>, outcome: (result: T) => string): Promise<T> {
  const startedAt = performance.now();
  process.stdout.write(`${what} … `);
  try {
    const result = await work();
    say(`${outcome(result)} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
    return result;
  } catch (error) {
    say('failed');
    throw error;
  }
}

/** Newest change below a folder, ms since 1970. */
function newest(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return Math.max(0, ...names.map((name) => statSync(join(folder, name)).mtimeMs));
}

async function buildConsole(): Promise<string> {
  const built = join(root, 'dist/console/index.html');
  const changed = Math.max(newest(join(root, 'server/console')), statSync(join(root, 'package-lock.json')).mtimeMs);
  if (existsSync(built) && statSync(built).mtimeMs > changed) return 'up to date';
  await build({ configFile: join(root, 'server/console/vite.config.ts'), logLevel: 'warn' });
  return 'built';
}

/** The usual port, or a free one when another program has it and none was asked for. */
async function startServer(dataDir: string): Promise<KitsServer> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const logStream = createWriteStream(join(dataDir, 'server.log'), { flags: 'a', mode: 0o600 });
  const common = { dataDir: join(dataDir, 'server'), consoleDir: join(root, 'dist/console'), logStream };
  try {
    return await createServer({ ...common, port: options.port === undefined ? usualPort : Number(options.port) });
  } catch (error) {
    if (!(error instanceof AddressUnavailable) || options.port !== undefined) throw error;
    return createServer({ ...common, port: 0 });
  }
}

/** Whoever runs this may do everything on the server it makes; the audit record names the system's user. */
const actor: Actor = { name: `npm start (${userInfo().username})`, scope: everything };

async function enrolThisMachine(server: KitsServer, agent: Agent): Promise<string> {
  const before = agent.enrolment();
  if (before?.serverUrl === server.url && before.serverKeyThumbprint === server.keyThumbprint) {
    return `already known as ${before.deviceId}`;
  }
  const [known] = await listMunicipalities(server.context, everything);
  const municipality =
    known ?? (await createMunicipality(server.context, actor, { name: firstMunicipality, approvalRequired: false }));
  const { token } = await createEnrolmentToken(server.context, actor, {
    municipalityId: municipality.id,
    uses: 1,
    expiresInDays: 1,
  });
  const { deviceId } = await agent.enrol({ server: server.url, token, serverKey: server.keyThumbprint });
  return `${deviceId} in ${municipality.name}`;
}

async function signInLink(server: KitsServer): Promise<string> {
  if ((await findUser(server.context.db, administrator)) === undefined) {
    await createUser(server.context, actor.name, { name: administrator, role: 'admin', municipalityIds: [] });
  }
  const { secret } = await createSignInLink(server.context, actor.name, administrator, 60);
  return `${server.url}/anmelden#${secret}`;
}

function describeRound({ sections }: Round): string {
  const absent = sections.filter(
    ({ state, problems }) => state === 'missing' && problems.every(({ code }) => code === 'not-present'),
  );
  return `${sections.length} sections, ${sections.filter(({ data }) => data !== undefined).length} with facts, ${absent.length} this machine does not have`;
}

/** Partial sections are listed, not hidden. */
function listGaps({ sections }: Round): void {
  for (const { id, state, problems } of sections.filter(isGap)) {
    for (const { code, detail } of problems) say(`  ${id} (${state}): ${code}, ${detail}`);
  }
}

async function openTray(publicDir: string): Promise<string> {
  const binary = electronBinary();
  if (binary === undefined) {
    return `Tray: ${howToGetElectron}`;
  }
  if (!hasDesktop()) {
    return 'Tray: there is no desktop session on this machine; everything else works without.';
  }
  await buildTray();
  const child = spawn(binary, [root, `--status-file=${join(publicDir, 'status.json')}`], { stdio: 'ignore' });
  child.on('error', (error) => say(`Tray: ${error.message}`));
  process.once('exit', () => child.kill());
  return 'Tray: the icon is in the notification area.';
}

async function untilAsked(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

/** The trial watches its own server, so that the section on infrastructure has something real to say. */
function trialSettings(server: KitsServer): LoadedSettings {
  const { hostname: host, port } = new URL(server.url);
  const own = { name: 'KITS-Server', kind: 'kits-server' as const, host, port: Number(port), tls: false };
  const watched = (loaded: LoadedSettings): LoadedSettings => {
    const targets = loaded.settings.infrastructureTargets;
    return {
      ...loaded,
      settings: { ...loaded.settings, infrastructureTargets: targets.length > 0 ? targets : [own] },
      with: (policy) => watched(loaded.with(policy)),
    };
  };
  return watched(loadSettings());
}

async function main(): Promise<void> {
  const dataDir = options['data-dir'];
  await step('Console', buildConsole, (what) => what);
  const server = await step(
    'Server',
    () => startServer(dataDir),
    ({ url }) => url,
  );
  try {
    const settings = trialSettings(server);
    const agentDir = join(dataDir, 'agent');
    const log = createLog('info', (line) => void process.stderr.write(line));
    const agent = await openAgent({ dataDir: agentDir, settings, machine: await thisMachine(), log });
    try {
      await step(
        'Enrolment',
        () => enrolThisMachine(server, agent),
        (who) => who,
      );
      const round = await step('Inventory', () => agent.round('full'), describeRound);
      listGaps(round);
      const sent = await step(
        'Report',
        () => agent.exchange(),
        ({ accepted }) => `${accepted} accepted`,
      );
      agent.publishStatus();
      // The service goes on from here instead of beginning with the same round again.
      for (const task of tasks) agent.store.ran(task, new Date());
      if (sent.accepted === 0) {
        throw new Error(
          `the server took no report: this device is "${agent.enrolment()?.state}". ` +
            'Approve it in the console (npm run server -- start), then run this again. The report waits in the queue.',
        );
      }
      const link = await signInLink(server);
      if (!options.once) say(await openTray(join(agentDir, 'public')));
      conclude(server, agent, round, sent, link);
      if (options.once) return;
      const service = startService({ agent, log });
      await untilAsked();
      say('\nEnding …');
      await service.stop();
    } finally {
      agent.close();
    }
  } finally {
    await server.close();
  }
}

function conclude(server: KitsServer, agent: Agent, round: Round, sent: SendResult, link: string): void {
  const deviceId = agent.enrolment()?.deviceId ?? '';
  const hostname = round.sections.find((section) => section.id === 'system')?.data?.hostname;
  say();
  say(`Device:   ${hostname ?? 'this machine'} (${deviceId})`);
  say(`Sections: ${round.sections.length}`);
  say(`Sent:     ${sent.bytesSent} bytes in ${sent.accepted} ${sent.accepted === 1 ? 'report' : 'reports'}`);
  if (options.once) {
    say(`Console:  ${server.url}/geraete/${deviceId} (ended with --once; "npm start" keeps it running)`);
    return;
  }
  say(`Console:  ${server.url}/geraete/${deviceId}`);
  say(`Sign in:  ${link}`);
  say('          (once, within an hour; end with Ctrl+C)');
}

if (options.help) {
  say(`${usage}\n`);
  say('Starts a KITS server with its data under .kits/, enrols this machine, collects, reports, and keeps running.');
  say('--once ends after the first accepted report.');
} else {
  try {
    await main();
  } catch (error) {
    say();
    say(`npm start: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
