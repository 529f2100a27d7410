/** Scripted devices that report to a staffed server, and updates for them to lack. */
import type { PatchesFacts } from '../../../agent/contract/facts/patches.ts';
import { createTestAgent, officeFacts, type TestAgent } from '../../fakes/test-agent.ts';
import type { StaffedServer } from './staffed-server.ts';

/** Enrolled, not reported yet; its clock is the server's. */
export async function agentIn(kits: StaffedServer, municipalityId: string, hostname: string): Promise<TestAgent> {
  const { client } = await kits.script('technician');
  const { token } = (await client.send('POST', 'tokens', { municipalityId })).body;
  const agent = await createTestAgent({ url: kits.server.url, token, hostname, now: kits.context.now });
  await agent.enrol();
  return agent;
}

type Update = PatchesFacts['updates'][number];

export function update(id: string, change: Partial<Update> = {}): Update {
  return { id, state: 'missing', security: false, firstSeenOn: '2026-11-20', ...change };
}

/** The facts of an office PC that lacks these. */
export function lacking(updates: readonly Update[], change: Partial<PatchesFacts> = {}): PatchesFacts {
  const { patches } = officeFacts('', new Date('2026-11-24T09:00:00Z'));
  return { ...patches, updates: [...updates], ...change };
}

export async function reporting(
  kits: StaffedServer,
  municipalityId: string,
  hostname: string,
  patches: PatchesFacts,
): Promise<TestAgent> {
  const agent = await agentIn(kits, municipalityId, hostname);
  const { status, code, detail } = await agent.report(agent.sections({ patches }));
  if (status !== 201) throw new Error(`report refused: ${status} ${code} ${detail}`);
  return agent;
}
