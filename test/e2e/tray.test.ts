/** The window of the tray in a browser: what a person sees and does, for everybody. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Notice } from '../../agent/contract/policy.ts';
import type { Status } from '../../agent/contract/status.ts';
import { uiFiles } from '../../main/window/ui-files.ts';
import { resultsDir } from './console-fixture.ts';
import { axeFaults, furnish, type Language, sidewaysFaults, targetFaults } from './page-checks.ts';
import { hostileText, verdictOf } from './tray-desk.ts';
import { startTrayWindow, type TrayFixture } from './tray-fixture.ts';

let fixture: TrayFixture;
beforeAll(async () => {
  fixture = await startTrayWindow();
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});
afterEach(() => {
  expect(fixture.complaints.splice(0)).toEqual([]);
});

const pages = {
  status: { de: 'Status', en: 'Status' },
  notices: { de: 'Mitteilungen', en: 'Notices' },
  sent: { de: 'Was wird übermittelt?', en: 'What is sent?' },
  help: { de: 'Hilfe', en: 'Help' },
  about: { de: 'Über', en: 'About' },
} as const;
const pageNames = Object.keys(pages) as (keyof typeof pages)[];

const nineDaysAgo = (): string => new Date(Date.now() - 9 * 86_400_000).toISOString();

/** Something in every state, and a notice to acknowledge. */
async function publishTroubled(change: Partial<Notice> = {}): Promise<{ noticeId: string }> {
  const issuedAt = new Date(Date.now() - 60_000).toISOString();
  // Far enough away that it can be put off on a Saturday as well.
  const validUntil = new Date(Date.now() + 7 * 86_400_000).toISOString();
  const notice = fixture.kits.noticeOf({
    severity: 'urgent',
    issuedAt,
    validFrom: issuedAt,
    validUntil,
    title: { de: 'Bitte heute neu starten', en: 'Please restart today' },
    links: ['https://kits.example.de/neustart'],
    mustAcknowledge: true,
    ...change,
  });
  await fixture.publish({
    overall: 'critical',
    verdicts: [
      verdictOf('backup-recent', {
        verdict: 'not-met',
        severity: 'critical',
        since: nineDaysAgo(),
        title: { de: 'Seit 9 Tagen keine erfolgreiche Sicherung', en: 'No successful backup for 9 days' },
      }),
      verdictOf('updates-installed'),
      verdictOf('restart-due', { verdict: 'not-met', title: { de: hostileText, en: hostileText } }),
      verdictOf('virus-protection', { verdict: 'unknown' }),
    ],
    notices: [await fixture.kits.signNotice(notice)],
    linkHosts: ['kits.example.de'],
  });
  return { noticeId: notice.id };
}

async function show(page: Page, name: keyof typeof pages, language: Language): Promise<void> {
  await page.goto(`/#${name}`);
  await page.getByRole('heading', { level: 1, name: pages[name][language] }).waitFor();
  await expect.poll(() => page.getByText(/^(Wird geladen|Loading) …$/).count()).toBe(0);
  if (name === 'sent') {
    const report = page.getByRole('button', { name: /^(Vollständiger Bericht|Full report)/ }).first();
    await report.click();
    await page.locator('details').first().waitFor();
    await page.evaluate('for (const fold of document.querySelectorAll("details")) fold.open = true');
  }
}

const focused = (page: Page): Promise<string> =>
  page.evaluate('(document.activeElement.labels?.[0] ?? document.activeElement).innerText ?? ""');

describe('the built window', () => {
  test('is at most 40 kB on the wire, and nothing in it is inline', () => {
    const sizes = Object.values(uiFiles).map(({ name }) => gzipSync(readFileSync(join(fixture.folder, name))).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(40 * 1024);
    const html = readFileSync(join(fixture.folder, 'index.html'), 'utf8');
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|data:/);
  });

  test('has a preload of one small file that needs nothing but Electron', () => {
    const preload = readFileSync(join(fixture.folder, 'preload.cjs'), 'utf8');
    expect(preload.length).toBeLessThan(2048);
    expect([...preload.matchAll(/require\(([^)]*)\)/g)].map(([, name]) => name?.slice(1, -1))).toEqual(['electron']);
  });
});

describe('status', () => {
  test('says the answer first, then what is wrong, since when, what to do and what KITS does', async () => {
    await publishTroubled();
    await using context = await fixture.open();
    const page = await context.newPage();
    await show(page, 'status', 'de');
    await page.getByText('Ihr PC hat ein dringendes Problem.').last().waitFor();
    const backup = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: /^Sicherung/ }) });
    await backup.getByText('Seit 9 Tagen keine erfolgreiche Sicherung').waitFor();
    await backup.getByText(/^Seit \d\d\.\d\d\., 9 Tage$/).waitFor();
    await backup.getByText('KITS sieht die Meldung und kümmert sich um die Sicherung.').waitFor();
    await page
      .getByRole('heading', { name: /^Schutz/ })
      .getByText('Unbekannt')
      .waitFor();
    // An area of which nothing is known is not green.
    await page
      .getByRole('heading', { name: /^Speicherplatz/ })
      .getByText('Unbekannt')
      .waitFor();
    await page.getByRole('heading', { name: hostileText }).waitFor();
    expect(await page.locator('img').count()).toBe(0);
  });

  test('does not say that KITS knows while the report waits', async () => {
    await fixture.publish({
      overall: 'critical',
      verdicts: [verdictOf('backup-recent', { verdict: 'not-met', severity: 'critical' })],
      reporting: { waiting: 2, failure: 'offline', lastCollectedAt: nineDaysAgo(), lastAcceptedAt: nineDaysAgo() },
    });
    await using context = await fixture.open();
    const page = await context.newPage();
    await show(page, 'status', 'de');
    await page.getByText('KITS erfährt davon, sobald dieser PC seinen Bericht übermitteln kann.').waitFor();
    await page.getByText('2 Berichte warten. Sie werden von selbst übermittelt.').waitFor();
  });

  test('does not lay what is between PC and server to the server', async () => {
    const since = new Date().toISOString();
    await using context = await fixture.open();
    const page = await context.newPage();
    await show(page, 'status', 'de');
    for (const [code, words] of [
      ['unknown-device', 'Der KITS-Server nimmt diesen PC zurzeit nicht an.'],
      ['request-altered', 'Etwas zwischen diesem PC und KITS hält Berichte auf.'],
    ] as const) {
      await fixture.publish({ reporting: { waiting: 3, refused: 0, aside: 0, needsAttention: { code, since } } });
      await page.getByText(words).waitFor();
    }
    expect(await page.getByText('nimmt diesen PC zurzeit nicht an').count()).toBe(0);
  });

  test('a service that ended, and a file that is damaged, newer or from the future, is said and recovers by itself', async () => {
    await fixture.publish();
    await using context = await fixture.open();
    const page = await context.newPage();
    await show(page, 'status', 'de');
    const file = join(fixture.publicDir, 'status.json');
    const old = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
    const answers: [content: string, sentence: string | RegExp][] = [
      ['{"half', 'Seine Angaben fehlen oder sind nicht zu lesen.'],
      [JSON.stringify({ contractVersion: 2 }), 'KITS Agent wurde aktualisiert.'],
      [JSON.stringify(fixture.statusOf({ writtenAt: old(3), validUntil: old(2) })), 'Der letzte Stand ist vom'],
      [JSON.stringify(fixture.statusOf({ writtenAt: old(-30), validUntil: old(-31) })), 'Der letzte Stand ist vom'],
    ];
    for (const [content, sentence] of answers) {
      writeFileSync(file, content);
      await fixture.refresh();
      await page.getByText(sentence).waitFor();
      expect(await page.getByText('Ihr PC ist in Ordnung.').count()).toBe(0);
      await fixture.publish();
      await page.getByText('Ihr PC ist in Ordnung.').last().waitFor();
    }
  });

  test('"Jetzt prüfen" shows how far it is', async () => {
    await fixture.publish();
    await using context = await fixture.open();
    const page = await context.newPage();
    await show(page, 'status', 'de');
    await page.getByRole('button', { name: 'Jetzt prüfen' }).click();
    await page.getByText('Die Prüfung ist angefordert …').waitFor();
    const request = fixture.mailbox().findLast(({ kind }) => kind === 'check-now')!;
    await fixture.publish({ handledRequests: [request.requestId] });
    await page.getByText('Der PC wird geprüft …').waitFor();
    const now = new Date().toISOString();
    await fixture.publish({
      handledRequests: [request.requestId],
      reporting: { waiting: 0, lastCollectedAt: now, lastAcceptedAt: now },
    });
    await page.getByText(/^Geprüft: /).waitFor();
  });
});

test('a notice is seen, acknowledged, and the way of the acknowledgement is shown; a forged one is not', async () => {
  const { noticeId } = await publishTroubled();
  await using context = await fixture.open();
  const page = await context.newPage();
  await show(page, 'notices', 'de');
  await page.getByRole('heading', { name: 'Bitte heute neu starten' }).waitFor();
  await expect.poll(() => fixture.mailbox().filter(({ kind }) => kind === 'notice-seen')).toHaveLength(1);
  await page.getByRole('button', { name: '„Bitte heute neu starten“ zur Kenntnis genommen' }).click();
  await page.getByText('Ihre Kenntnisnahme ist gespeichert und wird übergeben …').waitFor();
  const said = fixture.mailbox().find(({ kind }) => kind === 'notice-acknowledged')!;
  expect(said).toMatchObject({ noticeId });
  const { notices } = JSON.parse(readFileSync(join(fixture.publicDir, 'status.json'), 'utf8')) as { notices: string[] };
  await fixture.publish({ notices, handledRequests: [said.requestId] });
  await page.getByText('Zur Kenntnis genommen.').waitFor();
  // Nothing is left to do with it.
  await page.getByRole('link', { name: 'Mitteilungen', exact: true }).waitFor();

  await fixture.publish({ notices: [await fixture.kits.signNotice({}, fixture.kits.device)] });
  await page.getByText('Eine Mitteilung wird nicht gezeigt, weil ihre Echtheit nicht nachgewiesen ist.').waitFor();
  expect(await page.getByRole('article').count()).toBe(0);
});

test('a notice nobody can have seen does not count as seen: the window is minimised or the screen is locked', async () => {
  const issuedAt = new Date(Date.now() - 60_000).toISOString();
  const notice = fixture.kits.noticeOf({
    issuedAt,
    validFrom: issuedAt,
    validUntil: new Date(Date.now() + 86_400_000).toISOString(),
  });
  await fixture.publish({ notices: [await fixture.kits.signNotice(notice)] });
  await using context = await fixture.open();
  const page = await context.newPage();
  const look = (state: string): string =>
    `Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => '${state}' });
     document.dispatchEvent(new Event('visibilitychange'))`;
  await page.addInitScript(look('hidden'));
  await show(page, 'notices', 'de');
  await page.getByRole('article').waitFor();
  const seen = () => fixture.mailbox().filter((one) => one.kind === 'notice-seen' && one.noticeId === notice.id);
  await page.evaluate(`kits.request('view:get')`);
  expect(seen()).toEqual([]);
  await page.evaluate(look('visible'));
  await expect.poll(seen).toHaveLength(1);
});

test('a notice is put off and kept apart; its address opens where the policy allows it, and is text elsewhere', async () => {
  const issuedAt = new Date(Date.now() - 60_000).toISOString();
  const notice = fixture.kits.noticeOf({
    severity: 'warning',
    title: { de: 'Umzug der Ablage' },
    issuedAt,
    validFrom: issuedAt,
    validUntil: new Date(Date.now() + 20 * 86_400_000).toISOString(),
    links: ['https://kits.example.de/ablage?von=alt&nach=neu', 'https://elsewhere.example/'],
  });
  const notices = [await fixture.kits.signNotice(notice)];
  await fixture.publish({ notices, linkHosts: ['kits.example.de'] });
  await using context = await fixture.open();
  const page = await context.newPage();
  await page.goto(`/#notices/${notice.id}`);
  await expect.poll(() => focused(page)).toBe('Umzug der Ablage');
  await page.getByRole('button', { name: 'https://kits.example.de/ablage?von=alt&nach=neu' }).click();
  await expect.poll(() => fixture.opened.splice(0)).toEqual(['https://kits.example.de/ablage?von=alt&nach=neu']);
  expect(await page.getByRole('button', { name: /elsewhere/ }).count()).toBe(0);
  await page.getByText('https://elsewhere.example/').waitFor();
  await page.getByText('Später erinnern').click();
  // Which times are offered depends on the hour; at night it is one alone.
  await page.locator('.choices').getByRole('button').last().click();
  await page.getByRole('heading', { name: 'Zurückgestellt' }).waitFor();
  await page.getByText(/^Zurückgestellt\. Wir erinnern Sie: \d/).waitFor();
  await page.getByRole('link', { name: 'Mitteilungen', exact: true }).waitFor();
  expect(fixture.mailbox().filter(({ kind }) => kind === 'notice-deferred')).toMatchObject([{ noticeId: notice.id }]);
});

test('after one of several is put off, the keyboard goes on at the next, and a screen reader hears what became of it', async () => {
  const issuedAt = new Date(Date.now() - 60_000).toISOString();
  const validUntil = new Date(Date.now() + 20 * 86_400_000).toISOString();
  const notices = ['Erste', 'Zweite'].map((de, index) =>
    fixture.kits.noticeOf({
      severity: index === 0 ? 'warning' : 'info',
      title: { de },
      issuedAt,
      validFrom: issuedAt,
      validUntil,
    }),
  );
  await fixture.publish({ notices: await Promise.all(notices.map((notice) => fixture.kits.signNotice(notice))) });
  await using context = await fixture.open();
  const page = await context.newPage();
  await show(page, 'notices', 'de');
  const first = page.getByRole('article').filter({ hasText: 'Erste' });
  await first.getByText('Später erinnern').press('Enter');
  await first.locator('.choices').getByRole('button').last().press('Enter');
  await page.getByRole('heading', { name: 'Zurückgestellt' }).waitFor();
  await expect.poll(() => focused(page)).toBe('Zweite');
  await page
    .getByRole('status')
    .filter({ hasText: /^„Erste“ ist bis .+ zurückgestellt\.$/ })
    .waitFor({ state: 'attached' });

  // Taken back by KITS while she is at it.
  await page.getByRole('article').filter({ hasText: 'Zweite' }).getByText('Später erinnern').focus();
  await fixture.publish({ notices: [] });
  await page.getByText('Es gibt keine Mitteilungen.').waitFor();
  await expect.poll(() => focused(page)).toBe('Mitteilungen');
});

describe('a notice whose answers are named', () => {
  const publishNamed = async (): Promise<{ noticeId: string; notices: string[] }> => {
    const issuedAt = new Date(Date.now() - 60_000).toISOString();
    const notice = fixture.kits.noticeOf({
      severity: 'warning',
      title: { de: 'Unterweisung Datenschutz', en: 'Data protection briefing' },
      issuedAt,
      validFrom: issuedAt,
      validUntil: new Date(Date.now() + 20 * 86_400_000).toISOString(),
      mustAcknowledge: true,
      answers: 'named',
    });
    const notices = [await fixture.kits.signNotice(notice)];
    await fixture.publish({ notices });
    return { noticeId: notice.id, notices };
  };

  test.each(['de', 'en'] as const)('says so before anybody answers, with the name that goes: %s', async (language) => {
    await publishNamed();
    await using context = await fixture.open({ language });
    const page = await context.newPage();
    await show(page, 'notices', language);
    const button = page.getByRole('button', { name: { de: /mit Namen/, en: /by name/ }[language] });
    const described = await button.getAttribute('aria-describedby');
    const words = await page.locator(`[id="${described}"]`).innerText();
    expect(words.replaceAll(/[\u2068\u2069]/g, '')).toMatch(
      { de: /mit dem Namen „k\.mueller“ an KITS gemeldet/, en: /to KITS with the name “k\.mueller”/ }[language],
    );
    expect(await axeFaults(page)).toEqual([]);
    await page.screenshot({ path: join(resultsDir, `tray-named-${language}.png`), fullPage: true });
  });

  test('has room for the longest name, on the narrowest window and in the largest text', async () => {
    await publishNamed();
    await using context = await fixture.open();
    const page = await context.newPage();
    // Nothing else tells the window what there is to show, so that the name stays.
    await page.route('**/events', () => undefined);
    await page.route('**/request/view:get', async (route) => {
      const response = await route.fetch();
      const { output } = (await response.json()) as { output: object };
      await route.fulfill({ response, json: { output: { ...output, accountName: 'W'.repeat(120) } } });
    });
    await show(page, 'notices', 'de');
    await page.getByText('WWW').first().waitFor();
    expect(await sidewaysFaults(page, undefined, [{ width: 320, text: 200 }])).toEqual([]);
  });

  test('sends it with the answer, and says with which name that went', async () => {
    const { noticeId, notices } = await publishNamed();
    await using context = await fixture.open();
    const page = await context.newPage();
    await show(page, 'notices', 'de');
    await page.getByRole('button', { name: '„Unterweisung Datenschutz“ mit Namen zur Kenntnis genommen' }).click();
    await page.getByText('Ihre Kenntnisnahme ist gespeichert').waitFor();
    const said = fixture.mailbox().findLast(({ kind }) => kind === 'notice-acknowledged')!;
    expect(said).toMatchObject({ noticeId, statedName: 'k.mueller' });
    await fixture.publish({ notices, handledRequests: [said.requestId] });
    await page.getByText(/^Mit dem Namen „.k\.mueller.“ zur Kenntnis genommen\./).waitFor();
    expect(await page.getByText('So heißt Ihr Konto an diesem PC.').count()).toBe(0);
  });
});

test('the emergency card names whom to reach, with its date, also when the service is silent', async () => {
  const asOf = new Date(Date.now() - 100 * 86_400_000).toISOString();
  const contacts: Status['contacts'] = {
    asOf,
    policyVersion: 12,
    entries: [
      {
        label: { de: 'KITS-Hotline', en: 'KITS hotline' },
        phone: '03693 485-0',
        mail: 'hilfe@kits.example.de',
        hours: { de: 'Mo bis Fr 7 bis 17 Uhr', en: 'Mon to Fri 7 am to 5 pm' },
      },
    ],
  };
  await fixture.publish({ contacts });
  await using context = await fixture.open({ language: 'en' });
  const page = await context.newPage();
  await show(page, 'help', 'en');
  await page.getByText('Phone: 03693 485-0').waitFor();
  await page.getByText('Mon to Fri 7 am to 5 pm').waitFor();
  await page.getByText(/policy 12 of KITS/).waitFor();
  await page.getByText('These entries are older than 90 days').waitFor();
  expect(await axeFaults(page)).toEqual([]);
  const longAgo = new Date(Date.now() - 3_600_000).toISOString();
  await fixture.publish({ contacts, writtenAt: longAgo, validUntil: longAgo });
  await page.getByRole('status').filter({ hasText: 'The KITS service on this PC does not answer.' }).waitFor();
  await page.getByText('Phone: 03693 485-0').waitFor();
  await page.getByRole('textbox', { name: 'Device name' }).waitFor();
  await fixture.publish();
  await page.getByText('No phone numbers are stored on this PC.').waitFor();
});

test('a report is shown field by field with its purpose, and saved as it was sent', async () => {
  await fixture.publish();
  await using context = await fixture.open();
  const page = await context.newPage();
  await show(page, 'sent', 'de');
  await page.getByText('Noch nicht übermittelt.').waitFor();
  await page.getByText('Fenstertitel und besuchte Internetseiten').waitFor();
  await page.getByText('was-pc-01', { exact: true }).first().waitFor();
  await page.getByText('Unverändert: Übermittelt wurde nur eine Prüfsumme').waitFor();
  expect(await page.getByText('Kein Zweck angegeben.').count()).toBe(0);
  await page.getByRole('button', { name: 'Diesen Bericht als Datei speichern' }).click();
  await page.getByText(/^Gespeichert: /).waitFor();
  expect(readFileSync(join(fixture.base, 'kits-bericht-2.json'), 'utf8')).toBe(
    readFileSync(join(fixture.publicDir, 'sent/2.json'), 'utf8'),
  );
});

test('with the keyboard alone: every function of the window', async () => {
  await publishTroubled();
  await using context = await fixture.open();
  const page = await context.newPage();
  const tabTo = async (wanted: RegExp): Promise<void> => {
    for (let step = 0; step < 60; step += 1) {
      await page.keyboard.press('Tab');
      if (wanted.test((await focused(page)).trim())) return;
    }
    throw new Error(`no tab stop ${wanted.source}`);
  };
  const goTo = async (link: RegExp, heading: string): Promise<void> => {
    await tabTo(link);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    await expect.poll(() => focused(page)).toBe(heading);
  };
  await show(page, 'status', 'de');
  await goTo(/^Es gibt eine Mitteilung von KITS\.$/, 'Mitteilungen');
  await goTo(/^Status$/, 'Status');
  await tabTo(/^Jetzt prüfen$/);
  await page.keyboard.press('Enter');
  await page.getByText('Die Prüfung ist angefordert …').waitFor();
  await goTo(/^Mitteilungen \(1\)$/, 'Mitteilungen');
  await tabTo(/^https:\/\/kits\.example\.de\/neustart$/);
  await page.keyboard.press('Enter');
  await expect.poll(() => fixture.opened.splice(0)).toEqual(['https://kits.example.de/neustart']);
  await tabTo(/^Später erinnern$/);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText(/^Zurückgestellt\. Wir erinnern Sie: \d/).waitFor();
  // Nothing else is waiting: the keyboard is at the head of the page.
  await expect.poll(() => focused(page)).toBe('Mitteilungen');
  await tabTo(/zur Kenntnis genommen$/);
  await page.keyboard.press('Enter');
  await page.getByText('Ihre Kenntnisnahme ist gespeichert').waitFor();
  await expect.poll(() => focused(page)).toBe('Bitte heute neu starten');
  await goTo(/^Woran erkenne ich echte KITS-Mitteilungen\?$/, 'Hilfe');
  await goTo(/^Was wird übermittelt\?$/, 'Was wird übermittelt?');
  await tabTo(/^Vollständiger Bericht/);
  await page.keyboard.press('Enter');
  await tabTo(/als Datei speichern$/);
  await page.keyboard.press('Enter');
  await page.getByText(/^Gespeichert: /).waitFor();
  await tabTo(/^Arbeitsspeicher: /);
  await page.keyboard.press('Enter');
  await page.getByText('totalBytes', { exact: true }).waitFor();
  await goTo(/^Hilfe$/, 'Hilfe');
  await tabTo(/^Kopieren$/);
  await page.keyboard.press('Enter');
  await page.getByText('Gerätename kopiert.').waitFor();
  await tabTo(/^Kopieren$/);
  await page.keyboard.press('Enter');
  await page.getByText('Gerätenummer kopiert.').waitFor();
  await tabTo(/^Was ist Ihnen aufgefallen\?$/);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('Bitte schreiben Sie kurz, was Ihnen aufgefallen ist.').waitFor();
  await tabTo(/^Was ist Ihnen aufgefallen\?$/);
  await page.keyboard.type('Ein unbekanntes Fenster');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText(/^Ihre Meldung .* wartet auf den KITS-Dienst\.$/).waitFor();
  expect(fixture.mailbox().at(-1)).toMatchObject({ kind: 'report-suspicion', text: 'Ein unbekanntes Fenster' });
  await goTo(/^Über$/, 'Über');
  await tabTo(/^English$/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'About' }).waitFor();
  expect(await page.evaluate('document.documentElement.lang')).toBe('en');
});

test('who made this program, and what of others is in it: each by name, version and licence', async () => {
  await fixture.publish();
  await using context = await fixture.open();
  const page = await context.newPage();
  await show(page, 'about', 'de');
  for (const name of ['electron', 'jose', 'preact', 'zod']) {
    const manifest = join(import.meta.dirname, '../../node_modules', name, 'package.json');
    const { version, license } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string; license: string };
    await page
      .getByRole('listitem')
      .filter({ hasText: `${name} ${version}, Lizenz ${license}` })
      .waitFor();
  }
});

/** How the window can look; contrast and names are right in each of them together. */
const appearances = [
  { colorScheme: 'light', forcedColors: 'none' },
  { colorScheme: 'dark', forcedColors: 'none' },
  { colorScheme: 'light', forcedColors: 'active' },
  { colorScheme: 'dark', forcedColors: 'active' },
] as const;

describe('for everybody', () => {
  test.each(['de', 'en'] as const)(
    'axe finds nothing in any view: %s, both themes, with forced colours and without',
    { timeout: 180_000 },
    async (language) => {
      await publishTroubled({ answers: 'named' });
      await using context = await fixture.open({ reducedMotion: 'reduce', language });
      const page = await context.newPage();
      const found: string[] = [];
      const look = async (): Promise<void> => {
        for (const appearance of appearances) {
          await page.emulateMedia(appearance);
          found.push(...(await axeFaults(page)).map((fault) => `${Object.values(appearance).join(' ')}: ${fault}`));
        }
        found.push(...(await targetFaults(page)));
      };
      for (const name of pageNames) {
        await show(page, name, language);
        await look();
      }
      writeFileSync(join(fixture.publicDir, 'status.json'), '');
      await fixture.refresh();
      await show(page, 'status', language);
      await look();
      expect(found).toEqual([]);
    },
  );

  test.each(['de', 'en'] as const)(
    'nothing is cut at 320 px or with 200 % text: %s',
    { timeout: 180_000 },
    async (language) => {
      await publishTroubled({ answers: 'named' });
      await using context = await fixture.open({ language });
      const page = await context.newPage();
      for (const name of pageNames) {
        await show(page, name, language);
        const rooms = [760, 320].flatMap((width) => [100, 200].map((text) => ({ width, text })));
        expect(await sidewaysFaults(page, undefined, rooms)).toEqual([]);
        for (const text of [100, 200]) {
          await furnish(page, { width: 760, text });
          await page.screenshot({
            path: join(resultsDir, 'screens', `tray-${name}-${language}-${text}.png`),
            fullPage: name !== 'sent',
          });
        }
        await page.goto('about:blank');
      }
    },
  );
});

describe('the preview', () => {
  test.each([
    ['another page', { origin: 'https://evil.example', 'x-kits-preview': '1' }, 403],
    ['a form', {}, 403],
  ])('refuses %s', async (_name, headers, status) => {
    const response = await fetch(`${fixture.url}request/check:start`, { method: 'POST', headers, body: '{}' });
    expect(response.status).toBe(status);
  });

  test('serves a fixed list of files and a contract, nothing else', async () => {
    const origin = fixture.url.slice(0, -1);
    const headers = { origin, 'x-kits-preview': '1' };
    expect((await fetch(`${fixture.url}preload.cjs`)).status).toBe(404);
    expect((await fetch(`${fixture.url}%2e%2e/package.json`)).status).toBe(404);
    expect((await fetch(`${fixture.url}request/shell:open`, { method: 'POST', headers, body: '{}' })).status).toBe(404);
    const malformed = JSON.stringify({ input: { noticeId: '../key' } });
    const answer = await fetch(`${fixture.url}request/notice:seen`, { method: 'POST', headers, body: malformed });
    expect(answer.status).toBe(400);
  });
});
