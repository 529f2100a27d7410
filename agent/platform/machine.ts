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
  /**
   * A person could change it: it belongs to one, everybody may write, or a group other than root's may. Absent where that
   * is not told (a recorded tree, a reader of profiles, Windows).
   */
  readonly changeableByPeople?: boolean;
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
export type CommandName =
  | 'stat'
  | 'nft'
  | 'systemctl'
  | 'systemd-notify'
  | 'vssadmin'
  | 'wevtutil'
  | 'eventcreate'
  | 'schtasks'
  | 'icacls'
  | 'veeam-configurator'
  | 'cbb'
  | 'urbackupclientctl'
  | 'cove-clienttool'
  | 'bpclimagelist';

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
  /**
   * Settings of Veeam Agent as its Configurator exports them, at most 1 MiB of XML. They can hold credentials: take what you
   * need and keep nothing else. Undefined without the program, without the right to ask it, or without a private folder.
   */
  exportVeeamSettings(signal: AbortSignal): Promise<string | undefined>;
}

export type SqlValue = string | number | bigint | null;

/** An SQLite database of another program, opened for reading only and never changed. */
export interface DatabaseView {
  /** Columns of a table, as `PRAGMA table_info` names them; empty when there is no such table (a view is none). */
  columns(table: string): Promise<readonly string[]>;
  /**
   * At most `maxRows` (default 1000, "EFBIG" beyond) of one SELECT over real tables; views, virtual tables and WITH are
   * "EINVAL", as are unknown columns. Integers beyond 2^53 come as bigint.
   */
  rows(
    sql: string,
    params?: readonly SqlValue[],
    options?: { maxRows?: number },
  ): Promise<readonly Readonly<Record<string, SqlValue | Uint8Array>>[]>;
}

/** Files read by a process of their own: time-boxed, killable, and on request with the rights of one person only. */
export interface Reader {
  readText(path: string, options?: { maxBytes?: number }): Promise<string>;
  readBytes(path: string, options?: { maxBytes?: number }): Promise<Uint8Array>;
  list(path: string): Promise<string[]>;
  stat(path: string): Promise<FileStat>;
  /**
   * Opens an SQLite file for `work`. A file its owner holds locked, or whose write-ahead log cannot be used in place, is
   * copied with its -wal to a private folder first, and the copy removed afterwards. Throws `ReadError`: "ENOENT",
   * "EACCES", "EFBIG" (more than `maxBytes`, default 512 MiB), "EBUSY" (locked for good), "EINVAL" (no database),
   * "ETIMEDOUT", "EIO".
   */
  database<T>(path: string, work: (view: DatabaseView) => Promise<T>, options?: { maxBytes?: number }): Promise<T>;
  close(): void;
}

/** A program the local administrator put into place; see `Machine.runHook`. */
export type HookOutcome = CommandOutcome | { readonly kind: 'unsafe'; readonly why: string };

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
  /**
   * A reader with the agent's own rights, or with those of one person (Linux, and only where the agent is root; else
   * `ReadError` "EPERM" at the first use). One process each, started at the first use; whoever asks for it closes it.
   */
  reader(person?: { readonly uid: number; readonly gid: number }): Reader;
  /**
   * Runs a program named by the local administrator, without arguments. `unsafe` without running it unless the file and
   * every folder above it belong to root and can be changed by nobody else. On Windows always `not-found`.
   */
  runHook(path: string, options: { timeoutMs: number; signal: AbortSignal }): Promise<HookOutcome>;
  /** Opens a TCP (and TLS) connection and closes it again. */
  connect(
    target: { host: string; port: number; tls: boolean },
    options: { timeoutMs: number; signal: AbortSignal },
  ): Promise<ConnectResult>;
}
