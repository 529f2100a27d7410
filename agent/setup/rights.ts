/**
 * Who may do what with the files of KITS Agent: the one table from which the installers set the rights and `doctor` reads them
 * back.
 */

/** Who is named in access lists; always by SID, because names are translated. https://learn.microsoft.com/windows/win32/secauthz/well-known-sids */
export const sids = {
  system: 'S-1-5-18',
  administrators: 'S-1-5-32-544',
  users: 'S-1-5-32-545',
  trustedInstaller: 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464',
} as const;

/** As `icacls` writes rights; flags of inheritance stand before them. */
export type AccessEntry = readonly [sid: string, rights: string];

const onlyAdministrators: readonly AccessEntry[] = [
  [sids.system, '(OI)(CI)F'],
  [sids.administrators, '(OI)(CI)F'],
];
/** Inherited by whatever is written or renamed into the folder later, so that a new `status.json` can be read as the old one. */
const usersRead: readonly AccessEntry[] = [...onlyAdministrators, [sids.users, '(OI)(CI)RX']];
/**
 * Append and nothing else. The rights to attributes are those every program asks for when it opens a file to append; with them
 * a user can mark the file read-only, which `readMailboxFile` takes back.
 */
const usersAppend: readonly AccessEntry[] = [
  [sids.system, 'F'],
  [sids.administrators, 'F'],
  [sids.users, '(AD,WA,WEA,RA,RC,S)'],
];

export interface OwnedPath {
  /** Below the data directory, with slashes; '.' is the directory itself. */
  readonly path: string;
  readonly kind: 'directory' | 'file';
  /** Linux: exactly these bits, whatever the umask; owner and group are those of the service (root). */
  readonly mode: number;
  /** Windows: exactly these entries. */
  readonly access: readonly AccessEntry[];
  /** Windows: they come from the folder around it, and nobody sets them here. */
  readonly inherited?: true;
  /** `installer`: there from the installation on and never made by the service. `service`: made when there is something to say. */
  readonly madeBy: 'installer' | 'service';
  /** What it means when others can change it, and when they can read it although they should not. */
  readonly changed: string;
  readonly read?: string;
}

const shown = 'Somebody could change what the people at this PC are shown.';

/** The outer ones first: whoever sets rights in this order locks the way in before what lies behind it. */
export const ownedPaths: readonly OwnedPath[] = [
  {
    path: '.',
    kind: 'directory',
    mode: 0o755,
    access: onlyAdministrators,
    madeBy: 'installer',
    changed: 'Somebody could put another folder in the place of the private one and so decide whom this PC reports to.',
  },
  {
    path: 'private',
    kind: 'directory',
    mode: 0o700,
    access: onlyAdministrators,
    madeBy: 'installer',
    changed: 'Somebody could exchange the key of this PC, its queue and the version that runs as the system.',
    read: 'Somebody could copy the key of this PC and speak in its name; if that may have happened, run "kits-agent reset-identity" and enrol it anew.',
  },
  {
    path: 'private/updates',
    kind: 'directory',
    mode: 0o700,
    access: onlyAdministrators,
    inherited: true,
    madeBy: 'service',
    changed:
      'Somebody could exchange an update between its verification and its start, and it would run as the system.',
    read: 'Somebody could read an update before it is installed.',
  },
  {
    path: 'public',
    kind: 'directory',
    mode: 0o755,
    access: usersRead,
    madeBy: 'installer',
    changed: shown,
  },
  {
    path: 'public/sent',
    kind: 'directory',
    mode: 0o755,
    access: usersRead,
    inherited: true,
    madeBy: 'service',
    changed: 'Somebody could change what the window shows as sent.',
  },
  {
    path: 'public/requests',
    kind: 'file',
    mode: 0o622,
    access: usersAppend,
    madeBy: 'installer',
    changed: 'Somebody could take it away, and nobody at this PC could answer a notice any more.',
    read: 'Somebody could read what others at this PC report in confidence.',
  },
  {
    path: 'public/status.json',
    kind: 'file',
    mode: 0o644,
    access: usersRead,
    inherited: true,
    madeBy: 'service',
    changed: shown,
  },
  {
    path: 'public/trust.json',
    kind: 'file',
    mode: 0o644,
    access: usersRead,
    inherited: true,
    madeBy: 'service',
    changed: 'Somebody could make the tray believe notices that KITS has not written.',
  },
];

/** Names that have a place in `public`. */
export const publicNames: ReadonlySet<string> = new Set(
  ownedPaths.filter(({ path }) => path.startsWith('public/')).map(({ path }) => path.slice('public/'.length)),
);

/** Files an administrator writes; the service only reads them. At most these bits: closing them further is up to them. */
export const settingsFiles = [
  { name: 'agent.json', mode: 0o644, changed: 'Somebody could name another server and the key to believe it by.' },
  { name: 'policy.json', mode: 0o644, changed: 'Somebody could take sections away from what is collected.' },
] as const;
