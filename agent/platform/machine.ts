/** The machine as collectors see it: files under a root, few commands, connections. */
import type { ConnectResult } from './connect.ts';

/** A file could not be read; `code` is the system's word ("ENOENT", "EACCES", "EIO" …). */
export class ReadError extends Error {
  override readonly name = 'ReadError';
  readonly code: string;

  constructor(path: string, code: string, options?: ErrorOptions) {
    super(`${path}: ${code}`, options);
    this.code = code;
  }
}

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'other';
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
}

/** Sizes in bytes of a mounted file system; `freeBytes` is what an unprivileged user may still write. */
export interface VolumeSize {
  readonly sizeBytes: number;
  readonly freeBytes: number;
}

export type CommandOutcome =
  | { readonly kind: 'exited'; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'too-much-output' };

/** Every program an agent may start, by name; absolute paths per system stand in platform/commands.ts. */
export type CommandName = 'stat' | 'nft';

/** One answer of the Windows Update agent. `document` is what the script wrote: hostile until a schema says otherwise. */
export type UpdateSearch = { readonly at: string } & (
  | { readonly document: unknown }
  | { readonly failure: 'timeout' | 'not-found' | 'too-much-output' | 'unreadable' }
);

/** What only Windows can say, read through one PowerShell process (docs/decisions/0004-windows-through-one-powershell.md). */
export interface WindowsReader {
  /**
   * Registry, event log and CIM as one JSON document, unchecked. All collectors of a round share one process; an answer
   * is at most five minutes old. Throws `ReadError` with code "ENOENT", "ETIMEDOUT", "EFBIG" or "EIO".
   */
  readDocument(): Promise<unknown>;
  /**
   * The newest searches for updates. The offline one is made for this call (at most two minutes) unless another search
   * runs; the online one is made in the background, at most daily, and appears in a later call.
   */
  searchUpdates(): Promise<{ readonly offline?: UpdateSearch; readonly online?: UpdateSearch }>;
}

/**
 * All paths are absolute paths of the machine described, such as "/proc/meminfo". A recorded tree prefixes its root.
 * Reads are bounded: more than `maxBytes` (default 4 MiB) is a `ReadError` with code "EFBIG".
 */
export interface Machine {
  readonly platform: 'linux' | 'win32';
  /** As `uname -r` and `uname -m` say it. */
  readonly kernel: { readonly release: string; readonly machine: string; readonly version: string };
  readonly hostname: string;
  /** Effective rights are root's or SYSTEM's. */
  readonly privileged: boolean;
  /** On Windows only. */
  readonly windows?: WindowsReader;
  readText(path: string, options?: { maxBytes?: number }): Promise<string>;
  readBytes(path: string, options?: { maxBytes?: number }): Promise<Uint8Array>;
  /**
   * A large file piece by piece, unpacked on the way when its name ends in .lz4, .gz or .zst. More than `maxBytes` unpacked
   * is "EFBIG", a packing that cannot be read "ENOTSUP", a damaged file "EIO". A piece is good until the next is asked for.
   */
  readUnpacked(path: string, options: { maxBytes: number }): AsyncIterable<Uint8Array>;
  /** Names in a directory, sorted; a missing directory is a `ReadError` with code "ENOENT". */
  list(path: string): Promise<string[]>;
  /** Target of a symbolic link, as written. */
  readLink(path: string): Promise<string>;
  stat(path: string): Promise<FileStat>;
  /** IPv4 addresses of interfaces that are up, without the loopback; aliases ("eth0:1") count to their interface. */
  ipv4Addresses(): readonly { readonly interface: string; readonly address: string; readonly prefixLength: number }[];
  /** For local file systems only: a question to a share whose server is gone cannot be taken back, see `run`. */
  volumeSize(mountPoint: string): Promise<VolumeSize>;
  run(
    command: CommandName,
    args: readonly string[],
    options: { timeoutMs: number; signal: AbortSignal },
  ): Promise<CommandOutcome>;
  /** Opens a TCP (and TLS) connection and closes it again. */
  connect(
    target: { host: string; port: number; tls: boolean },
    options: { timeoutMs: number; signal: AbortSignal },
  ): Promise<ConnectResult>;
}
