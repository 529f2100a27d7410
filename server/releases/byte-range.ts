/** Byte ranges (RFC 9110 §14) as far as a download that goes on needs them: one range, from a place to the end. */

export interface Span {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly status: 200 | 206;
}

/** "unsatisfiable" for a place beyond the end; what is not understood gets the whole file, as does another `If-Range`. */
export function spanOf(
  headers: { readonly range?: string | undefined; readonly ifRange?: string | undefined },
  { size, etag }: { readonly size: number; readonly etag: string },
): Span | 'unsatisfiable' {
  const whole: Span = { from: 0, to: size, status: 200 };
  const [, first, last = ''] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(headers.range ?? '') ?? [];
  if (first === undefined || (headers.ifRange !== undefined && headers.ifRange !== etag)) return whole;
  const from = Number(first);
  const to = last === '' ? size : Math.min(size, Number(last) + 1);
  if (from >= size) return 'unsatisfiable';
  return to > from ? { from, to, status: 206 } : whole;
}
