/** A real server and a real agent that share one time, with a middleman between who can hold words back and forge them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Agent, openAgent } from '../../../agent/agent.ts';
import { trustFile } from '../../../agent/contract/keys.ts';
import { status } from '../../../agent/contract/status.ts';
import type { CheckInResponse } from '../../../agent/contract/wire.ts';
import { createLog } from '../../../agent/log.ts';
import type { Clock } from '../../../agent/platform/clock.ts';
import { loadSettings } from '../../../agent/settings/settings.ts';
import { createServer, type KitsServer } from '../../../server/server.ts';
import { standBetween } from '../../fakes/middleman.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { startTestServer } from '../../fakes/test-server.ts';
import { vm } from '../../fixtures/vm.ts';

export const dayMs = 86_400_000;

export function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'kits-words-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** One time for both sides; it moves when it is told to. */
function sharedTime(): Clock & { pass(ms: number): void } {
  let ahead = 0;
  return {
    now: () => new Date(Date.now() + ahead),
    monotonicMs: () => performance.now() + ahead,
    sinceBootMs: () => performance.now() + ahead,
    pass: (ms) => {
      ahead += ms;
    },
  };
}

export async function town(pins: { recoveryKey?: string } = {}) {
  const clock = sharedTime();
  const serverDir = join(folder(), 'server');
  const first = await startTestServer({ dataDir: serverDir, now: clock.now });
  let server: KitsServer = first;
  let running = true;
  onTestFinished(() => (running ? server.close() : undefined));
  const between = await standBetween(server.url);
  const dataDir = join(folder(), 'agent');
  const open = async (): Promise<Agent> =>
    openAgent({
      dataDir,
      settings: loadSettings(),
      machine: recordedMachine(vm, { hostname: 'rathaus-07' }),
      log: createLog('error', () => undefined),
      clock,
    });
  let agent = await open();
  onTestFinished(() => agent.close());
  const { token, municipalityId } = first;
  await agent.enrol({ server: between.url, token, serverKey: server.keyThumbprint, ...pins });
  return {
    clock,
    serverDir,
    dataDir,
    between,
    municipality: municipalityId,
    addMunicipality: first.addMunicipality,
    token,
    get server(): KitsServer & { dataDir: string } {
      return { ...server, dataDir: serverDir };
    },
    get agent(): Agent {
      return agent;
    },
    deviceKey: `device-${agent.enrolment()?.deviceId}`,
    published: () => status.parse(JSON.parse(readFileSync(join(dataDir, 'public', 'status.json'), 'utf8'))),
    trustFile: () => trustFile.parse(JSON.parse(readFileSync(join(dataDir, 'public', 'trust.json'), 'utf8'))),
    restartAgent: async () => {
      agent.close();
      agent = await open();
    },
    stopServer: async () => {
      await server.close();
      running = false;
    },
    startServer: async () => {
      server = await createServer({ dataDir: serverDir, now: clock.now, logLevel: 'silent' });
      running = true;
      between.target = server.url;
    },
  };
}
export type Town = Awaited<ReturnType<typeof town>>;

/** Changes what check-ins bring on their way. */
export function meddleWithCheckIns({ between }: Town, change: (response: CheckInResponse) => object): void {
  between.meddle = (path, answer) =>
    path === '/agent/v1/check-in' ? Buffer.from(JSON.stringify(change(JSON.parse(answer.toString())))) : 'forward';
}
export const leaveAlone = ({ between }: Town): void => {
  between.meddle = () => 'forward';
};

export const settingsOf = ({ agent }: Town) => agent.settings().settings;
export const refusedBy = ({ agent }: Town) => agent.words.inForce().refused;
