/**
 * Whether the data directory has the rights the installer gives it (Linux): everybody may read what is public and write
 * into the mailbox, and nobody but the service may do anything else.
 */
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { Finding } from './inspect.ts';

interface Expected {
  readonly path: string;
  readonly kind: 'directory' | 'file';
  readonly mode: number;
  /** False: the service makes it when it has something to say. */
  readonly required: boolean;
}

const expected: readonly Expected[] = [
  { path: '.', kind: 'directory', mode: 0o755, required: true },
  { path: 'private', kind: 'directory', mode: 0o700, required: true },
  { path: 'public', kind: 'directory', mode: 0o755, required: true },
  { path: 'public/requests', kind: 'file', mode: 0o622, required: true },
  { path: 'public/status.json', kind: 'file', mode: 0o644, required: false },
  { path: 'public/trust.json', kind: 'file', mode: 0o644, required: false },
  { path: 'public/sent', kind: 'directory', mode: 0o755, required: false },
];

/** One finding for each deviation, or one that says that there is none. */
export function rightsFindings(
  dataDir: string,
  { platform, user }: { readonly platform: NodeJS.Platform; readonly user: number | undefined } = {
    platform: process.platform,
    user: process.geteuid?.(),
  },
): Finding[] {
  const check = 'rights';
  if (platform === 'win32' || user === undefined) {
    const detail = `Access lists are not read here. "icacls ${join(dataDir, 'public')} /t" shows them.`;
    return [{ check, result: 'unknown', detail }];
  }
  const deviations = expected.flatMap((entry) => deviationsOf(dataDir, entry, user));
  deviations.push(...strangers(join(dataDir, 'public')));
  if (deviations.length > 0) return deviations.map((detail) => ({ check, result: 'problem', detail }));
  return [{ check, result: 'ok', detail: `${dataDir} as the installer made it` }];
}

function deviationsOf(dataDir: string, { path, kind, mode, required }: Expected, user: number): string[] {
  const file = path === '.' ? dataDir : join(dataDir, path);
  let stats: Stats;
  try {
    stats = lstatSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') return [`${file} cannot be looked at: ${message}. Run as root.`];
    return required ? [`${file} is missing. ${makes(path, file)}`] : [];
  }
  if (kind === 'directory' ? !stats.isDirectory() : !stats.isFile()) {
    return [`${file} is not a ${kind}. Remove it and install the package again.`];
  }
  const found: string[] = [];
  const bits = stats.mode & 0o7777;
  if (bits !== mode)
    found.push(`${file} has the rights ${octal(bits)} instead of ${octal(mode)}; run "chmod ${octal(mode)} ${file}".`);
  if (stats.uid !== user)
    found.push(`${file} belongs to user ${stats.uid} instead of ${user}; run "chown ${user} ${file}".`);
  if (kind === 'file' && stats.nlink !== 1) {
    found.push(
      `${file} has ${stats.nlink} names; the others lead past the rights of this directory. Remove it and install the package again.`,
    );
  }
  return found;
}

function makes(path: string, file: string): string {
  return path === 'public/requests'
    ? `Nobody at this PC can answer a notice or ask for a check. Install the package again, or run "install -m 0622 /dev/null ${file}".`
    : 'Enrol, or install the package again.';
}

/** What the service does not put there. Drafts it is writing this moment end in ".tmp". */
function strangers(publicDir: string): string[] {
  const known = new Set(expected.map(({ path }) => path.replace(/^public\//, '')));
  try {
    return readdirSync(publicDir)
      .filter((name) => !known.has(name) && !name.endsWith('.tmp'))
      .map(
        (name) =>
          `${join(publicDir, name)} was not made by KITS Agent. Somebody could write there; look where it comes from.`,
      );
  } catch {
    // Missing or closed: said above.
    return [];
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
