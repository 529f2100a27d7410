/** From the report of a device and the word of its backup server to the verdicts and the list. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { evaluateFleet } from '../../../server/fleet/evaluate.ts';
import { backedUp, backupJob } from '../../fakes/backed-up.ts';
import { byHash, type TestAgent } from '../../fakes/test-agent.ts';
import { agentIn } from './fleet-agents.ts';
import { type Client, type StaffedServer, startOfTime, startStaffedServer } from './staffed-server.ts';

let kits: StaffedServer;
let staff: Client;
beforeEach(async () => {
  kits = await startStaffedServer();
  staff = (await kits.script('technician')).client;
});
afterEach(() => kits.close());

async function reporting(hostname: string, backup: unknown): Promise<TestAgent> {
  const agent = await agentIn(kits, kits.wasungen, hostname);
  await report(agent, backup);
  return agent;
}
async function report(agent: TestAgent, backup: unknown): Promise<void> {
  const { status, detail } = await agent.report(agent.sections({ backup }));
  expect([status, detail]).toEqual([201, undefined]);
}

async function speaker(name = 'PBS') {
  const { id, token } = (await staff.send('POST', 'backups/servers', { municipalityId: kits.wasungen, name })).body;
  const say = async (device: string, hoursAgo: number) => {
    const newest = new Date(kits.context.now().getTime() - hoursAgo * 3_600_000).toISOString();
    const { status } = await kits.call('backups/evidence', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain' },
      body: `${device}\t${newest}`,
    });
    expect(status).toBe(200);
  };
  return { id, say };
}

const row = async (hostname: string) =>
  (await staff.get(`backups?search=${hostname}`)).body.items.find(
    (item: { hostname: string }) => item.hostname === hostname,
  );
const verdictOf = async (agent: TestAgent, ruleId: string) =>
  (await staff.get(`devices/${agent.state.deviceId}`)).body.verdicts.find(
    (each: { ruleId: string }) => each.ruleId === ruleId,
  );
const now = () => kits.context.now();

describe('the light of a device among the backups', () => {
  test.each<[string, (at: Date) => unknown, string, string]>([
    ['fresh', (at) => backedUp(at), 'ok', 'backup-fresh'],
    ['old', (at) => backedUp(at, [backupJob(at, 24 * 36)]), 'critical', 'backup-overdue'],
    ['somewhat old', (at) => backedUp(at, [backupJob(at, 24 * 4)]), 'attention', 'backup-overdue'],
    ['failed once', (at) => backedUp(at, [backupJob(at, 5, { state: 'failed' })]), 'note', 'backup-last-failed'],
    ['none', () => ({ products: [], restoreTests: [] }), 'critical', 'backup-none'],
    ['not known', () => undefined, 'unknown', 'section-missing'],
    [
      'on a disk of the same PC',
      (at) => backedUp(at, [backupJob(at, 3, { targets: [{ kind: 'local-disk' }] })]),
      'attention',
      'target-same-pc',
    ],
  ])('%s', async (name, backup, light, reason) => {
    await reporting('was-pc-01', backup(now()));
    const found = await row('was-pc-01');
    expect(found).toMatchObject({ light });
    if (name !== 'not known') expect(found.worst).toMatchObject({ reason });
    expect(found.worst.explanation.de).not.toContain('undefined');
    const { overview } = (await staff.get('backups')).body;
    expect(overview.total.states).toMatchObject({ [light]: 1 });
    // In the list of reasons stands what is to be done; what is in order needs none.
    expect(overview.reasons).toHaveLength(light === 'ok' ? 0 : 1);
  });

  test('a device that says nothing any more is unknown, however good it was', async () => {
    await reporting('was-pc-01', backedUp(now()));
    kits.advance(9 * 86_400);
    await evaluateFleet(kits.context);
    expect(await row('was-pc-01')).toMatchObject({ light: 'unknown', worst: { reason: 'facts-stale' } });
  });

  test('a declaration is shown as one, and no restore test is expected', async () => {
    await reporting('was-pc-01', { products: [], restoreTests: [] });
    const settings = { backup: { declaration: { kind: 'no-local-data', owner: 'Hauptamt', reviewOn: '2027-06-01' } } };
    const set = await staff.send('PUT', `policies/municipality-${kits.wasungen}`, { settings, expectedVersion: 0 });
    expect(set.status).toBe(200);
    await evaluateFleet(kits.context);
    expect(await row('was-pc-01')).toMatchObject({
      light: 'exempt',
      worst: { reason: 'declared-no-local-data' },
      restoreTest: { state: 'exempt' },
    });
    expect((await staff.get('backups')).body.overview.total.presence.none).toBe(1);
  });
});

describe('both sides', () => {
  test('agree, then the server lacks what the device reports: an alarm of its own', async () => {
    const agent = await reporting('was-pc-01', backedUp(now(), [backupJob(now(), 5)]));
    expect(await row('was-pc-01')).toMatchObject({ twoSided: 'silent' });
    const { say } = await speaker();
    await say('was-pc-01', 6);
    expect(await row('was-pc-01')).toMatchObject({ light: 'ok', twoSided: 'agree' });
    await say('was-pc-01', 24 * 20);
    expect(await row('was-pc-01')).toMatchObject({
      light: 'critical',
      twoSided: 'disagree',
      worst: { ruleId: 'backup-two-sided', reason: 'target-lacks-backup' },
    });
    expect(await verdictOf(agent, 'backup-recent')).toMatchObject({ verdict: 'met' });
    expect((await staff.get(`devices/${agent.state.deviceId}`)).body.light).toBe('critical');
    expect((await staff.get('backups')).body.overview.total.twoSided).toMatchObject({ disagree: 1 });
  });

  test('the server proves what the device cannot', async () => {
    const backup = backedUp(now(), []);
    const elsewhere = { ...backup, products: backup.products.map((product) => ({ ...product, answers: 'server' })) };
    const agent = await reporting('was-pc-01', elsewhere);
    expect(await verdictOf(agent, 'backup-recent')).toMatchObject({ verdict: 'unknown' });
    const { id, say } = await speaker();
    await say('was-pc-01', 4);
    expect(await verdictOf(agent, 'backup-recent')).toMatchObject({
      verdict: 'met',
      reason: 'backup-proven-by-target',
    });
    // A token that is revoked takes its proof with it.
    await staff.send('DELETE', `backups/servers/${id}`);
    await evaluateFleet(kits.context);
    expect(await verdictOf(agent, 'backup-recent')).toMatchObject({ verdict: 'unknown' });
    expect(await verdictOf(agent, 'backup-two-sided')).toBeUndefined();
  });

  test('the server of another municipality says nothing here', async () => {
    const agent = await reporting('was-pc-01', backedUp(now()));
    const { say } = await speaker();
    await say('was-pc-01', 24 * 20);
    await staff.send('PATCH', `devices/${agent.state.deviceId}`, { municipalityId: kits.grabfeld });
    expect(await row('was-pc-01')).toMatchObject({ twoSided: 'silent', light: 'ok' });
  });

  test('a server that has fallen silent is not taken at its old word', async () => {
    const agent = await reporting('was-pc-01', backedUp(now(), [backupJob(now(), 5)]));
    const { say } = await speaker();
    await say('was-pc-01', 6);
    kits.advance(4 * 86_400);
    await report(agent, backedUp(now(), [backupJob(now(), 5)]));
    expect(await row('was-pc-01')).toMatchObject({ twoSided: 'unknown', light: 'unknown' });
  });

  test('many words at once are judged with the next tick', async () => {
    const agents: TestAgent[] = [];
    for (let index = 0; index < 21; index += 1) agents.push(await reporting(`pc-${index}`, backedUp(now())));
    const { token } = (await staff.send('POST', 'backups/servers', { municipalityId: kits.wasungen, name: 'PBS' }))
      .body;
    const body = agents.map(({ hostname }) => `${hostname}\t2026-11-24T06:00:00Z`).join('\n');
    await kits.call('backups/evidence', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain' },
      body,
    });
    const counts = async () => (await staff.get('backups')).body.overview.total.twoSided;
    expect(await counts()).toMatchObject({ silent: 21 });
    await evaluateFleet(kits.context);
    expect(await counts()).toMatchObject({ agree: 21 });
  });
});

describe('restore tests', () => {
  test('entered by staff they count at once, for the device and in the coverage', async () => {
    const agent = await reporting('was-pc-01', backedUp(now()));
    expect(await row('was-pc-01')).toMatchObject({ restoreTest: { state: 'due', lastAt: null } });
    const entered = {
      at: new Date(startOfTime - 86_400_000).toISOString(),
      testedBy: 'Technik',
      source: 'PBS',
      sample: 'Ordner Bauamt',
      result: 'equal',
      files: 12,
      different: 0,
    };
    const { body } = await staff.send('POST', `devices/${agent.state.deviceId}/restore-tests`, entered);
    expect(await row('was-pc-01')).toMatchObject({ restoreTest: { state: 'inTime', lastAt: entered.at } });
    expect(await verdictOf(agent, 'backup-restore-tested')).toMatchObject({ verdict: 'met' });
    expect((await staff.get('backups')).body.overview.total.restoreTests).toMatchObject({ inTime: 1, due: 0 });
    await staff.send('DELETE', `devices/${agent.state.deviceId}/restore-tests/${body.id}`);
    expect(await row('was-pc-01')).toMatchObject({ restoreTest: { state: 'due', lastAt: null } });
  });
});

describe('what a device reports', () => {
  test('is there once more, run by run, when its own record is gone', async () => {
    const agent = await reporting('was-pc-01', backedUp(now(), [backupJob(now(), 30)]));
    kits.advance(86_400);
    await report(agent, backedUp(now(), [backupJob(now(), 6)]));
    const { runs, evidence } = (await staff.get(`devices/${agent.state.deviceId}/backup`)).body;
    expect(runs).toMatchObject([
      { product: { id: 'resticprofile' }, job: { name: 'System und Daten' }, endedAt: '2026-11-25T03:00:00.000Z' },
      { endedAt: '2026-11-23T03:00:00.000Z', result: 'success', evidence: { kind: 1 } },
    ]);
    expect(evidence).toEqual([]);
    // A late report of before adds nothing, and what is not known any more takes nothing away.
    await report(agent, undefined);
    expect((await staff.get(`devices/${agent.state.deviceId}/backup`)).body.runs).toHaveLength(2);
    expect(await row('was-pc-01')).toMatchObject({ light: 'unknown', products: null, lastSuccessAt: null });
  });

  test('a section from before these tables is asked for once more', async () => {
    const agent = await reporting('was-pc-01', backedUp(now()));
    await kits.context.db
      .updateTable('sections')
      .set({ data: null, facts_held: 0 })
      .where('section_id', '=', 'backup')
      .execute();
    await kits.context.db.updateTable('devices').set({ backup_products: null }).execute();
    const sections = agent.sections({ backup: backedUp(now()) });
    const answer = await agent.report(sections.map((section) => (section.id === 'backup' ? byHash(section) : section)));
    expect(answer.receipt?.need).toEqual(['backup']);
    await agent.report(sections);
    expect(await row('was-pc-01')).toMatchObject({ products: [{ id: 'resticprofile' }] });
  });
});
