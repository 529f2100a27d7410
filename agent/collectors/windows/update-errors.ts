/** What failures of the Windows Update agent mean, by HRESULT (Microsoft's "Windows Update error reference", wuerror.h). */

/** Stable classes; the console and rules rely on them. */
export type UpdateFailure =
  | 'name-not-resolved'
  | 'network'
  | 'timeout'
  | 'proxy'
  | 'tls-or-clock'
  | 'server-refused'
  | 'server-error'
  | 'policy'
  | 'service-disabled'
  | 'restart-pending'
  | 'temporary'
  | 'local-store'
  | 'metadata'
  | 'com'
  | 'denied'
  | 'constrained-language'
  | 'search-failed';

const classes: Readonly<Partial<Record<UpdateFailure, readonly number[]>>> = {
  'name-not-resolved': [0x8024402c, 0x80072ee7],
  network: [0x80240438, 0x80072efd, 0x80072efe, 0x80d02002, 0x8024001f],
  timeout: [0x80072ee2, 0x8024401c, 0x80240021],
  proxy: [0x8024401b],
  'tls-or-clock': [0x80072f8f],
  'server-refused': [0x80244017, 0x80244018, 0x80244019],
  'server-error': [0x8024401f, 0x80244021, 0x80244022, 0x80244023, 0x80244007, 0x80244010],
  policy: [0x8024500c, 0x8024002e, 0x8024002f, 0x80240025, 0x80244011],
  'service-disabled': [0x80070422, 0x8024a000],
  'restart-pending': [0x80070bc9, 0x80242014, 0x80240016],
  temporary: [0x8024001e, 0x80240009, 0x8024000b, 0x8007045b],
  'local-store': [0x80248007, 0x80248014, 0x8024801c],
  metadata: [0x8024000e, 0x80242006],
  com: [0x80080005, 0x800706ba],
  denied: [0x80070005, 0x80240044],
};

const byCode: ReadonlyMap<number, UpdateFailure> = new Map(
  Object.entries(classes).flatMap(([name, codes]) => codes.map((code) => [code, name as UpdateFailure] as const)),
);

/** Class of an HRESULT, signed or not; "search-failed" for codes nobody wrote down. */
export function classOfUpdateError(hresult: number | undefined): UpdateFailure {
  return (hresult === undefined ? undefined : byCode.get(hresult >>> 0)) ?? 'search-failed';
}
