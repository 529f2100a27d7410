/** Builds one report from one round: sections the server already holds are named by their hash only. */
import { randomUUID } from 'node:crypto';
import {
  contractVersion,
  type Fingerprint,
  type Gap,
  type KnownSection,
  type NoticeAnswer,
  type ReportBody,
  type ReportClass,
  type Section,
  type Suspicion,
  type Verdict,
} from '../contract/report.ts';
import { canonicalJson } from '../signing/canonical.ts';
import type { SigningKey } from '../signing/keys.ts';
import { type SignedReport, signReport } from '../signing/report-frame.ts';
import { agentVersion } from '../version.ts';

export interface ReportInput {
  readonly deviceId: string;
  readonly platform: 'linux' | 'win32';
  readonly class: ReportClass;
  readonly now: Date;
  /** Best knowledge of the server's time; absent before its first signed answer. */
  readonly serverTime?: Date;
  readonly gaps?: readonly Gap[];
  readonly noticeAnswers?: readonly NoticeAnswer[];
  readonly suspicions?: readonly Suspicion[];
  readonly sections: readonly KnownSection[];
  readonly verdicts: readonly Verdict[];
  readonly fingerprint: Fingerprint;
  readonly acknowledgedHashes: ReadonlyMap<string, string>;
  readonly place: { readonly epoch: string; readonly sequence: number; readonly previousHash?: string };
}

export function buildReport(input: ReportInput, key: SigningKey): Promise<SignedReport> {
  const body: ReportBody = {
    contractVersion,
    deviceId: input.deviceId,
    createdAt: input.now.toISOString(),
    ...(input.serverTime === undefined ? {} : { serverTime: input.serverTime.toISOString() }),
    agentVersion,
    platform: input.platform,
    fingerprint: input.fingerprint,
    sections: byKey(input.sections, ({ id }) => id).map((section) => thin(section, input.acknowledgedHashes)),
    verdicts: byKey(input.verdicts, ({ ruleId }) => ruleId),
    ...(input.gaps === undefined ? {} : { gaps: [...input.gaps] }),
    ...(input.noticeAnswers === undefined ? {} : { noticeAnswers: [...input.noticeAnswers] }),
    ...(input.suspicions === undefined ? {} : { suspicions: [...input.suspicions] }),
  };
  return signReport(
    {
      contractVersion,
      reportId: randomUUID(),
      deviceId: input.deviceId,
      storeEpoch: input.place.epoch,
      sequence: input.place.sequence,
      class: input.class,
      createdAt: body.createdAt,
      ...(input.place.previousHash === undefined ? {} : { previousHash: input.place.previousHash }),
    },
    Buffer.from(canonicalJson(body)),
    key,
  );
}

function thin(section: KnownSection, acknowledged: ReadonlyMap<string, string>): Section {
  if (section.data === undefined || acknowledged.get(section.id) !== section.hash) return section;
  const { data: _known, ...rest } = section;
  return rest;
}

function byKey<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...items].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
