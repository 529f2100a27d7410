import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SoftwareFacts } from '../../../agent/contract/facts/software.ts';
import { byHash, type TestAgent } from '../../fakes/test-agent.ts';
import { agentIn } from './fleet-agents.ts';
import { type Client, type StaffedServer, startOfTime, startStaffedServer } from './staffed-server.ts';

let kits: StaffedServer;
let staff: Client;
let agent: TestAgent;
beforeEach(async () => {
  kits = await startStaffedServer();
  staff = (await kits.script('viewer', kits.wasungen)).client;
  agent = await agentIn(kits, kits.wasungen, 'pc-1');
});
afterEach(() => kits.close());

type Package = SoftwareFacts['packages'][number];
const entry = (name: string, version?: string, change: Partial<Package> = {}): Package => ({
  name,
  architecture: 'amd64',
  ...(version === undefined ? {} : { version }),
  ...change,
});
const listOf = (packages: Package[]): SoftwareFacts => ({ source: 'dpkg', packages });
const sections = (packages: Package[] | undefined) =>
  agent.sections({ software: packages === undefined ? undefined : listOf(packages) });
/** A minute after the last one. */
async function report(packages: Package[] | undefined) {
  kits.advance(60);
  const answered = await agent.report(sections(packages));
  expect(answered.status).toBe(201);
  return answered.receipt!.reportId;
}
async function reportPartial(packages: Package[]) {
  kits.advance(60);
  const part = sections(packages).map((one) => (one.id === 'software' ? { ...one, state: 'partial' as const } : one));
  expect((await agent.report(part)).status).toBe(201);
}
const changes = async (query = '') =>
  (await staff.get(`devices/${agent.state.deviceId}/software-changes?${query}`)).body;
const at = (minutes: number) => new Date(startOfTime + minutes * 60_000).toISOString();

test('the first list is no change; later ones say what was installed, removed and updated', async () => {
  await report([entry('bash', '5.2'), entry('nano', '8.4'), entry('vim', '9.1')]);
  expect(await changes()).toEqual({ items: [], nextCursor: null });
  await report([entry('bash', '5.2'), entry('nano', '8.4'), entry('vim', '9.1')]);
  const reportId = await report([entry('bash', '5.3'), entry('htop', '3.4'), entry('vim', '9.1')]);
  expect((await changes()).items).toEqual([
    {
      reportId,
      receivedAt: at(3),
      comparedWith: at(2),
      installed: { count: 1, items: [{ name: 'htop', architecture: 'amd64', version: '3.4' }] },
      removed: { count: 1, items: [{ name: 'nano', architecture: 'amd64', version: '8.4' }] },
      updated: { count: 1, items: [{ name: 'bash', architecture: 'amd64', from: '5.2', to: '5.3' }] },
    },
  ]);
});

test('facts that change without a version changing are no entry', async () => {
  await report([entry('bash', '5.2', { installedKiB: 7000 })]);
  await report([entry('bash', '5.2', { installedKiB: 7001 })]);
  expect((await changes()).items).toEqual([]);
});

test('a package that left its configuration behind is removed', async () => {
  await report([entry('bash', '5.2'), entry('apache2', '2.4')]);
  await report([entry('bash', '5.2'), entry('apache2', '2.4', { status: 'config-files' })]);
  expect((await changes()).items).toMatchObject([
    { installed: { count: 0 }, removed: { count: 1, items: [{ name: 'apache2' }] }, updated: { count: 0 } },
  ]);
});

test('one name several times: equal versions cancel out, the rest is paired', async () => {
  const runtime = (version?: string) => entry('Runtime', version);
  await report([runtime('1'), runtime('1'), runtime('2'), runtime()]);
  await report([runtime('1'), runtime('2'), runtime('3'), runtime('4')]);
  expect((await changes()).items).toMatchObject([
    {
      installed: { count: 0 },
      removed: { count: 0 },
      updated: {
        count: 2,
        items: [
          { from: '1', to: '3' },
          { from: null, to: '4' },
        ],
      },
    },
  ]);
  await report([runtime('1')]);
  expect((await changes()).items[0]).toMatchObject({ installed: { count: 0 }, removed: { count: 3 } });
});

test('5,000 changes are one bounded entry; the rare ones are named', async () => {
  const many = (version: string) => Array.from({ length: 5000 }, (_, index) => entry(`package-${index}`, version));
  await report([...many('1'), entry('old-one', '1')]);
  await report([...many('2'), entry('new-one', '1')]);
  const [change] = (await changes()).items;
  expect([change.installed.count, change.removed.count, change.updated.count]).toEqual([1, 1, 5000]);
  expect(change.installed.items).toMatchObject([{ name: 'new-one' }]);
  expect(change.removed.items).toMatchObject([{ name: 'old-one' }]);
  expect(change.updated.items).toHaveLength(198);
});

test('20,000 entries of one name are compared in no time to speak of', async () => {
  const many = (from: number) => Array.from({ length: 20_000 }, (_, index) => entry('same', String(from + index)));
  await report(many(0));
  await report(many(10_000));
  expect((await changes()).items).toMatchObject([{ updated: { count: 10_000 } }]);
});

test('a list gone missing removes nothing; the next one is compared with the last complete one', async () => {
  await report([entry('bash', '5.2'), entry('vim', '9.1')]);
  await report(undefined);
  await report(undefined);
  expect((await changes()).items).toEqual([]);
  await report([entry('bash', '5.3'), entry('vim', '9.1')]);
  expect((await changes()).items).toMatchObject([
    { comparedWith: at(1), installed: { count: 0 }, removed: { count: 0 }, updated: { count: 1 } },
  ]);
  await report([entry('bash', '5.3')]);
  expect((await changes()).items[0]).toMatchObject({ comparedWith: at(4), removed: { count: 1 } });
});

test('an incomplete list removes nothing, neither when it comes nor when it becomes whole', async () => {
  const whole = [entry('bash', '5.2'), entry('vim', '9.1')];
  await report(whole);
  await reportPartial([entry('bash', '5.2')]);
  await report(whole);
  expect((await changes()).items).toEqual([]);
  // The same bytes, first a part, then whole: compared with what was whole before.
  await reportPartial([entry('bash', '5.2')]);
  await report([entry('bash', '5.2')]);
  expect((await changes()).items).toMatchObject([{ installed: { count: 0 }, removed: { count: 1 } }]);
});

test('a list known by its hash only is compared once its facts are here', async () => {
  await report([entry('bash', '5.2')]);
  kits.advance(60);
  const next = sections([entry('bash', '5.3')]);
  await agent.report(next.map((one) => (one.id === 'software' ? byHash(one) : one)));
  expect((await changes()).items).toEqual([]);
  await report([entry('bash', '5.3')]);
  expect((await changes()).items).toMatchObject([{ updated: { count: 1, items: [{ from: '5.2', to: '5.3' }] } }]);
});

test('a late report of before adds no change', async () => {
  await report([entry('bash', '5.2')]);
  kits.advance(60);
  await agent.report(sections([entry('bash', '5.1')]), {
    epoch: crypto.randomUUID(),
    sequence: 1,
    previousHash: undefined,
    createdAt: new Date(startOfTime - 86_400_000),
  });
  expect((await changes()).items).toEqual([]);
});

test('youngest first, by pages', async () => {
  for (const version of ['1', '2', '3', '4']) await report([entry('bash', version)]);
  const first = await changes('limit=2');
  const rest = await changes(`limit=2&cursor=${first.nextCursor}`);
  const to = [...first.items, ...rest.items].map(({ updated }) => updated.items[0].to);
  expect(to).toEqual(['4', '3', '2']);
  expect(rest.nextCursor).toBeNull();
  expect((await staff.get(`devices/${agent.state.deviceId}/software-changes?cursor=x`)).status).toBe(400);
});
