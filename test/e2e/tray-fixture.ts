/** The window of the tray as it ships, in a real browser: built page, real handlers, real files of the service's directory. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, BrowserContextOptions } from 'playwright-core';
import { type MailboxRequest, mailboxRequest, type SentReport, type Status } from '../../agent/contract/status.ts';
import { publishStatus } from '../../agent/status/publish-status.ts';
import { buildPreviewBridge, buildTray } from '../../build/build-tray.ts';
import { startPreview } from '../../build/preview-server.ts';
import { createAgentLink } from '../../main/agent-link/agent-link.ts';
import { authority } from '../agent/signing/authority.ts';
import { officeFacts, sectionOf } from '../fakes/office-facts.ts';
import { launchBrowser, noteComplaints, rememberedLanguage } from './browser.ts';
import type { Language } from './page-checks.ts';

export const hostileText = '<img src=x onerror=alert(1)>';

const ago = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();

export function verdictOf(
  ruleId: string,
  change: Partial<Status['verdicts'][number]> = {},
): Status['verdicts'][number] {
  return {
    ruleId,
    verdict: 'met',
    severity: 'warning',
    reason: 'fine',
    values: {},
    evidence: [],
    title: { de: `Prüfung ${ruleId}`, en: `Check ${ruleId}` },
    explanation: { de: 'Was dazu zu sagen ist.', en: 'What there is to say.' },
    ...change,
  };
}

function sentReportOf(sequence: number, acceptedAt?: string): SentReport {
  const hash = 'a'.repeat(43);
  const deviceId = randomUUID();
  const sections = Object.entries(officeFacts('was-pc-01')).map(([id, data]) => sectionOf(id, data));
  return {
    envelope: {
      contractVersion: 1,
      reportId: randomUUID(),
      deviceId,
      storeEpoch: randomUUID(),
      sequence,
      class: 'full',
      createdAt: ago(3 - sequence),
      bodyHash: hash,
      bodyBytes: 18_432,
    },
    envelopeHash: hash,
    ...(acceptedAt === undefined ? {} : { acceptedAt }),
    sentAsHash: ['cpu'],
    body: {
      contractVersion: 1,
      deviceId,
      createdAt: ago(3 - sequence),
      agentVersion: '0.1.0',
      platform: 'linux',
      fingerprint: {},
      sections,
      verdicts: [],
    },
  };
}

export type TrayFixture = Awaited<ReturnType<typeof startTrayWindow>>;

export async function startTrayWindow() {
  const base = mkdtempSync(join(tmpdir(), 'kits-window-'));
  const publicDir = join(base, 'public');
  const folder = join(base, 'ui');
  await buildTray(folder);
  await buildPreviewBridge(folder);
  const kits = await authority();
  mkdirSync(join(publicDir, 'sent'), { recursive: true });
  writeFileSync(join(publicDir, 'requests'), '');
  for (const report of [sentReportOf(1, ago(1)), sentReportOf(2)]) {
    writeFileSync(join(publicDir, 'sent', `${report.envelope.sequence}.json`), JSON.stringify(report));
  }
  writeFileSync(
    join(publicDir, 'trust.json'),
    JSON.stringify({ contractVersion: 1, writtenAt: ago(0), trust: kits.trust, holder: kits.holder }),
  );

  const statusOf = (change: Partial<Status> = {}): Status => ({
    contractVersion: 1,
    writtenAt: ago(0),
    validUntil: ago(-0.25),
    agentVersion: '0.1.0',
    device: { hostname: 'was-pc-01', deviceId: kits.holder.device, municipality: 'Wasungen', state: 'active' },
    overall: 'ok',
    verdicts: [
      'backup-recent',
      'updates-installed',
      'restart-due',
      'virus-protection',
      'storage-free',
      'device-heard',
    ].map((ruleId) => verdictOf(ruleId)),
    reporting: { waiting: 0, lastCollectedAt: ago(1), lastAcceptedAt: ago(1) },
    notices: [],
    handledRequests: [],
    ...change,
  });

  const link = createAgentLink({
    publicDir,
    memory: join(base, 'own', 'requests.json'),
    now: () => new Date(),
    saveFile: async (name, content) => {
      writeFileSync(join(base, name), content);
      return join(base, name);
    },
    asked: () => void refresh(),
  });
  const preview = await startPreview({ folder, link, port: 0 });
  async function refresh(): Promise<void> {
    preview.tell((await link.refresh()).view);
  }

  const browser = await launchBrowser();
  /** What the browser complained about: a violation of the security policy, an error in the page, a dialogue. */
  const complaints: string[] = [];

  return {
    base,
    folder,
    publicDir,
    kits,
    complaints,
    url: preview.url,
    statusOf,
    /** What the service does: writes its file; the window hears of it. */
    publish: async (change: Partial<Status> = {}): Promise<void> => {
      publishStatus(publicDir, statusOf(change));
      await refresh();
    },
    refresh,
    mailbox: (): MailboxRequest[] =>
      readFileSync(join(publicDir, 'requests'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => mailboxRequest.parse(JSON.parse(line))),
    open: async (options: BrowserContextOptions & { language?: Language } = {}): Promise<BrowserContext> => {
      const { language = 'de', ...rest } = options;
      const context = await browser.newContext({
        baseURL: preview.url,
        viewport: { width: 760, height: 720 },
        storageState: rememberedLanguage(preview.url.slice(0, -1), language),
        ...rest,
      });
      context.setDefaultTimeout(30_000);
      noteComplaints(context, complaints);
      return context;
    },
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await preview[Symbol.asyncDispose]();
      await rm(base, { recursive: true, force: true });
    },
  };
}
