/** The body of a verified report: its hashes checked, its facts fitting their schemas. */
import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import { parseSectionData, type ReportBody, reportBody, type Section } from '../../agent/contract/report.ts';
import { canonicalJson, hashBytes } from '../../agent/signing/canonical.ts';
import type { BareReport, SignedReport } from '../../agent/signing/report-frame.ts';
import { Problem } from '../problem.ts';
import { misfit, parseJson } from './parse-json.ts';

const compressZstd = promisify(zstdCompress);

/** A report of which only the envelope came. */
export interface ReadEnvelope extends BareReport {
  readonly content?: undefined;
  readonly wireBytes: number;
}

/** `SignedReport` whose body fits the contract. */
export interface ReadReport extends SignedReport {
  readonly content: ReportBody;
  /** Canonical JSON of the facts that came along, by section id. */
  readonly facts: ReadonlyMap<string, string>;
  /** The exact body bytes, zstd: how they are kept. */
  readonly packed: Uint8Array;
  readonly wireBytes: number;
}

/** Throws 422 malformed, naming the place. */
export async function readContent(report: SignedReport, wireBytes: number): Promise<ReadReport> {
  const content = parseJson(report.body, reportBody, 422);
  if (content.deviceId !== report.envelope.deviceId) throw malformed('deviceId: the body names another device');
  const facts = new Map<string, string>();
  const seen = new Set<string>();
  for (const [index, section] of content.sections.entries()) {
    const path = `sections.${index}`;
    if (seen.has(section.id)) throw malformed(`${path}.id: ${section.id} occurs twice`);
    seen.add(section.id);
    const json = checkedFacts(section, path);
    if (json !== undefined) facts.set(section.id, json);
  }
  return { ...report, content, facts, wireBytes, packed: await compressZstd(report.body) };
}

/** The facts as canonical JSON; undefined when the section brings none. */
function checkedFacts(section: Section, path: string): string | undefined {
  const { id, data, state, hash } = section;
  if (state === 'missing') {
    if (data !== undefined) throw malformed(`${path}.data: a missing section has no facts`);
    if (hash !== hashOfNothing) throw malformed(`${path}.hash: is not the hash of null`);
    return undefined;
  }
  // Known by its hash only; whether the facts are here is for the store to say.
  if (data === undefined) return undefined;
  const json = canonical(data, path);
  if (hash !== hashBytes(json)) throw malformed(`${path}.hash: is not the hash of the facts`);
  const parsed = parseSectionData(id, data);
  if (!parsed.success) throw malformed(misfit(parsed.error, `${path}.data`));
  return json;
}

const hashOfNothing = hashBytes('null');

function canonical(data: unknown, path: string): string {
  if (isDeeper(data, maxDepth)) throw malformed(`${path}.data: is nested too deeply`);
  try {
    return canonicalJson(data);
  } catch (cause) {
    // Numbers beyond the range of JSON, lone surrogates.
    throw new Problem(422, 'malformed', `${path}.data: has no canonical form`, { cause });
  }
}

/** Facts of the contract nest 4 deep; what nests without end would break whoever reads it later. */
const maxDepth = 32;

function isDeeper(value: unknown, left: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return left === 0 || Object.values(value).some((inner) => isDeeper(inner, left - 1));
}

function malformed(detail: string): Problem {
  return new Problem(422, 'malformed', detail.slice(0, 500));
}
