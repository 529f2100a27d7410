/** The first page staff see, with several municipalities. Its picture is the one in the README. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTestAgent, officeFacts } from '../fakes/test-agent.ts';
import { resultsDir, startConsole } from './console-fixture.ts';

const gib = 1024 ** 3;

test('municipalities stand in the order of urgency, each with its PCs by state', async () => {
  await using fixture = await startConsole();
  const { server } = fixture;
  const town = async (name: string, freeGib: readonly number[]): Promise<void> => {
    const token = await server.addToken(await server.addMunicipality(name));
    for (const [index, free] of freeGib.entries()) {
      const hostname = `${name.slice(0, 3).toLowerCase()}-pc-${index + 1}`;
      const agent = await createTestAgent({ url: server.url, token, hostname });
      await agent.enrol();
      const { storage } = officeFacts(hostname);
      const volumes = storage.volumes.map((volume) => ({ ...volume, freeBytes: free * gib }));
      expect((await agent.report(agent.sections({ storage: { ...storage, volumes } }))).status).toBe(201);
    }
  };
  await town('Breitungen', [300, 280, 210, 190]);
  await town('Floh-Seligenthal', [300, 40, 160]);
  await town('Rhönblick', []);
  await town('Grabfeld', [300, 8, 9, 45, 120]);

  const context = await fixture.signedIn('technician');
  const page = await context.newPage();
  await page.goto('/');
  await page.getByRole('table').waitFor();
  const order = await page.getByRole('rowheader').allInnerTexts();
  expect(order.map((name) => name.trim())).toEqual([
    'Grabfeld',
    'Wasungen',
    'Floh-Seligenthal',
    'Breitungen',
    'Rhönblick',
  ]);
  await page.setViewportSize({ width: 1200, height: 620 });
  await page.screenshot({ path: join(resultsDir, 'console.png') });

  const quarantine = page.getByRole('columnheader', { name: 'Unter Quarantäne' });
  expect(await quarantine.count()).toBe(0);
  const { db } = server.context;
  await db.updateTable('devices').set({ state: 'quarantined' }).where('hostname', '=', 'bre-pc-1').execute();
  await page.reload();
  await quarantine.waitFor();
  const breitungen = page.getByRole('row').filter({ hasText: 'Breitungen' });
  await breitungen.locator('a[href*="status=quarantined"]').click();
  await page.getByRole('rowheader', { name: /bre-pc-1/ }).waitFor();
  expect(await page.getByRole('rowheader').count()).toBe(1);
  expect(fixture.complaints).toEqual([]);
  await context.close();
});
