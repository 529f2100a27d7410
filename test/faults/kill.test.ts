/** Agent and server are killed at random, again and again, while they work: nothing is lost, and nothing is doubled. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { expect, onTestFailed, onTestFinished, test } from 'vitest';
import { openAgent } from '../../agent/agent.ts';
import { createLog } from '../../agent/log.ts';
import { createLinuxMachine } from '../../agent/platform/linux-machine.ts';
import { loadSettings } from '../../agent/settings/settings.ts';
import { reservedPort } from '../fixtures/reserved-port.ts';
import { driver, expectAllHeld, kill, preparePlace, withCache, writeSettings } from './town.ts';

const soak = process.env['KITS_SOAK'] === '1';
// The soak is meant to end within the hour, beside 100,000 inputs for each parser, also where it is the least urgent work there is.
const kills = soak ? { agent: 560, server: 240 } : { agent: 140, server: 60 };
const wanted = soak ? 9000 : 2000;
/** On average half of it between two kills: most of the reports are made while somebody is killed. */
const reportsALife = 24;
/** Only against one that hangs: it runs beside others, and their share of the machine is not its fault. */
const limitMs = soak ? 3_600_000 : 900_000;
/** Of the moments at which somebody is killed; what the machine does in between cannot be had again. */
const seed = Number(process.env['KITS_SEED'] ?? Date.now() % 2 ** 31);

/** In [0, 1), the same row of numbers for the same seed. */
function drawn(from: number): () => number {
  let state = from;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test(
  `${kills.agent} kills of the agent and ${kills.server} of the server during ${wanted} reports`,
  async () => {
    onTestFailed(() => void process.stderr.write(`The moments of the kills: KITS_SEED=${seed}\n`));
    const [agents, servers] = [drawn(seed), drawn(seed + 1)];
    const place = await preparePlace();
    const configFile = writeSettings(place.agentDir);
    const port = await reservedPort();
    let server = await place.startServer(port);
    const first = await openAgent({
      dataDir: place.agentDir,
      settings: loadSettings({ configFile }),
      machine: createLinuxMachine(),
      log: createLog('error', (line) => void process.stderr.write(line)),
    });
    await first.enrol({ server: server.url, token: place.token });
    first.close();

    const made = new Set<string>();
    let agent: ChildProcess | undefined;
    onTestFinished(async () => {
      if (agent !== undefined) await kill(agent);
    });
    const startAgent = async (
      reports: number,
    ): Promise<{ child: ChildProcess; lines: Interface; closed: Promise<unknown> }> => {
      const child = spawn(process.execPath, [driver('agent-driver'), place.agentDir, String(reports)], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: withCache(),
      });
      const lines = createInterface({ input: child.stdout });
      const ready = once(lines, 'line');
      lines.on('line', (line) => {
        // The last line of a killed process may be cut.
        if (line.length === 36) made.add(line);
      });
      const closed = once(child, 'close');
      await Promise.race([ready, once(child, 'exit')]);
      return { child, lines, closed };
    };
    const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

    let killed = { agent: 0, server: 0 };
    const count = (who: keyof typeof killed): void => {
      killed = { ...killed, [who]: killed[who] + 1 };
      const sum = killed.agent + killed.server;
      if (soak && sum % 50 === 0) process.stderr.write(`${sum} kills, ${made.size} reports made\n`);
    };
    const killServers = async (): Promise<void> => {
      while (killed.server < kills.server) {
        await pause(servers() * 1200);
        await kill(server.child);
        expect(server.child.signalCode).toBe('SIGKILL');
        count('server');
        server = await place.startServer(port);
      }
    };
    const killAgents = async (): Promise<void> => {
      while (killed.agent < kills.agent) {
        // However fast the machine is, there is always more to do: none of them ends by itself.
        const { child, lines } = await startAgent(Number.MAX_SAFE_INTEGER);
        agent = child;
        // Counted in reports and not in time alone: a slow machine must not be killed at its start each time.
        const gone = once(child, 'exit');
        for (let more = Math.floor(agents() * reportsALife); more > 0; more -= 1) {
          await Promise.race([once(lines, 'line'), gone]);
        }
        await pause(agents() * 50);
        await kill(child);
        expect(child.signalCode).toBe('SIGKILL');
        count('agent');
      }
    };
    await Promise.all([killServers(), killAgents()]);
    const last = await startAgent(wanted);
    agent = last.child;
    // With its last line read, not with its end alone.
    await last.closed;
    expect(agent.exitCode).toBe(0);
    expect(killed).toEqual(kills);
    expect(expectAllHeld(place, made)).toBeGreaterThanOrEqual(wanted);
    expect(made.size).toBeGreaterThan(wanted * 0.9);
  },
  limitMs,
);
