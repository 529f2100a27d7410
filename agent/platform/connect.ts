/** What a connection attempt says about a target. */
export interface ConnectResult {
  readonly reachable: boolean;
  readonly failure?: 'dns' | 'refused' | 'timeout' | 'tls' | 'unreachable' | 'other';
  /** Time until the TCP connection stood, in milliseconds. */
  readonly connectMs?: number;
  readonly certificate?: {
    readonly subject: string;
    readonly issuer?: string;
    readonly validUntil: Date;
    /** The chain ends at a trusted authority and the name fits; false also when that could not be decided. */
    readonly trusted: boolean;
  };
}
