/**
 * A report as it arrives: its envelope is verified before the body is expanded, and the body is expanded no further than
 * the envelope says.
 */
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { contractVersion, type ReportEnvelope, reportEnvelope } from '../../agent/contract/report.ts';
import { jwsTypes } from '../../agent/contract/wire.ts';
import { hashBytes } from '../../agent/signing/canonical.ts';
import { JwsError, verifyJws } from '../../agent/signing/jws.ts';
import { type BareReport, type SignedReport, splitFrame, verifyReport } from '../../agent/signing/report-frame.ts';
import { Problem } from '../problem.ts';
import type { DeviceRow } from '../store/schema.ts';
import { keyOf } from './device-request.ts';

export const maxWireBytes = 8 * 1024 * 1024;
/** An envelope is well below 2 kB: when no line has ended by then, nobody reads on for it. */
const maxEnvelopeBytes = 4096;
/** A sender may not make the server set aside more memory for its window than for the report itself: 16 MiB. */
const maxWindowLog = 24;
const chunkSize = 64 * 1024;
const lineFeed = 0x0a;

export interface OpenedReport {
  readonly envelope: ReportEnvelope;
  /**
   * Expands and verifies the body; once. A frame that ends after its envelope is bare: the device says that the body is
   * gone. Throws 413 too-large as soon as there is more of it than was signed, or 422 malformed or signature-invalid.
   */
  readBody(): Promise<SignedReport | BareReport>;
  /** Lets go of a report that is not read to its end. */
  discard(): Promise<void>;
}

/**
 * Checks who signed and that the envelope is this device's. Throws 415 unsupported-encoding, 413 too-large, or 422
 * malformed, signature-invalid or contract-unsupported.
 */
export async function openReport(
  wire: Uint8Array,
  encoding: string | undefined,
  device: DeviceRow,
): Promise<OpenedReport> {
  const expanded = expand(wire, encoding);
  const discard = async (): Promise<void> => {
    await expanded.return();
  };
  try {
    const head = await readHead(expanded);
    const envelope = await readEnvelope(head, device);
    return { envelope, discard, readBody: () => readBody(head, expanded, envelope, device) };
  } catch (error) {
    await discard();
    throw error;
  }
}

/**
 * Whether the bytes of a report are what the header calls them. The proof covers them and not the header: whoever changes headers
 * on the way must not get a refusal of the report signed for it. `unclear`: nothing a device sends.
 */
export function compareEncoding(wire: Uint8Array, encoding = 'identity'): 'same' | 'other' | 'unclear' {
  const begin = Buffer.from(wire.subarray(0, 4));
  const magic = begin.toString('hex');
  if (magic === '28b52ffd') return encoding === 'zstd' ? 'same' : 'other';
  if (magic.startsWith('1f8b')) return encoding === 'gzip' ? 'same' : 'other';
  if (encoding === 'identity') return 'same';
  // As each JWS begins.
  return begin.toString('latin1').startsWith('ey') ? 'other' : 'unclear';
}

async function* expand(wire: Uint8Array, encoding = 'identity'): AsyncGenerator<Uint8Array, void, undefined> {
  if (encoding === 'identity') {
    yield wire;
    return;
  }
  const stream = expander(encoding);
  stream.end(wire);
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (cause) {
    throw new Problem(422, 'malformed', 'The report cannot be expanded.', { cause });
  }
}

function expander(encoding: string) {
  switch (encoding) {
    case 'gzip':
      return createGunzip({ chunkSize });
    case 'zstd':
      return createZstdDecompress({ chunkSize, params: { [constants.ZSTD_d_windowLogMax]: maxWindowLog } });
    default:
      throw new Problem(415, 'unsupported-encoding', 'Reports come as zstd, gzip or identity.', {
        headers: { 'accept-encoding': 'zstd, gzip, identity' },
      });
  }
}

/** At least the first line, when there is one. */
async function readHead(expanded: AsyncGenerator<Uint8Array, void, undefined>): Promise<Uint8Array> {
  let head: Uint8Array = Buffer.alloc(0);
  while (!head.includes(lineFeed)) {
    if (head.byteLength > maxEnvelopeBytes) throw tooLarge('The first line is longer than an envelope can be.');
    const { value } = await expanded.next();
    if (value === undefined) return head;
    head = Buffer.concat([head, value]);
  }
  return head;
}

async function readEnvelope(head: Uint8Array, device: DeviceRow): Promise<ReportEnvelope> {
  const envelope = await refusing(() =>
    verifyJws(jwsTypes.report, splitFrame(head).envelopeJws, [keyOf(device)], reportEnvelope),
  );
  if (envelope.deviceId !== device.id) {
    throw new Problem(422, 'malformed', 'deviceId: the envelope names another device.');
  }
  if (envelope.contractVersion > contractVersion) {
    throw new Problem(422, 'contract-unsupported', `This server reads contract version ${contractVersion} and below.`);
  }
  return envelope;
}

async function readBody(
  head: Uint8Array,
  expanded: AsyncGenerator<Uint8Array, void, undefined>,
  envelope: ReportEnvelope,
  device: DeviceRow,
): Promise<SignedReport | BareReport> {
  const { bodyBytes } = envelope;
  const parts = [head];
  let left = head.indexOf(lineFeed) + 1 + bodyBytes - head.byteLength;
  while (left >= 0) {
    const { value } = await expanded.next();
    if (value === undefined) break;
    parts.push(value);
    left -= value.byteLength;
  }
  if (left < 0) throw tooLarge(`The report expands to more than the ${bodyBytes} bytes it was signed with.`);
  const frame = Buffer.concat(parts);
  const { envelopeJws, body } = splitFrame(frame);
  if (body.byteLength === 0) return { envelope, envelopeJws, envelopeHash: hashBytes(envelopeJws) };
  return refusing(() => verifyReport(frame, keyOf(device)));
}

function tooLarge(detail: string): Problem {
  return new Problem(413, 'too-large', detail);
}

/** A report whose envelope or body does not hold is refused in the words of the interface. */
async function refusing<T>(verify: () => Promise<T>): Promise<T> {
  try {
    return await verify();
  } catch (cause) {
    if (!(cause instanceof JwsError)) throw cause;
    const [code, detail] =
      cause.reason === 'signature' || cause.reason === 'key'
        ? ['signature-invalid', 'The report is not signed by this device, or was changed.']
        : ['malformed', `This is not a report: ${cause.message}.`];
    throw new Problem(422, code, detail, { cause });
  }
}
