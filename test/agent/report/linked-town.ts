/** A real KITS server on loopback, a middleman who can lose and forge what passes, and an agent enrolled through him. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { onTestFinished } from 'vitest';
import { type Agent, openAgent } from '../../../agent/agent.ts';
import { createLog } from '../../../agent/log.ts';
import { loadSettings } from '../../../agent/settings/settings.ts';
import { createMunicipality } from '../../../server/fleet/municipalities.ts';
import { type Actor, everything } from '../../../server/fleet/scope.ts';
import { createEnrolmentToken } from '../../../server/fleet/tokens.ts';
import { createServer, type KitsServer } from '../../../server/server.ts';
import { standBetween } from '../../fakes/middleman.ts';
import { type RecordedTree, recordedMachine } from '../../fakes/recorded-machine.ts';
import { vm } from '../../fixtures/vm.ts';

const actor: Actor = { name: 'test', scope: everything };
const silent = (): PassThrough => new PassThrough().resume();

export function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'kits-link-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export async function startServer(dataDir: string): Promise<KitsServer> {
  const server = await createServer({ dataDir, consoleDir: '/nowhere', logStream: silent() });
  onTestFinished(() => server.close());
  return server;
}

export async function tokenOf(server: KitsServer, approvalRequired = false): Promise<string> {
  const { id } = await createMunicipality(server.context, actor, {
    name: `Gemeinde ${Math.random()}`,
    approvalRequired,
  });
  return (await createEnrolmentToken(server.context, actor, { municipalityId: id, uses: 1, expiresInDays: 1 })).token;
}

export async function startAgent(dataDir: string, tree: RecordedTree = vm): Promise<Agent> {
  const agent = await openAgent({
    dataDir,
    settings: loadSettings(),
    machine: recordedMachine(tree, { hostname: 'rathaus-07' }),
    log: createLog('error', () => undefined),
  });
  onTestFinished(() => {
    if (open.delete(agent)) agent.close();
  });
  open.add(agent);
  return agent;
}
const open = new Set<Agent>();
export function close(agent: Agent): void {
  open.delete(agent);
  agent.close();
}

/** A server, a middleman before it, and an agent enrolled through him. */
export async function town(options: { approvalRequired?: boolean; tree?: RecordedTree } = {}) {
  const [serverDir, agentDir] = [join(folder(), 'server'), join(folder(), 'agent')];
  const server = await startServer(serverDir);
  const between = await standBetween(server.url);
  const agent = await startAgent(agentDir, options.tree);
  const enrolment = await agent.enrol({
    server: between.url,
    token: await tokenOf(server, options.approvalRequired),
    serverKey: server.keyThumbprint,
  });
  return { serverDir, agentDir, server, between, agent, enrolment };
}

export const stored = (server: KitsServer) =>
  server.context.db
    .selectFrom('reports')
    .select(['id', 'sequence', 'store_epoch'])
    .orderBy('received_at')
    .orderBy('sequence')
    .execute();

/** Puts the data directory of a server back to how it was, and serves it again. */
export async function restoreTo(backup: string, serverDir: string, between: { target: string }): Promise<KitsServer> {
  rmSync(serverDir, { recursive: true });
  cpSync(backup, serverDir, { recursive: true });
  const restored = await startServer(serverDir);
  between.target = restored.url;
  return restored;
}
