/** The last reports as they were signed, for everybody at the PC to read: `public/sent/<sequence>.json`. */
import { readdirSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type ReportBody, reportBody, type Section } from '../contract/report.ts';
import { type SentReport, sentReport } from '../contract/status.ts';
import { makeShownFolder, writeAtomically } from '../platform/write-file.ts';
import type { SignedReport } from '../signing/report-frame.ts';

const sentKept = 10;

/** `sections` with their facts in full, whatever was left out on the wire. */
export function publishSent(publicDir: string, report: SignedReport, sections: readonly Section[]): void {
  const folder = join(publicDir, 'sent');
  makeShownFolder(folder);
  const signed: ReportBody = reportBody.parse(JSON.parse(Buffer.from(report.body).toString()));
  const facts = new Map(sections.map((section) => [section.id, section]));
  const sentAsHash: string[] = [];
  const full = signed.sections.map((section) => {
    const known = facts.get(section.id);
    if (section.data !== undefined || known?.hash !== section.hash || known.data === undefined) return section;
    sentAsHash.push(section.id);
    return { ...section, data: known.data };
  });
  const { sequence } = report.envelope;
  write(folder, sequence, {
    envelope: report.envelope,
    envelopeHash: report.envelopeHash,
    sentAsHash,
    body: withheld({ ...signed, sections: full }),
  });
  // A new epoch counts from 1 again: higher numbers are older then.
  const numbers = numbersIn(folder).sort((a, b) => Number(a > sequence) - Number(b > sequence) || b - a);
  for (const old of numbers.slice(sentKept)) unlinkSync(join(folder, `${old}.json`));
}

/** What somebody reports in confidence is not for everybody at the PC. */
function withheld({ suspicions, ...body }: ReportBody): SentReport['body'] {
  if (suspicions === undefined) return body;
  return { ...body, suspicions: suspicions.map(({ text: _text, ...rest }) => rest) };
}

/** The server has it; nothing happens when the report is not among the last ones any more. */
export function markAccepted(publicDir: string, report: { sequence: number; reportId: string }, at: string): void {
  const isIt = (found: SentReport | undefined): found is SentReport => found?.envelope.reportId === report.reportId;
  const there = readSent(publicDir, report.sequence);
  // Signed again for a new epoch it has another number; what was shown to people stands under the first one.
  const found = isIt(there) ? there : listSent(publicDir).find(isIt);
  if (found !== undefined) write(join(publicDir, 'sent'), found.envelope.sequence, { ...found, acceptedAt: at });
}

/** Undefined when there is none, or none that can be read. */
export function readSent(publicDir: string, sequence: number): SentReport | undefined {
  try {
    const file = join(publicDir, 'sent', `${sequence}.json`);
    return sentReport.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Youngest first by the time they were made. */
export function listSent(publicDir: string): SentReport[] {
  let numbers: number[];
  try {
    numbers = numbersIn(join(publicDir, 'sent'));
  } catch {
    return [];
  }
  const reports = numbers.flatMap((sequence) => readSent(publicDir, sequence) ?? []);
  return reports.sort((a, b) => (a.envelope.createdAt < b.envelope.createdAt ? 1 : -1));
}

function numbersIn(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => (/^\d+\.json$/.test(name) ? [Number.parseInt(name, 10)] : []));
}

function write(folder: string, sequence: number, value: SentReport): void {
  writeAtomically(join(folder, `${sequence}.json`), `${JSON.stringify(value, null, 2)}\n`, 0o644);
}
