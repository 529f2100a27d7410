/** The directory through which service and tray talk, written as the service writes it, with real keys and signatures. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MailboxRequest, mailboxRequest, type SentReport, type Status } from '../../agent/contract/status.ts';
import { publishStatus } from '../../agent/status/publish-status.ts';
import { authority } from '../agent/signing/authority.ts';
import { officeFacts, sectionOf } from '../fakes/office-facts.ts';

export const hostileText = '<img src=x onerror=alert(1)>';

export const ago = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();

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

/** Lines of a mailbox, the oldest first. */
export function mailboxLines(publicDir: string): MailboxRequest[] {
  return readFileSync(join(publicDir, 'requests'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => mailboxRequest.parse(JSON.parse(line)));
}

export type Desk = Awaited<ReturnType<typeof createDesk>>;

export async function createDesk() {
  const base = mkdtempSync(join(tmpdir(), 'kits-desk-'));
  const publicDir = join(base, 'public');
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

  return {
    base,
    publicDir,
    kits,
    statusOf,
    /** What the service does: writes its file. */
    write: (change: Partial<Status> = {}): void => publishStatus(publicDir, statusOf(change)),
    mailbox: () => mailboxLines(publicDir),
    [Symbol.asyncDispose]: () => rm(base, { recursive: true, force: true }),
  };
}
