import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { evaluateFleet } from '../../../server/fleet/evaluate.ts';
import type { TestAgent } from '../../fakes/test-agent.ts';
import { lacking, reporting, update } from './fleet-agents.ts';
import { auditOf, type Client, type StaffedServer, startOfTime, startStaffedServer } from './staffed-server.ts';

const day = 86_400;
let kits: StaffedServer;
let technician: Client;
let enteredBy: string;
let agent: TestAgent;

/** A security update missing for 44 days: dated, urgent. */
const overdue = lacking([update('openssl:amd64', { security: true, firstSeenOn: '2026-10-11' })]);

beforeEach(async () => {
  kits = await startStaffedServer();
  // A token, because a session ends before an exception does.
  const script = await kits.script('technician', kits.wasungen);
  technician = script.client;
  enteredBy = `api-token:${script.id}`;
  agent = await reporting(kits, kits.wasungen, 'pc-1', overdue);
});
afterEach(() => kits.close());

const inDays = (days: number) => new Date(startOfTime + days * day * 1000).toISOString();
const wanted = (change: object = {}) => ({
  ruleId: 'updates-installed',
  municipalityId: kits.wasungen,
  reason: 'Fachverfahren verträgt die neue Fassung nicht',
  approvedBy: 'Amtsleitung Wasungen',
  expiresAt: inDays(10),
  ...change,
});
const create = async (change: object = {}) => technician.send('POST', 'exceptions', wanted(change));
const device = async (of = agent) => (await technician.get(`devices/${of.state.deviceId}`)).body;
const verdictOf = async (of = agent) =>
  (await device(of)).verdicts.find(({ ruleId }: { ruleId: string }) => ruleId === 'updates-installed');
const listed = async (query = '') => (await technician.get(`exceptions?${query}`)).body.items;

describe('the life of an exception', () => {
  test('of a device: exempt at once, red again by itself the minute it ends', async () => {
    const since = (await verdictOf()).since;
    kits.advance(60);
    expect(await device()).toMatchObject({ light: 'critical', worst: { ruleId: 'updates-installed' } });
    const { status, body } = await create({ deviceId: agent.state.deviceId });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: body.id,
      rule: { id: 'updates-installed', title: { de: 'Aktualisierungen eingespielt', en: 'Updates installed' } },
      municipality: { id: kits.wasungen, name: 'Wasungen' },
      device: { id: agent.state.deviceId, hostname: 'pc-1' },
      reason: 'Fachverfahren verträgt die neue Fassung nicht',
      approvedBy: 'Amtsleitung Wasungen',
      approvedAt: inDays(60 / day),
      expiresAt: inDays(10),
      enteredBy,
      withdrawnAt: null,
      withdrawnBy: null,
      state: 'active',
    });
    expect(await device()).toMatchObject({ light: 'ok', worst: null });
    const exempt = await verdictOf();
    expect(exempt).toMatchObject({ verdict: 'exempt', values: { approvedBy: 'Amtsleitung Wasungen' } });
    expect(exempt.since > since).toBe(true);
    expect(exempt.explanation.de).toContain('Amtsleitung Wasungen');

    kits.advance(10 * day - 61);
    await agent.report(agent.sections({ patches: overdue }));
    expect(await verdictOf()).toMatchObject({ verdict: 'exempt' });
    kits.advance(1);
    expect(await evaluateFleet(kits.context)).toBe(1);
    expect(await device()).toMatchObject({ light: 'critical', worst: { ruleId: 'updates-installed' } });
    const red = await verdictOf();
    expect(red).toMatchObject({ verdict: 'not-met', values: { exceptionApprovedBy: 'Amtsleitung Wasungen' } });
    expect(await listed()).toMatchObject([{ state: 'expired', withdrawnAt: null }]);
    // Once is enough.
    kits.advance(60);
    expect(await evaluateFleet(kits.context)).toBe(0);
  });

  test('the end of one for a municipality reaches all its devices and no other', async () => {
    const second = await reporting(kits, kits.wasungen, 'pc-2', overdue);
    await reporting(kits, kits.grabfeld, 'pc-3', overdue);
    await create({ expiresAt: inDays(2) });
    await evaluateFleet(kits.context);
    kits.advance(2 * day - 60);
    await evaluateFleet(kits.context);
    kits.advance(60);
    // pc-3 was judged a minute ago and has nothing to do with it.
    expect(await evaluateFleet(kits.context)).toBe(2);
    expect(await verdictOf(second)).toMatchObject({ verdict: 'not-met' });
  });

  test('of a municipality: its devices with the next tick, no device of another one', async () => {
    const foreign = await reporting(kits, kits.grabfeld, 'pc-2', overdue);
    await reporting(kits, kits.wasungen, 'keeps-the-rule', lacking([]));
    const admin = (await kits.script('admin')).client;
    kits.advance(60);
    expect((await create()).body).toMatchObject({ device: null, state: 'active' });
    // Who keeps the rule needs no new judgement.
    expect(await evaluateFleet(kits.context)).toBe(1);
    expect(await device()).toMatchObject({ light: 'ok' });
    expect((await admin.get(`devices/${foreign.state.deviceId}`)).body).toMatchObject({ light: 'critical' });
  });

  test('withdrawn: red at once, kept for the record, and withdrawing twice keeps the first time', async () => {
    const { id } = (await create({ deviceId: agent.state.deviceId })).body;
    kits.advance(3600);
    expect((await technician.send('DELETE', `exceptions/${id}`)).status).toBe(204);
    expect(await verdictOf()).toMatchObject({ verdict: 'not-met' });
    // Nobody let it run out.
    expect((await verdictOf()).values).not.toHaveProperty('exceptionExpiredOn');
    kits.advance(3600);
    expect((await technician.send('DELETE', `exceptions/${id}`)).status).toBe(204);
    const withdrawn = { id, state: 'withdrawn', withdrawnAt: inDays(1 / 24), withdrawnBy: enteredBy };
    expect(await listed()).toMatchObject([withdrawn]);
    kits.advance(20 * day);
    expect(await listed()).toMatchObject([withdrawn]);
    expect(await auditOf(kits.context, 'exception.withdraw')).toHaveLength(1);
  });

  test('of a municipality, withdrawn: red with the next tick', async () => {
    const { id } = (await create()).body;
    await evaluateFleet(kits.context);
    expect(await device()).toMatchObject({ light: 'ok' });
    await technician.send('DELETE', `exceptions/${id}`);
    await evaluateFleet(kits.context);
    expect(await device()).toMatchObject({ light: 'critical' });
  });

  test('a device that moves leaves the exceptions of its municipality behind', async () => {
    await create({ deviceId: agent.state.deviceId });
    const admin = (await kits.script('admin')).client;
    const moved = await admin.send('PATCH', `devices/${agent.state.deviceId}`, { municipalityId: kits.grabfeld });
    expect(moved.body).toMatchObject({ light: 'critical' });
    // The name of what another municipality has now is not told.
    expect(await listed()).toMatchObject([{ device: { id: agent.state.deviceId, hostname: agent.state.deviceId } }]);
  });

  test('one for a device is for no other device', async () => {
    const second = await reporting(kits, kits.wasungen, 'pc-2', overdue);
    await create({ deviceId: agent.state.deviceId });
    await second.report(second.sections({ patches: overdue }));
    expect(await verdictOf(second)).toMatchObject({ verdict: 'not-met' });
  });

  test('what is met stays met', async () => {
    await create({ ruleId: 'storage-free', deviceId: agent.state.deviceId });
    const { verdicts } = await device();
    expect(verdicts.find(({ ruleId }: { ruleId: string }) => ruleId === 'storage-free')).toMatchObject({
      verdict: 'met',
    });
  });
});

describe('what an exception must be', () => {
  test.each([
    ['ends now', { expiresAt: inDays(0) }],
    ['ended before it began', { expiresAt: inDays(-1) }],
    ['lasts a second too long', { expiresAt: inDays(366 + 1 / day) }],
    ['has no end', { expiresAt: undefined }],
    ['has an end that is none', { expiresAt: 'immer' }],
    ['is for no rule', { ruleId: 'always-green' }],
    ['would excuse a suspected clone', { ruleId: 'device-trusted' }],
    ['has a blank reason', { reason: '  ' }],
    ['has nobody who approved it', { approvedBy: ' ' }],
    ['sets its own approval', { approvedAt: inDays(-300) }],
  ])('one that %s is refused', async (_, change) => {
    const { status } = await create(change);
    expect(status).toBe(400);
    expect(await listed()).toEqual([]);
    expect(await auditOf(kits.context, 'exception.create')).toEqual([]);
  });

  test('366 days are the longest', async () => {
    expect((await create({ expiresAt: inDays(366) })).status).toBe(201);
    expect((await create({ expiresAt: inDays(1 / day).replace('.000Z', 'Z') })).body.expiresAt).toBe(inDays(1 / day));
  });

  test('a refusal says why, in the language asked for', async () => {
    const { body } = await create({ expiresAt: inDays(400) });
    expect(body).toMatchObject({ code: 'invalid' });
    expect(body.detail).toContain('366 Tage');
  });
});

describe('the list of exceptions', () => {
  test('youngest first, by pages, filtered by state, device and municipality', async () => {
    const made: string[] = [];
    for (const days of [1, 20, 30]) {
      made.unshift((await create({ expiresAt: inDays(days), deviceId: agent.state.deviceId })).body.id);
      kits.advance(1);
    }
    const whole = (await create()).body.id;
    made.unshift(whole);
    const ids = async (query: string) => (await listed(query)).map(({ id }: { id: string }) => id);
    expect(await ids('')).toEqual(made);
    const first = (await technician.get('exceptions?limit=3')).body;
    const rest = (await technician.get(`exceptions?limit=3&cursor=${first.nextCursor}`)).body;
    expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(made);
    expect(rest.nextCursor).toBeNull();
    await technician.send('DELETE', `exceptions/${whole}`);
    kits.advance(2 * day);
    expect(await ids('state=active')).toEqual([made[1], made[2]]);
    expect(await ids('state=expired')).toEqual([made[3]]);
    expect(await ids('state=withdrawn')).toEqual([whole]);
    expect(await ids(`device=${agent.state.deviceId}`)).toEqual(made.slice(1));
    expect(await ids(`municipality=${kits.wasungen}`)).toEqual(made);
    expect(await ids(`municipality=${kits.grabfeld}`)).toEqual([]);
    expect((await technician.get('exceptions?cursor=WzFd')).status).toBe(400);
  });

  test('another municipality sees none of them', async () => {
    await create();
    const other = (await kits.script('viewer', kits.grabfeld)).client;
    expect((await other.get('exceptions')).body.items).toEqual([]);
  });

  test('who excepted what stands in the audit record', async () => {
    const { id } = (await create({ deviceId: agent.state.deviceId })).body;
    const [deed] = await auditOf(kits.context, 'exception.create');
    expect(deed).toMatchObject({ actor: enteredBy, municipality_id: kits.wasungen, target: id });
    expect(JSON.parse(deed!.detail!)).toEqual({
      rule: 'updates-installed',
      device: agent.state.deviceId,
      approvedBy: 'Amtsleitung Wasungen',
      expiresAt: inDays(10),
      reason: 'Fachverfahren verträgt die neue Fassung nicht',
    });
    await technician.send('DELETE', `exceptions/${id}`);
    expect(await auditOf(kits.context, 'exception.withdraw')).toMatchObject([{ actor: enteredBy, target: id }]);
  });
});
