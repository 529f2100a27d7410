/** A PC or a server that is set back to an earlier state, and a disk that is copied: nothing is lost, nothing is twice, nobody is mistaken. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeDevice } from '../../../server/fleet/devices.ts';
import { everything } from '../../../server/fleet/scope.ts';
import type { KitsServer } from '../../../server/server.ts';
import { standBetween } from '../../fakes/middleman.ts';
import { notebook } from '../../fixtures/notebook.ts';
import { close, folder, restoreTo, startAgent, startServer, stored, tokenOf, town } from './linked-town.ts';

/** Copies the data of an agent that is closed; what is returned puts them back. */
function imageOf(agentDir: string): () => void {
  const image = join(folder(), 'image');
  cpSync(agentDir, image, { recursive: true });
  return () => {
    rmSync(agentDir, { recursive: true });
    cpSync(image, agentDir, { recursive: true });
  };
}

test('a PC restored from an image begins a new epoch; nothing is lost, nothing is twice', async () => {
  const { agentDir, server, agent } = await town();
  await agent.round('full');
  await agent.exchange();
  await agent.round('cheap');
  close(agent);
  const setBack = imageOf(agentDir);
  const ahead = await startAgent(agentDir);
  await ahead.round('cheap');
  expect(await ahead.exchange()).toMatchObject({ accepted: 2 });
  const before = ahead.store.epoch;
  close(ahead);
  setBack();

  const restored = await startAgent(agentDir);
  const { report } = await restored.round('cheap');
  await restored.exchange();
  expect(restored.store.epoch).not.toBe(before);
  expect(restored.store.queue()).toEqual({ waiting: 0, refused: 0 });
  const reports = await stored(server);
  expect(new Set(reports.map(({ id }) => id)).size).toBe(reports.length);
  expect(reports.map(({ id }) => id)).toContain(report?.envelope.reportId);
  expect(reports).toHaveLength(4);
});

test('a PC set back to before reports the server has, which it would send again, leaves no gap unexplained', async () => {
  const { agentDir, server, agent, enrolment } = await town();
  await agent.round('full');
  await agent.exchange();
  await agent.round('cheap');
  await agent.round('cheap');
  close(agent);
  const setBack = imageOf(agentDir);
  const ahead = await startAgent(agentDir);
  await ahead.round('cheap');
  await ahead.round('cheap');
  await ahead.exchange();
  close(ahead);
  setBack();

  const restored = await startAgent(agentDir);
  const { report } = await restored.round('cheap');
  await restored.exchange();
  await restored.exchange();
  expect(restored.store.queue()).toEqual({ waiting: 0, refused: 0 });
  const reports = await stored(server);
  expect(new Set(reports.map(({ id }) => id)).size).toBe(reports.length);
  expect(reports.map(({ id }) => id)).toContain(report?.envelope.reportId);
  const device = await describeDevice(server.context, everything, enrolment.deviceId);
  expect(device.gaps).toMatchObject([{ from: 1, to: 2, reason: 'held-before', standing: 'declared' }]);
  expect(device.events.map(({ code }) => code)).not.toContain('clone-suspected');
});

/** The server holds the first report, was backed up and runs on as `later`, which has to be closed before it is restored. */
async function backedUpTown() {
  const { serverDir, server, between, agent, enrolment } = await town();
  await agent.round('full');
  await agent.exchange();
  await server.close();
  const backup = join(folder(), 'backup');
  cpSync(serverDir, backup, { recursive: true });
  const later = await startServer(serverDir);
  between.target = later.url;
  return { between, agent, enrolment, later, restore: () => restoreTo(backup, serverDir, between) };
}

test('a server restored from its backup gets again what it had acknowledged since', async () => {
  const { agent, later, restore } = await backedUpTown();
  await agent.round('cheap');
  await agent.round('cheap');
  expect(await agent.exchange()).toMatchObject({ accepted: 2 });
  await later.close();

  const restored = await restore();
  expect(await agent.exchange()).toMatchObject({ accepted: 2 });
  expect((await stored(restored)).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
});

test('a report that was on its way while the server was restored leaves no hole: what lies before it is asked for', async () => {
  const { between, agent, enrolment, later, restore } = await backedUpTown();
  await agent.round('cheap');
  await agent.round('cheap');
  await agent.exchange();
  await agent.round('cheap');
  let restored: KitsServer | undefined;
  between.meddle = async (path) => {
    if (path === '/agent/v1/check-in' && restored === undefined) {
      await later.close();
      restored = await restore();
    }
    return 'forward' as const;
  };
  expect(await agent.exchange()).toMatchObject({ accepted: 1 });
  if (restored === undefined) throw new Error('nothing was restored');
  const known = async () => {
    const { gaps, events } = await describeDevice(restored!.context, everything, enrolment.deviceId);
    return [gaps.map(({ from, to }) => [from, to]), events.map(({ code }) => code)];
  };
  expect(await known()).toEqual([[[2, 3]], ['sequence-gap']]);
  const held = agent.store.acknowledgedHashes();
  expect(await agent.exchange()).toMatchObject({ accepted: 2 });
  expect(await known()).toEqual([[], ['report-late', 'report-late', 'sequence-gap']]);
  expect((await stored(restored)).map(({ sequence }) => sequence).sort()).toEqual([1, 2, 3, 4]);
  expect(agent.store.queue()).toEqual({ waiting: 0, refused: 0 });
  // What came late is not what the server knows the state of this PC by.
  for (const [id, hash] of agent.store.acknowledgedHashes()) expect([id, held.get(id)]).toEqual([id, hash]);
});

test('a restored server gets again what was of an earlier epoch of the device, too', async () => {
  const { agent, enrolment, later, restore } = await backedUpTown();
  await agent.round('cheap');
  await agent.exchange();
  await agent.store.renewEpoch(() => Promise.reject(new Error('nothing waits')));
  await agent.round('cheap');
  await agent.exchange();
  const before = await stored(later);
  expect(new Set(before.map(({ store_epoch }) => store_epoch)).size).toBe(2);
  const facts = (of: KitsServer) =>
    of.context.db.selectFrom('sections').select(['section_id', 'collected_at', 'hash']).orderBy('section_id').execute();
  const newest = await facts(later);
  await later.close();

  const restored = await restore();
  await agent.exchange();
  await agent.exchange();
  expect(agent.store.queue()).toEqual({ waiting: 0, refused: 0 });
  const after = await stored(restored);
  expect(after.map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());
  expect(after.at(-1)?.store_epoch).toBe(agent.store.epoch);
  // What came again last is not what is newest.
  expect(await facts(restored)).toEqual(newest);
  const device = await describeDevice(restored.context, everything, enrolment.deviceId);
  expect([device.state, device.gaps]).toEqual(['active', []]);
});

test('a device enrolled after the backup a server was restored from comes back once KITS approves it, with all it kept', async () => {
  const [serverDir, agentDir, backup] = [join(folder(), 'server'), join(folder(), 'agent'), join(folder(), 'backup')];
  const first = await startServer(serverDir);
  const token = await tokenOf(first);
  await first.close();
  cpSync(serverDir, backup, { recursive: true });
  const second = await startServer(serverDir);
  const between = await standBetween(second.url);
  const agent = await startAgent(agentDir);
  const { deviceId } = await agent.enrol({ server: between.url, token, serverKey: second.keyThumbprint });
  await agent.round('full');
  await agent.exchange();
  await agent.round('cheap');
  const before = await stored(second);
  await second.close();

  const restored = await restoreTo(backup, serverDir, between);
  await expect(agent.exchange()).rejects.toMatchObject({ code: 'unknown-device' });
  // It has shown that it was enrolled; whether it belongs here is for people to say.
  expect(await agent.exchange()).toMatchObject({ accepted: 0 });
  expect(agent.enrolment()).toMatchObject({ deviceId, state: 'pending' });
  expect(agent.store.queue()).toMatchObject({ refused: 0 });
  const device = await describeDevice(restored.context, everything, deviceId);
  expect(device.events.map(({ code }) => code)).toContain('readmitted');
  await restored.context.db.updateTable('devices').set({ state: 'active' }).where('id', '=', deviceId).execute();
  await agent.exchange();
  expect(agent.store.queue()).toEqual({ waiting: 0, refused: 0 });
  expect((await stored(restored)).map(({ id }) => id)).toEqual(expect.arrayContaining(before.map(({ id }) => id)));
  expect(await stored(restored)).toHaveLength(2);
});

test('a copied disk in other hardware is a clone: quarantined, the facts stay those of the original', async () => {
  const { agentDir, server, agent, enrolment } = await town({ tree: notebook });
  await agent.round('full');
  await agent.exchange();
  close(agent);
  const copy = join(folder(), 'copy');
  cpSync(agentDir, copy, { recursive: true });
  const otherHardware = Object.fromEntries(
    Object.entries(notebook).map(([path, content]) =>
      /serial|uuid|\/address$/.test(path) && typeof content === 'string'
        ? [path, content.replace(/[1-9]/g, '7')]
        : [path, content],
    ),
  );
  const clone = await startAgent(copy, otherHardware);
  await clone.round('full');
  await expect(clone.exchange()).rejects.toMatchObject({ name: 'ServerRefused', code: 'device-not-active' });
  expect(clone.store.queue().waiting).toBe(1);
  const device = await server.context.db
    .selectFrom('devices')
    .select(['state', 'serial_number'])
    .where('id', '=', enrolment.deviceId)
    .executeTakeFirstOrThrow();
  expect(device).toEqual({ state: 'quarantined', serial_number: 'PF2ABCDE' });
});
