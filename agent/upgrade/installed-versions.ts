/** Versions side by side under the installation folder, and which of them runs: what an upgrade needs of the system. */

/** The service and what keeps it up are each started from one version; both facts change in one step or not at all. */
export interface InstalledVersions {
  /** The installation folder. */
  readonly root: string;
  /** Why nothing may be installed here, as a sentence: not enough rights, or people can write to the folder. */
  objection(): Promise<string | undefined>;
  /** Whose executable is there in full, oldest first. */
  present(): string[];
  /** Where the executable of a version stands, or will stand. */
  executable(version: string): string;
  /** The version the service starts from; undefined when there is none. */
  current(): Promise<string | undefined>;
  /** The version the guard starts from. */
  proven(): Promise<string | undefined>;
  startServiceFrom(version: string): Promise<void>;
  startGuardFrom(version: string): Promise<void>;
  isRunning(): Promise<boolean>;
  /** False in an image or a chroot, where services are started at the next boot only. */
  isUp(): boolean;
  /** Ends the service where it runs and starts it anew. Throws `SwitchFailed`. */
  restart(): Promise<void>;
  /** Asks the system to run the guard soon; what cannot be asked is left to its next turn. */
  wakeGuard(): Promise<void>;
  /** A file that is still in use stays until the next time. */
  remove(version: string): void;
}

/** The system did not do what was asked; nothing else was changed. */
export class SwitchFailed extends Error {
  override readonly name = 'SwitchFailed';
}
