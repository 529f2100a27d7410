/**
 * Whether everything has the rights the installer gives it (Linux): everybody may read what is public and write into the
 * mailbox, and nobody but the service may do anything else. Windows: windows-rights-checks.ts.
 */
import { lstatSync, readdirSync, readFileSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { unsafeParent, writableByOthers } from '../platform/safe-place.ts';
import { type OwnedPath, ownedPaths, publicNames, settingsFiles } from '../setup/rights.ts';
import type { Finding } from './inspect.ts';

export interface RightsInput {
  readonly dataDir: string;
  /** Where the versions lie; nothing is said of it when it is not there. */
  readonly installRoot?: string;
  /** `agent.json`; `policy.json` lies beside it. */
  readonly configFile?: string;
  /** Whose everything should be. */
  readonly user: number;
  readonly objection?: (path: string, owner: number) => string | undefined;
}

const repair = 'Run "kits-agent prepare-directories" as root.';

/** One finding for each deviation: who could do what, what it means and what helps. Or one that says that there is none. */
export function rightsFindings(input: RightsInput): Finding[] {
  const check = 'rights';
  const { dataDir, user, installRoot, configFile, objection = unsafeParent } = input;
  const deviations = ownedPaths.flatMap((entry) => deviationsOf(dataDir, entry, user));
  deviations.push(...strangers(join(dataDir, 'public')));
  const parent = objection(dataDir, user);
  if (parent !== undefined) deviations.push(`${parent} What this PC reports and to whom could be decided there.`);
  if (configFile !== undefined) deviations.push(...settingsDeviations(configFile, objection, user));
  if (installRoot !== undefined) deviations.push(...installedDeviations(installRoot, objection, user));
  if (deviations.length > 0) return deviations.map((detail) => ({ check, result: 'problem', detail }));
  return [{ check, result: 'ok', detail: `${dataDir} as the installer made it` }];
}

/** Whose the files should be: root's where root runs the service, otherwise those of whoever tries it out. */
export function expectedOwner(): number {
  return process.geteuid?.() ?? 0;
}

function deviationsOf(dataDir: string, entry: OwnedPath, user: number): string[] {
  const { path, kind, mode, madeBy, changed, read } = entry;
  const file = path === '.' ? dataDir : join(dataDir, path);
  const found = look(file);
  if (typeof found === 'string') return [found];
  if (found === undefined) {
    if (madeBy === 'service') return [];
    const lost = path === 'public/requests' ? ' Nobody at this PC can answer a notice or ask for a check.' : '';
    return [`${file} is missing.${lost} ${repair}`];
  }
  if (kind === 'directory' ? !found.isDirectory() : !found.isFile()) {
    return [`${file} is not a ${kind}. ${changed} ${repair}`];
  }
  const said: string[] = [];
  const bits = found.mode & 0o7777;
  if (bits !== mode) {
    const who = whoGains(bits & ~mode) ?? 'users at this PC can do less than they should';
    const harm = (bits & ~mode & writableByOthers) !== 0 ? changed : (bits & ~mode & 0o055) !== 0 ? read : undefined;
    said.push(
      [
        `${file} has the rights ${octal(bits)} instead of ${octal(mode)}: ${who}.`,
        harm,
        `Run "chmod ${octal(mode)} ${file}".`,
      ]
        .filter((part) => part !== undefined)
        .join(' '),
    );
  }
  if (found.uid !== user) {
    said.push(
      `${file} belongs to user ${found.uid} instead of ${user}, who can give it any rights. ${changed} Run "chown ${user} ${file}".`,
    );
  }
  if (kind === 'file' && found.nlink !== 1) {
    said.push(
      `${file} has ${found.nlink} names; the others lead past the rights of this directory. ${changed} ${repair}`,
    );
  }
  return said;
}

/** In words, whom additional bits let do what. */
function whoGains(bits: number): string | undefined {
  const writes = (bits & 0o002) !== 0 ? 'every user' : (bits & 0o020) !== 0 ? 'its group' : undefined;
  if (writes !== undefined) return `${writes} can change it`;
  const reads = (bits & 0o005) !== 0 ? 'every user' : (bits & 0o050) !== 0 ? 'its group' : undefined;
  return reads === undefined ? undefined : `${reads} can read it`;
}

/** What the service does not put there. Drafts it is writing this moment end in ".tmp". */
function strangers(publicDir: string): string[] {
  try {
    return readdirSync(publicDir)
      .filter((name) => !publicNames.has(name) && !name.endsWith('.tmp'))
      .map(
        (name) =>
          `${join(publicDir, name)} was not made by KITS Agent. Somebody could write there; look where it comes from.`,
      );
  } catch {
    // Missing or closed: said above.
    return [];
  }
}

function settingsDeviations(
  configFile: string,
  objection: NonNullable<RightsInput['objection']>,
  user: number,
): string[] {
  const said: string[] = [];
  for (const { name, mode, changed } of settingsFiles) {
    const file = name === 'agent.json' ? configFile : join(dirname(configFile), name);
    const found = look(file);
    if (typeof found === 'string') said.push(found);
    if (found === undefined || typeof found === 'string') continue;
    if (!found.isFile()) said.push(`${file} is not a file. ${changed} Remove it.`);
    else if (found.uid !== user && found.uid !== 0) {
      said.push(
        `${file} belongs to user ${found.uid}. ${changed} Look at what it says, then run "chown root:root ${file}".`,
      );
    } else if ((found.mode & writableByOthers) !== 0) {
      said.push(
        `${file} has the rights ${octal(found.mode & 0o7777)}: others can change it. ${changed} Run "chmod ${octal(mode)} ${file}".`,
      );
    } else if ((found.mode & 0o044) !== 0 && holdsPassword(file)) {
      said.push(`${file} holds the password of the proxy and every user can read it. Run "chmod 0600 ${file}".`);
    }
  }
  if (said.length > 0 || look(configFile) === undefined) return said;
  const parent = objection(configFile, user);
  return parent === undefined ? [] : [`${parent} Somebody could name another server.`];
}

function holdsPassword(file: string): boolean {
  try {
    const { proxy } = JSON.parse(readFileSync(file, 'utf8')) as { proxy?: unknown };
    return typeof proxy === 'string' && new URL(proxy).password !== '';
  } catch {
    // Not readable or no JSON: the settings say so.
    return false;
  }
}

/** The folder of the programs and the versions in it. */
function installedDeviations(root: string, objection: NonNullable<RightsInput['objection']>, user: number): string[] {
  if (look(root) === undefined) return [];
  const parent = objection(join(root, 'versions'), user);
  if (parent !== undefined) return [`${parent} Somebody could put a program there that runs as root.`];
  const said: string[] = [];
  const examine = (path: string, depth: number): void => {
    const found = look(path);
    if (typeof found === 'string') said.push(found);
    if (found === undefined || typeof found === 'string' || found.isSymbolicLink()) return;
    const who =
      found.uid !== user && found.uid !== 0
        ? `belongs to user ${found.uid}`
        : (found.mode & writableByOthers) !== 0
          ? `has the rights ${octal(found.mode & 0o7777)}`
          : undefined;
    if (who !== undefined) {
      said.push(
        `${path} ${who}: somebody else could change a program that runs as root. Run "chown root:root ${path}" and "chmod go-w ${path}", and compare the file with the package.`,
      );
    } else if (found.isDirectory() && depth > 0) {
      for (const name of readdirSync(path)) examine(join(path, name), depth - 1);
    }
  };
  examine(root, 3);
  return said;
}

/** A sentence when it cannot be looked at. */
function look(file: string): Stats | string | undefined {
  try {
    return lstatSync(file, { throwIfNoEntry: false });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOTDIR' ? undefined : `${file} cannot be looked at: ${message}. Run as root.`;
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
