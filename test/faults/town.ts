/** A real server process, a proxy that does to the traffic what a test wants, and what both sides hold in the end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { expect, inject, onTestFinished } from 'vitest';
import { type Agent, openAgent } from '../../agent/agent.ts';
import { sectionIds } from '../../agent/contract/facts/index.ts';
import { createLog } from '../../agent/log.ts';
import { loadSettings } from '../../agent/settings/settings.ts';
import { type FaultProxy, startFaultProxy } from '../fakes/fault-proxy.ts';
import { recordedMachine } from '../fakes/recorded-machine.ts';
import { startTestServer, type TestServer } from '../fakes/test-server.ts';
import { makeCertificates } from '../fixtures/certificates.ts';
import { vm } from '../fixtures/vm.ts';

/** Sections that cost nothing to collect: the traffic is what is tried here. */
const collected: readonly string[] = ['memory', 'agent'];

export interface Place {
  readonly dir: string;
  readonly serverDir: string;
  readonly agentDir: string;
  readonly token: string;
  /** Starts the server as a process of its own; 0 takes any port. */
  startServer(port?: number): Promise<{ child: ChildProcess; url: string; port: number }>;
}

export interface PlaceOptions {
  /** Before the server becomes a process of its own. */
  readonly prepare?: (server: TestServer) => Promise<void>;
  /** A built console for it to serve. */
  readonly consoleDir?: string;
}

/** Directories with a server that knows one municipality; all that was started ends with the test. */
export async function preparePlace({ prepare, consoleDir }: PlaceOptions = {}): Promise<Place> {
  const dir = mkdtempSync(join(tmpdir(), 'kits-faults-'));
  const serverDir = join(dir, 'server');
  const agentDir = join(dir, 'agent');
  mkdirSync(agentDir);
  const prepared = await startTestServer({ dataDir: serverDir });
  const { token } = prepared;
  await prepare?.(prepared);
  await prepared.close();
  const children = new Set<ChildProcess>();
  onTestFinished(async () => {
    for (const child of children) await kill(child);
    rmSync(dir, { recursive: true });
  });
  return {
    dir,
    serverDir,
    agentDir,
    token,
    startServer: async (port = 0) => {
      const child = spawn(
        process.execPath,
        [driver('server-driver'), serverDir, String(port), ...(consoleDir === undefined ? [] : [consoleDir])],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
          env: withCache(),
        },
      );
      children.add(child);
      const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
      const { url } = JSON.parse(line) as { url: string };
      return { child, url, port: Number(new URL(url).port) };
    },
  };
}

/** What to start: one built file where many are started, as in the fault tests, and the source elsewhere. */
export function driver(name: 'agent-driver' | 'server-driver'): string {
  const built: string | undefined = inject('drivers');
  return built === undefined ? join(import.meta.dirname, `${name}.ts`) : join(built, `${name}.mjs`);
}

/** Programs that are started hundreds of times need not be compiled anew each time. */
export function withCache(): NodeJS.ProcessEnv {
  return { NODE_COMPILE_CACHE: join(tmpdir(), 'kits-compile-cache'), ...process.env };
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** `agent.json` of a device that collects next to nothing. */
export function writeSettings(agentDir: string, more: object = {}): string {
  const file = join(agentDir, 'agent.json');
  const withoutSections = sectionIds.filter((id) => !collected.includes(id));
  writeFileSync(file, JSON.stringify({ withoutSections, ...more }));
  return file;
}

export interface Town extends Place {
  readonly proxy: FaultProxy;
  readonly agent: Agent;
  /** Certificates of the authority the agent trusts; only with `tls`. */
  readonly certificates: ReturnType<typeof makeCertificates> | undefined;
  /** Makes so many reports; each is in the outbox when this is done. */
  report(count: number): Promise<void>;
  /** Exchanges until nothing waits; `attempts` bounds it. Answers the codes of the failures on the way. */
  drain(attempts?: number): Promise<string[]>;
}

export async function startTown(options: { tls?: boolean } = {}): Promise<Town> {
  const place = await preparePlace();
  const certificates = options.tls === true ? makeCertificates() : undefined;
  if (certificates !== undefined) onTestFinished(() => certificates.remove());
  const { url } = await place.startServer();
  const proxy = await startFaultProxy(url, certificates?.issue('good', 10));
  onTestFinished(() => proxy.close());
  const more = certificates === undefined ? {} : { caFile: certificates.caFile };
  const settings = loadSettings({ configFile: writeSettings(place.agentDir, more) });
  const log = createLog('error', (line) => void process.stderr.write(line));
  const agent = await openAgent({ dataDir: place.agentDir, settings, machine: recordedMachine(vm), log });
  onTestFinished(() => agent.close());
  await agent.enrol({ server: proxy.url, token: place.token });
  return {
    ...place,
    proxy,
    agent,
    certificates,
    report: async (count) => {
      for (let made = 0; made < count; made += 1) await agent.round('cheap');
    },
    drain: async (attempts = 40) => {
      const codes: string[] = [];
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        try {
          const { more: waits } = await agent.exchange();
          if (!waits && agent.store.queue().waiting === 0) return codes;
        } catch (error) {
          codes.push(String((error as { code?: unknown }).code));
        }
      }
      throw new Error(`${agent.store.queue().waiting} reports still wait after ${codes.join(', ')}`);
    },
  };
}

function query(file: string, sql: string): Record<string, unknown>[] {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
}

/**
 * What was made and what is held: each report exactly once, in an unbroken chain. `thinned`: reports whose body went while
 * they waited; they must be accounted for by a gap. Answers the number of reports.
 */
export function expectAllHeld(
  { serverDir, agentDir }: Pick<Place, 'serverDir' | 'agentDir'>,
  made?: Iterable<string>,
): number {
  const server = join(serverDir, 'kits.db');
  const agentFile = join(agentDir, 'private', 'agent.db');
  for (const file of [server, agentFile]) {
    expect(query(file, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  }
  const outbox = query(agentFile, 'SELECT report_id, epoch, sequence, state FROM outbox ORDER BY epoch, sequence');
  const held = query(server, 'SELECT id, store_epoch, sequence FROM reports ORDER BY store_epoch, sequence');
  const placeOf = (row: Record<string, unknown>) =>
    [row['id'] ?? row['report_id'], row['store_epoch'] ?? row['epoch'], row['sequence']].join(' ');
  expect(outbox.filter(({ state }) => state !== 'acknowledged')).toEqual([]);
  expect(held.map(placeOf)).toEqual(outbox.map(placeOf));
  const ids = new Set(held.map(({ id }) => String(id)));
  expect(ids.size).toBe(held.length);
  for (const id of made ?? []) expect(ids.has(id), id).toBe(true);
  for (const epoch of new Set(held.map((row) => row['store_epoch']))) {
    const own = held.filter((row) => row['store_epoch'] === epoch).map(({ sequence }) => Number(sequence));
    expect(own).toEqual(own.map((_, index) => index + 1));
  }
  return held.length;
}
