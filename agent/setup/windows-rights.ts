/**
 * Who may do what below `%ProgramData%\KITS\Agent`, set before anything is written there. By SID, because names are translated;
 * Windows lets every user make folders in `%ProgramData%`, so what stands there already may be a stranger's.
 */
import { closeSync, existsSync, lstatSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { win32 } from 'node:path';
import process from 'node:process';
import { runCommand } from '../platform/run-command.ts';
import { askPowerShell } from '../platform/windows/ask-powershell.ts';
import { defaultDataDir } from '../settings/settings.ts';
import { unsafeHolder } from './read-windows-rights.ts';
import { type AccessEntry, ownedPaths, sids } from './rights.ts';
import { SetupError } from './setup-input.ts';

const commandMs = 120_000;
/** Administrators alone write below HKLM: what says so here was said by an earlier set-up. */
const ownKey = 'HKLM\\SOFTWARE\\KITS\\Agent';
const ownValue = 'DataDirectory';

/** What `icacls` is called with, in order; `requests` exists by then. The rights are those of the table. */
export function accessLists(dataDir: string): readonly (readonly string[])[] {
  const [wayIn, ...below] = ownedPaths
    .filter(({ inherited }) => inherited === undefined)
    .map(({ path, access }) => exactly(win32.join(dataDir, path), access));
  const all = win32.join(dataDir, '*');
  return [
    // First the way in: from here on nobody else gets at what lies below.
    [...(wayIn ?? []), '/C'],
    [all, '/setowner', `*${sids.administrators}`, '/T', '/C', '/L', '/Q'],
    [all, '/reset', '/T', '/C', '/L', '/Q'],
    ...below,
  ];
}

/** These entries and no others: none inherited, none that were there before. */
function exactly(path: string, access: readonly AccessEntry[]): readonly string[] {
  return [path, '/inheritance:r', '/grant:r', ...access.map(([sid, rights]) => `*${sid}:${rights}`), '/L', '/Q'];
}

/**
 * Makes the data directory with its rights. A folder of that name that no earlier set-up made is moved aside, never taken over.
 * Throws when a right cannot be set.
 */
export async function secureWindowsDataDirectory(dataDir: string, say: (line: string) => void): Promise<void> {
  const made = await isOurs(dataDir);
  await secureHolder(dataDir);
  for (const folder of [win32.dirname(dataDir), dataDir]) refuseLink(folder);
  if (!made && existsSync(dataDir)) {
    const aside = `${dataDir}.foreign-${Date.now()}`;
    renameSync(dataDir, aside);
    say(`${dataDir} was there before the first installation; it was moved to ${aside} and nothing of it is used.`);
  }
  mkdirSync(dataDir, { recursive: true });
  await must('takeown', ['/F', dataDir, '/A']);
  const [wayIn = [], ...below] = accessLists(dataDir);
  await must('icacls', wayIn);
  for (const name of ['private', 'public']) {
    refuseLink(win32.join(dataDir, name));
    mkdirSync(win32.join(dataDir, name), { recursive: true });
  }
  const mailbox = win32.join(dataDir, 'public', 'requests');
  refuseLink(mailbox);
  closeSync(openSync(mailbox, 'a'));
  for (const args of below) await must('icacls', args);
  await must('reg', ['add', ownKey, '/v', ownValue, '/t', 'REG_SZ', '/d', dataDir, '/f', '/reg:64']);
}

/**
 * Whoever may change the folder around it could rename it with all its rights and put another in its place. The usual one is
 * ours to close; any other has to be closed already.
 */
async function secureHolder(dataDir: string): Promise<void> {
  if (win32.normalize(dataDir).toLowerCase() !== win32.normalize(defaultDataDir('win32')).toLowerCase()) {
    const why = await unsafeHolder(dataDir, askPowerShell);
    if (why !== undefined) throw new SetupError(`${why} Nothing was changed.`);
    return;
  }
  const holder = win32.dirname(dataDir);
  refuseLink(holder);
  mkdirSync(holder, { recursive: true });
  for (const [program, args] of holderRights(holder)) await must(program, args);
}

/** Nothing a user has granted there before stays. */
export function holderRights(holder: string): readonly (readonly ['takeown' | 'icacls', readonly string[]])[] {
  const [{ access = [] } = {}] = ownedPaths;
  return [
    ['takeown', ['/F', holder, '/A']],
    ['icacls', [holder, '/reset', '/L', '/Q']],
    ['icacls', exactly(holder, access)],
  ];
}

async function isOurs(dataDir: string): Promise<boolean> {
  const { exitCode, stdout } = await run('reg', ['query', ownKey, '/v', ownValue, '/reg:64']);
  return exitCode === 0 && stdout.includes(dataDir);
}

/** A junction would send what SYSTEM writes to a place somebody else chose. */
function refuseLink(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    throw new Error(`${path} is a link. Remove it and install again; nothing was written.`);
  }
}

async function must(program: 'takeown' | 'icacls' | 'reg', args: readonly string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await run(program, args);
  if (exitCode === 0) return;
  const said = `${stdout}\n${stderr}`.trim().slice(0, 500);
  throw new Error(`"${program} ${args.join(' ')}" ended with ${exitCode}: ${said}`);
}

async function run(
  program: 'takeown' | 'icacls' | 'reg',
  args: readonly string[],
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const path = win32.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', `${program}.exe`);
  const outcome = await runCommand([path], args, { timeoutMs: commandMs, signal: AbortSignal.timeout(commandMs) });
  return outcome.kind === 'exited' ? outcome : { exitCode: -1, stdout: '', stderr: outcome.kind };
}
