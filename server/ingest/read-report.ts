/** A report as it arrives: expanded within bounds, its signature and its hashes checked, its facts fitting their schemas. */
import { promisify } from 'node:util';
import { constants, gunzip, zstdCompress, zstdDecompress } from 'node:zlib';
import {
  contractVersion,
  parseSectionData,
  type ReportBody,
  reportBody,
  type Section,
} from '../../agent/contract/report.ts';
import { canonicalJson, hashBytes } from '../../agent/signing/canonical.ts';
import { JwsError } from '../../agent/signing/jws.ts';
import { type SignedReport, verifyReport } from '../../agent/signing/report-frame.ts';
import { Problem } from '../problem.ts';
import type { DeviceRow } from '../store/schema.ts';
import { keyOf } from './device-request.ts';
import { misfit, parseJson } from './parse-json.ts';

export const maxWireBytes = 8 * 1024 * 1024;
const maxExpandedBytes = 64 * 1024 * 1024;
/** A sender may not make the server set aside more memory for its window than for the report itself. */
const maxWindowLog = 26;

const expandGzip = promisify(gunzip);
const expandZstd = promisify(zstdDecompress);
const compressZstd = promisify(zstdCompress);

/** `SignedReport` whose body fits the contract. */
export interface ReadReport extends SignedReport {
  readonly content: ReportBody;
  /** Canonical JSON of the facts that came along, by section id. */
  readonly facts: ReadonlyMap<string, string>;
  /** The exact body bytes, zstd: how they are kept. */
  readonly packed: Uint8Array;
  readonly wireBytes: number;
}

/** Throws 415 unsupported-encoding, 413 too-large (as soon as the bound is passed), or 422 malformed. */
export async function expand(wire: Uint8Array, encoding: string | undefined): Promise<Uint8Array> {
  const limit = { maxOutputLength: maxExpandedBytes };
  try {
    switch (encoding ?? 'identity') {
      case 'identity':
        return wire;
      case 'gzip':
        return await expandGzip(wire, limit);
      case 'zstd':
        return await expandZstd(wire, { ...limit, params: { [constants.ZSTD_d_windowLogMax]: maxWindowLog } });
      default:
        throw new Problem(415, 'unsupported-encoding', 'Reports come as zstd, gzip or identity.', {
          headers: { 'accept-encoding': 'zstd, gzip, identity' },
        });
    }
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    if ((cause as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new Problem(413, 'too-large', `The report expands to more than ${maxExpandedBytes} bytes.`, { cause });
    }
    throw new Problem(422, 'malformed', 'The report cannot be expanded.', { cause });
  }
}

/** Checks who signed and that the envelope is this device's. Throws 422 malformed, signature-invalid or contract-unsupported. */
export async function verifyFrame(frame: Uint8Array, device: DeviceRow): Promise<SignedReport> {
  let report: SignedReport;
  try {
    report = await verifyReport(frame, keyOf(device));
  } catch (cause) {
    if (!(cause instanceof JwsError)) throw cause;
    const [code, detail] =
      cause.reason === 'signature'
        ? ['signature-invalid', 'The report is not signed by this device, or was changed.']
        : ['malformed', `This is not a report: ${cause.message}.`];
    throw new Problem(422, code, detail, { cause });
  }
  if (report.envelope.deviceId !== device.id) {
    throw new Problem(422, 'malformed', 'deviceId: the envelope names another device.');
  }
  if (report.envelope.contractVersion > contractVersion) {
    throw new Problem(422, 'contract-unsupported', `This server reads contract version ${contractVersion} and below.`);
  }
  return report;
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
