/** What people do with backups: from the answer to the devices, the runs and the evidence, and to a restore test. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createBackupServer } from '../../server/fleet/backup-servers.ts';
import { everything } from '../../server/fleet/scope.ts';
import { createTestAgent } from '../fakes/test-agent.ts';
import {
  freshBackup,
  hostileBackup,
  noBackup,
  resultElsewhere,
  staleBackup,
  wellBackedUp,
} from './backed-up-devices.ts';
import { type ConsoleFixture, settled, shot, show, startConsole } from './console-fixture.ts';
import { looks, pageFaults } from './page-checks.ts';

let fixture: ConsoleFixture;
let grabfeld: string;
const devices: Record<string, string> = {};

async function device(hostname: string, token: string, backup: unknown): Promise<void> {
  const agent = await createTestAgent({ url: fixture.server.url, token, hostname });
  const { deviceId } = await agent.enrol();
  expect((await agent.report(agent.sections({ backup }))).status).toBe(201);
  devices[hostname] = deviceId;
}

beforeAll(async () => {
  fixture = await startConsole();
  const { server } = fixture;
  grabfeld = await server.addMunicipality('Grabfeld');
  await device('was-pc-21', server.token, wellBackedUp());
  await device('was-pc-22', server.token, staleBackup());
  await device('was-pc-23', server.token, noBackup());
  await device('was-pc-24', server.token, hostileBackup());
  await device('gra-pc-21', await server.addToken(grabfeld), resultElsewhere());
  await device('gra-pc-22', await server.addToken(grabfeld), freshBackup());
  const { token } = await createBackupServer(
    server.context,
    { name: 'test', scope: everything },
    {
      municipalityId: grabfeld,
      name: 'PBS Rathaus',
    },
  );
  const old = new Date(Date.now() - 20 * 86_400_000).toISOString();
  const said = await fetch(`${server.url}/api/v1/backups/evidence`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain' },
    body: `gra-pc-22\t${old}\t12\t5000000000\tdatastore1`,
  });
  expect(said.status).toBe(200);
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});
afterEach(() => {
  expect(fixture.complaints.splice(0)).toEqual([]);
});

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });

describe('the page of backups', () => {
  test('the answer, the counts, the reasons, and the devices behind them', async () => {
    await using context = await fixture.signedIn('viewer');
    const page = await context.newPage();
    await page.goto('/');
    await page.getByRole('link', { name: 'Sicherungen' }).click();
    await heading(page, 'Sicherungen').waitFor();
    await page.getByText('3 von 9 Geräten haben keine ausreichende Sicherung.').waitFor();
    await page.getByText(/1 Gerät hat überhaupt kein Sicherungsprogramm\..*Bei 1 Gerät widersprechen sich/).waitFor();
    await settled(page);
    await shot(page, 'backups');
    const ages = page.locator('section', {
      has: page.getByRole('heading', { name: 'Alter der letzten belegten Sicherung' }),
    });
    expect((await ages.innerText()).replaceAll(/\s+/g, ' ')).toMatch(
      /Heute oder gestern 6 .*Über 30 Tage 1 Keine belegt 2/,
    );

    // Worst first: what has no success at all before what has an old one.
    const rows = page.getByRole('table', { name: 'Geräte, die dringendsten zuerst' }).getByRole('rowheader');
    await expect
      .poll(async () => (await rows.allInnerTexts()).slice(0, 3).map((text) => text.split('\n')[0]))
      .toEqual(['was-pc-23', 'was-pc-22', 'gra-pc-22']);
    await page
      .getByRole('row', { name: /was-pc-22.*Dringend.*schlägt fehl; die letzte erfolgreiche ist 36 Tage alt/ })
      .waitFor();
    await page.getByRole('row', { name: /gra-pc-22.*hält aber nur einen Stand vom.*Widerspruch/ }).waitFor();
    await page.getByRole('row', { name: /gra-pc-21.*Unbekannt.*weiß nur der Sicherungsserver/ }).waitFor();

    await page.getByRole('heading', { level: 3, name: 'Woran es liegt' }).click();
    await page.getByRole('link', { name: 'Schlägt fehl, letzte erfolgreiche zu alt' }).click();
    await expect.poll(() => rows.count()).toBe(1);
    expect(page.url()).toContain('grund=backup-failing');
    await page.reload();
    await page.getByText('1 Gerät gefunden').first().waitFor();
    await page.getByRole('button', { name: 'Filter zurücksetzen' }).click();
    await page.getByRole('heading', { level: 3, name: 'Programme' }).click();
    const mix = page.getByRole('table', { name: 'Programme' });
    await mix.getByRole('row', { name: /OneDrive Dateiabgleich, keine Sicherung/ }).waitFor();
    await mix.getByRole('link', { name: 'Veeam Agent für Windows' }).click();
    await page.getByText('2 Geräte gefunden').first().waitFor();

    await page.getByLabel('Gemeinde').first().selectOption('Grabfeld');
    await page.getByText('Kein Gerät passt zu diesem Filter.').waitFor();
    await page.getByText('1 von 2 Geräten hat keine ausreichende Sicherung.').waitFor();
    await page.getByRole('searchbox').fill('gra-pc-22');
    await page.getByLabel('Programm', { exact: true }).selectOption('Alle');
    await page.getByText('1 Gerät gefunden').first().waitFor();
    await page.getByRole('link', { name: 'gra-pc-22' }).click();
    await heading(page, 'gra-pc-22').waitFor();
    await page.getByRole('row', { name: /PBS Rathaus datastore1.*12.*4,7 GiB/ }).waitFor();
  });

  test('a token for a backup server is made, shown once, and taken back', async () => {
    await using context = await fixture.signedIn('technician');
    const page = await context.newPage();
    await page.goto('/sicherungen');
    await page.getByRole('heading', { level: 2, name: 'Sicherungsserver', exact: true }).click();
    const form = page.getByRole('form', { name: 'Token anlegen' });
    await form.getByLabel('Gemeinde').selectOption('Wasungen');
    await form.getByLabel('Name des Servers').fill('Borg im Archiv');
    await form.getByRole('button', { name: 'Token anlegen' }).click();
    await page.getByText(/^kits-backup-[\w-]{43}$/).waitFor();
    await shot(page, 'backup-server');
    await page.getByRole('row', { name: /Borg im Archiv Wasungen gültig 0 noch nie/ }).waitFor();
    await page.getByRole('button', { name: /^Widerrufen ?: Borg im Archiv/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Widerrufen' }).click();
    await page.getByRole('row', { name: /Borg im Archiv Wasungen widerrufen/ }).waitFor();
    expect(await page.getByText(/^kits-backup-/).count()).toBe(0);
  });
});

describe('the backup part of a device', () => {
  test('jobs, the time line in words, and the evidence one step behind', async () => {
    await using context = await fixture.signedIn('viewer');
    const page = await context.newPage();
    await page.goto(`/geraete/${devices['was-pc-22']}`);
    const part = page.locator('section', { has: page.getByRole('heading', { level: 2, name: 'Sicherung' }) });
    await part
      .getByRole('row', {
        name: /Sicherung Rathaus-PC.*fehlgeschlagen Das Sicherungsziel ist voll\..*Netzfreigabe: \\\\nas-01\\sicherung verschlüsselt/,
      })
      .waitFor();
    await part.getByText('6 fehlgeschlagen · Letzter Lauf').waitFor();
    expect(await part.getByText('190/89995').isVisible()).toBe(false);
    await part.getByText('8 Läufe mit Nachweis').first().click();
    await part
      .getByRole('row', {
        name: /fehlgeschlagen 0x80780049 Veeam Agent event log Aufzeichnung des Programms · 190\/89995/,
      })
      .waitFor();
    await part.getByText('Kein Sicherungsserver hat bisher etwas zu diesem Gerät gemeldet.').waitFor();
    await part.getByText('Eine Rücksicherung ist jetzt zu erproben. Bisher gelang keine Probe.').waitFor();
    expect(await part.getByText('Probe eintragen').count()).toBe(0);
    await settled(page);
    await shot(page, 'backup-device');
    await page.goto(`/geraete/${devices['was-pc-23']}`);
    await page.getByText('Auf diesem Gerät wurde kein Sicherungsprogramm gefunden.').waitFor();
    await page.goto(`/geraete/${devices['was-pc-24']}`);
    await page.getByText('von der angemeldeten Person änderbar').first().waitFor();
  });

  test('a restore test is entered, counts at once, and can be withdrawn', async () => {
    await using context = await fixture.signedIn('technician');
    const page = await context.newPage();
    await page.goto(`/geraete/${devices['was-pc-21']}`);
    const check = page.getByRole('listitem').filter({ hasText: 'Rücksicherung erprobt' });
    await check.getByText('Hinweis').waitFor();
    await page.getByText('Probe eintragen').first().click();
    const form = page.getByRole('form', { name: 'Probe eintragen' });
    expect(await form.getByLabel('Programm').locator('option:checked').innerText()).toBe('Veeam Agent für Windows');
    await form.getByLabel('Zurückgesichert aus').fill('nas-01');
    await form.getByLabel('Stichprobe').fill('Ordner Bauamt');
    await form.getByLabel('Verglichene Dateien').fill('0');
    await form.getByRole('button', { name: 'Probe eintragen' }).click();
    // The browser says what is wrong before anything is sent.
    expect(
      await form.getByLabel('Verglichene Dateien').evaluate((field: HTMLInputElement) => field.validity.rangeUnderflow),
    ).toBe(true);
    await form.getByLabel('Verglichene Dateien').fill('25');
    await form.getByLabel('Dauer in Minuten').fill('7');
    await form.getByLabel('Bemerkung').fill('Zweiter Datenträger im Tresor');
    await settled(page);
    await shot(page, 'restore-test-form');
    await form.getByRole('button', { name: 'Probe eintragen' }).click();
    await page.getByText('Die Probe ist eingetragen.').first().waitFor();
    await page
      .getByRole('row', {
        name: /alle Dateien gleich 25 Dateien verglichen Ordner Bauamt Zweiter Datenträger im Tresor nas-01/,
      })
      .waitFor();
    await page.getByText(/Zuletzt gelang eine Probe am .* Die nächste ist fällig am/).waitFor();
    await check.getByText('Bestanden').waitFor();
    expect(await form.isVisible()).toBe(false);
    await page.getByRole('button', { name: /^Zurücknehmen ?: / }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Zurücknehmen' }).click();
    await page.getByText('Die Probe ist zurückgenommen.').first().waitFor();
    await page.getByText(/zurückgenommen von technician/).waitFor();
    await check.getByText('Hinweis').waitFor();
    await page.goto('/protokoll');
    await page.getByText('Rücksicherungsprobe zurückgenommen').waitFor();
  });
});

const addresses = (): readonly string[] => [
  '/sicherungen',
  '/sicherungen?stand=critical&probe=due&suche=was',
  `/geraete/${devices['was-pc-21']}`,
  `/geraete/${devices['was-pc-22']}`,
  `/geraete/${devices['gra-pc-22']}`,
];

describe('for everybody', () => {
  test.each(looks)(
    'nothing to find, to scroll sideways or too small to hit: %s, %s',
    {
      timeout: 180_000,
    },
    async (colorScheme, language) => {
      await using context = await fixture.signedIn('technician', { colorScheme, language });
      const page = await context.newPage();
      const found: string[] = [];
      for (const path of addresses()) {
        await show(page, path);
        found.push(...(await pageFaults(page, '.backup-part .table-frame, .content > .table-frame')));
        await shot(page, `backups-${colorScheme}-${language}${path.replaceAll(/[^a-z]+/g, '-').slice(0, 30)}`);
      }
      expect(found).toEqual([]);
    },
  );

  test('states differ in forced colours and on paper', async () => {
    await using context = await fixture.signedIn('viewer');
    const page = await context.newPage();
    await page.emulateMedia({ forcedColors: 'active' });
    await show(page, '/sicherungen');
    await shot(page, 'backups-forced');
    await page.emulateMedia({ forcedColors: 'none', media: 'print' });
    expect(await page.getByRole('form', { name: 'Geräte nach Sicherung filtern' }).isVisible()).toBe(false);
    expect(await page.getByRole('heading', { level: 3, name: 'Woran es liegt' }).isVisible()).toBe(true);
    await shot(page, 'backups-print');
    await show(page, `/geraete/${devices['was-pc-22']}`);
    await shot(page, 'backup-device-print');
  });
});
