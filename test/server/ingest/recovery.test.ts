/** A server that was restored from a backup gets everything again that the agents still hold, once. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openAgent } from '../../../agent/agent.ts';
import { createLog } from '../../../agent/log.ts';
import { loadSettings } from '../../../agent/settings/settings.ts';
import { createServer, type KitsServer } from '../../../server/server.ts';
import { backUp, restore } from '../../../server/store/backup.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { startTestServer } from '../../fakes/test-server.ts';
import { notebook } from '../../fixtures/notebook.ts';
import { vm } from '../../fixtures/vm.ts';

test('reports made since the backup come again with their first signature, and the facts with them', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kits-recovery-'));
  const dataDir = join(dir, 'server');
  const first = await startTestServer({ dataDir });
  let server: KitsServer = first;
  const start = async (name: string, tree: typeof vm) => {
    const agent = await openAgent({
      dataDir: join(dir, name),
      settings: loadSettings(),
      machine: recordedMachine(tree, { hostname: name }),
      log: createLog('error', () => undefined),
    });
    await agent.enrol({ server: first.url, token: first.token, serverKey: first.keyThumbprint });
    return agent;
  };
  const agents = [await start('rathaus-01', vm), await start('bauhof-02', notebook)] as const;
  onTestFinished(async () => {
    for (const agent of agents) agent.close();
    await server.close();
    rmSync(dir, { recursive: true });
  });
  const rounds = async (count: number): Promise<void> => {
    for (let round = 0; round < count; round += 1) {
      for (const agent of agents) {
        await agent.round(round % 2 === 0 ? 'cheap' : 'full');
        await agent.exchange();
      }
    }
  };
  const reports = () =>
    server.context.db
      .selectFrom('reports')
      .select(['id', 'device_id', 'store_epoch', 'sequence', 'envelope_hash', 'envelope_jws'])
      .orderBy('device_id')
      .orderBy('sequence')
      .execute();
  const sections = () =>
    server.context.db
      .selectFrom('sections')
      .select(['device_id', 'section_id', 'state', 'hash', 'data', 'facts_held'])
      .orderBy('device_id')
      .orderBy('section_id')
      .execute();

  await rounds(2);
  const backup = join(dir, 'backup.db');
  backUp(join(dataDir, 'kits.db'), backup);
  const inBackup = (await reports()).length;
  await rounds(3);
  const [allReports, allSections] = [await reports(), await sections()];
  expect(allReports.length).toBeGreaterThanOrEqual(inBackup + 6);

  await first.close();
  restore(backup, dataDir, new Date(), { replace: true, otherInstallation: false });
  server = await createServer({ dataDir, port: Number(new URL(first.url).port), logLevel: 'silent' });
  expect(await reports()).toHaveLength(inBackup);

  for (const agent of agents) await agent.exchange();
  const again = (await reports()).filter(({ id }) => allReports.some((before) => before.id === id));
  expect(again).toEqual(allReports);
  // Facts that had come with reports before the backup are still there; those after it came again or were asked for.
  expect((await sections()).map(({ facts_held }) => facts_held)).not.toContain(0);
  expect(await sections()).toEqual(allSections);
  // Nobody is suspected of anything, and everything goes on.
  const events = await server.context.db.selectFrom('device_events').select('code').execute();
  expect(events).toEqual([]);
  await rounds(1);
  expect((await reports()).length).toBeGreaterThanOrEqual(allReports.length + 2);
});
