/**
 * Is it the certificate or the clock? Validity is judged by the clock of the PC, which may be off by years; what the server
 * has said before, signed, tells the two apart.
 */

/** A server that is looked after is never without a valid certificate for so long: then it is the clock that is ahead. */
const longestExpiredMs = 30 * 86_400_000;

export interface ClockKnowledge {
  readonly now: Date;
  /** Server time is at least this, ms since 1970; 0 = it never said any. */
  readonly serverTimeFloor: number;
  /** Server time now, where this process has measured it and watched the clock since. */
  readonly serverTime?: Date | undefined;
}

/** As in the certificate the server showed; undefined when it could not be read. */
export interface Validity {
  readonly from: Date;
  readonly to: Date;
}

/** `raw`: the code of OpenSSL. */
export function clockOrCertificate(
  raw: 'CERT_NOT_YET_VALID' | 'CERT_HAS_EXPIRED',
  validity: Validity | undefined,
  { now, serverTimeFloor, serverTime }: ClockKnowledge,
): 'clock-blocks-tls' | 'tls-expired' {
  // A server does not run on a certificate from the future, so it is this clock that is behind.
  if (raw === 'CERT_NOT_YET_VALID') return 'clock-blocks-tls';
  const end = validity?.to.getTime() ?? Number.NaN;
  if (!Number.isFinite(end) || serverTimeFloor >= end) return 'tls-expired';
  if (serverTime !== undefined) return serverTime.getTime() >= end ? 'tls-expired' : 'clock-blocks-tls';
  return now.getTime() - end > longestExpiredMs ? 'clock-blocks-tls' : 'tls-expired';
}
