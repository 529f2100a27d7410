/** The page about versions of the agent: what runs where, what went wrong, what is released, and the way to the devices. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { AgentFacts } from '../../agent/contract/facts/operation.ts';
import { createTestAgent, officeFacts } from '../fakes/test-agent.ts';
import { type ConsoleFixture, settled, shot, show, startConsole } from './console-fixture.ts';
import { looks, pageFaults } from './page-checks.ts';

const dayMs = 86_400_000;
let fixture: ConsoleFixture;

async function device(hostname: string, token: string, version: string, change: Partial<AgentFacts>): Promise<void> {
  const { server } = fixture;
  const agent = await createTestAgent({ url: server.url, token, hostname });
  const { deviceId } = await agent.enrol();
  const { status } = await agent.report(agent.sections({ agent: { ...officeFacts(hostname).agent, ...change } }));
  expect(status).toBe(201);
  await server.context.db.updateTable('devices').set({ agent_version: version }).where('id', '=', deviceId).execute();
}

async function release(sequence: number, version: string, days: number): Promise<void> {
  const at = (offset: number): string => new Date(Date.now() + offset * dayMs).toISOString();
  await fixture.server.context.db
    .insertInto('releases')
    .values({
      sequence,
      platform: 'win32',
      version,
      minimum_version: '1.2.0',
      sha256: String(sequence).padStart(64, '0'),
      size: 1,
      file_name: 'setup.exe',
      expires_at: at(days),
      jws: 'x',
      published_at: at(-30),
      published_by: 'test',
    })
    .execute();
}

beforeAll(async () => {
  fixture = await startConsole();
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});
afterEach(() => {
  expect(fixture.complaints.splice(0)).toEqual([]);
});

test('before anything is released it says so, and when the server is not there as well', async () => {
  await using context = await fixture.signedIn('viewer');
  const page = await context.newPage();
  await page.goto('/');
  await page.getByRole('link', { name: 'Versionen' }).click();
  await page.getByText('Auf allen 3 Geräten läuft dieselbe Version.').waitFor();
  await page.getByText('Es ist noch keine Version freigegeben.').waitFor();
  await page.route('**/api/v1/versions', (route) => route.abort());
  await page.reload();
  await page.getByText('Der KITS-Server ist nicht zu erreichen.').waitFor();
  await page.unroute('**/api/v1/versions');
  await page.getByRole('button', { name: 'Erneut versuchen' }).click();
  await page.getByRole('row', { name: /0\.1\.0/ }).waitFor();
});

test('what runs where, what went wrong, and the releases; for everybody to read', async () => {
  const { server } = fixture;
  const grabfeld = await server.addMunicipality('Grabfeld');
  const token = await server.addToken(grabfeld);
  await device('gra-pc-01', token, '1.4.2', { update: { state: 'ready', failures: 0, version: '1.5.0' } });
  await device('gra-pc-02', token, '1.4.2', {
    update: { state: 'failed', failures: 1, reason: 'hash' },
    lastUpgrade: { to: '1.5.0', from: '1.4.2', state: 'rolled-back' },
  });
  await device('was-pc-21', server.token, '1.4.2', { update: { state: 'stale', failures: 0, version: '1.4.2' } });
  await release(16, '1.4.2', -3);
  await release(17, '1.5.0', 5);
  const everyone = { municipality_id: '', ring: '' as const };
  await server.context.db
    .insertInto('release_rollouts')
    .values([
      { sequence: 17, ...everyone, percent: 10 },
      { sequence: 17, municipality_id: grabfeld, ring: 'early', percent: 100 },
      { sequence: 16, ...everyone, percent: 100 },
    ])
    .execute();

  for (const [colorScheme, language] of looks) {
    await using context = await fixture.signedIn('viewer', { colorScheme, language });
    const page = await context.newPage();
    await show(page, '/versionen');
    await shot(page, `versions-${colorScheme}-${language}`);
    expect(await pageFaults(page)).toEqual([]);
  }

  await using context = await fixture.signedIn('viewer');
  const page = await context.newPage();
  await show(page, '/versionen');
  const answer = await page.locator('.answer').innerText();
  expect(answer).toContain('Auf 6 Geräten laufen 2 verschiedene Versionen.');
  expect(answer).toContain('Auf 1 Gerät ist die Aktualisierung fehlgeschlagen.');
  expect(answer).toContain('1 Gerät ist zur vorigen Version zurückgekehrt.');
  expect(answer).toContain('1 Gerät kennt nur eine abgelaufene Freigabe');
  expect(answer).toContain('Die Freigabe von 1.5.0 (Windows) läuft am');
  expect(answer).not.toContain('von 1.4.2');
  await page
    .getByRole('row', { name: /1\.5\.0 Windows.*läuft bald ab.*10 % alle Gemeinden.*100 % Grabfeld, Zuerst/ })
    .waitFor();
  await page.getByRole('row', { name: /1\.4\.2 Windows.*abgelaufen/ }).waitFor();

  await page.getByLabel('Gemeinde').selectOption('Grabfeld');
  await page.getByText('Auf allen 2 Geräten läuft dieselbe Version.').waitFor();
  await settled(page);
  await page.getByRole('link', { name: '1.4.2', exact: true }).click();
  await page.getByText('2 Geräte gefunden').first().waitFor();
  expect(await page.getByLabel('Version des Agenten').inputValue()).toBe('1.4.2');
  await page.getByLabel('Version des Agenten').selectOption('Alle');
  await expect.poll(() => page.url()).not.toContain('version=');
});
