/** Reads the last reports as they were sent (`public/sent`), and explains each of their fields. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { explainReport } from '../../agent/contract/purposes.ts';
import { maxBodyBytes } from '../../agent/contract/report.ts';
import { type SentReport, sentReport } from '../../agent/contract/status.ts';
import { reportPathName } from '../../agent/contract/words/names.ts';
import type { SentDetail, SentItem } from '../ipc/contract.ts';

const maxListed = 20;

/** Youngest first; what cannot be read is left out. */
export async function listSent(folder: string): Promise<SentItem[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch {
    return [];
  }
  const numbers = names.flatMap((name) => (/^[1-9]\d{0,14}\.json$/.test(name) ? [Number.parseInt(name, 10)] : []));
  const newest = numbers.sort((a, b) => b - a).slice(0, maxListed);
  const reports = await Promise.all(newest.map((sequence) => readSent(folder, sequence)));
  return reports
    .flatMap((found) => (found === undefined ? [] : [itemOf(found.report)]))
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
}

/** The report and the exact text of its file; undefined when there is none that can be read. */
export async function readSent(
  folder: string,
  sequence: number,
): Promise<{ report: SentReport; content: string } | undefined> {
  try {
    const content = await readFile(join(folder, `${sequence}.json`), 'utf8');
    if (content.length > 4 * maxBodyBytes) return undefined;
    const report = sentReport.parse(JSON.parse(content));
    return report.envelope.sequence === sequence ? { report, content } : undefined;
  } catch {
    return undefined;
  }
}

export function detailOf(report: SentReport): SentDetail {
  const { bodyHash } = report.envelope;
  const fields = explainReport(report).map((field) => ({
    ...field,
    name: { de: reportPathName(field.path, 'de'), en: reportPathName(field.path, 'en') },
  }));
  return { ...itemOf(report), bodyHash, sentAsHash: report.sentAsHash, fields };
}

function itemOf({ envelope, acceptedAt }: SentReport): SentItem {
  const { sequence, class: kind, createdAt, bodyBytes } = envelope;
  return { sequence, class: kind, createdAt, ...(acceptedAt === undefined ? {} : { acceptedAt }), bytes: bodyBytes };
}
