/** Windows as collectors see it: bounded file reads, and PowerShell for what Node has no interface to. */
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, readdir, readlink, stat, statfs } from 'node:fs/promises';
import { hostname, machine, release, tmpdir, version } from 'node:os';
import { join, win32 } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { pathsOf } from '../commands.ts';
import { connectTo } from '../connect.ts';
import { ownIpv4Addresses } from '../ipv4-addresses.ts';
import { type CommandOutcome, type Machine, ReadError, type UpdateSearch, type WindowsReader } from '../machine.ts';
import { isPacked, packedText } from '../packed.ts';
import { readUnpacked } from '../read-unpacked.ts';
import { createReader } from '../reader.ts';
import { runCommand } from '../run-command.ts';
import { createUpdateSearches, type SearchMemory } from './update-search.ts';
import { createVeeamExport } from './veeam-export.ts';

const defaultMaxBytes = 4 * 1024 * 1024;
/** A PC with 2,000 programs and full event logs stays below 1 MiB. */
const maxDocumentBytes = 8 * 1024 * 1024;
const documentLimitMs = 180_000;
/** Collectors of one round share a document; the next round comes an hour later at the earliest. */
const documentFreshMs = 5 * 60_000;

type Script = 'collect.ps1' | 'search-updates.ps1';
/** Runs one of the two scripts. */
export type RunScript = (script: Script, args: readonly string[], limitMs: number) => Promise<CommandOutcome>;

export function createWindowsMachine(options: { privateDir?: string } = {}): Machine {
  const { privateDir } = options;
  const memory = privateDir === undefined ? undefined : fileMemory(privateDir);
  const run: Machine['run'] = (command, args, bounds) => runCommand(pathsOf(command, 'win32'), args, bounds);
  const exportVeeamSettings = privateDir === undefined ? async () => undefined : createVeeamExport(run, privateDir);
  return {
    platform: 'win32',
    kernel: { release: release(), machine: machine(), version: version() },
    hostname: hostname(),
    privileged: mayReadEverything(),
    windows: { ...createWindowsReader(runScriptOf(privateDir), memory), exportVeeamSettings },
    readBytes: readBounded,
    readText: async (path, bounds) => Buffer.from(await readBounded(path, bounds)).toString('utf8'),
    ipv4Addresses: ownIpv4Addresses,
    readUnpacked: async function* (path, { maxBytes }) {
      yield* readUnpacked(path, await guarded(path, () => open(path, 'r')), maxBytes);
    },
    list: (path) => guarded(path, async () => (await readdir(path)).sort()),
    readLink: (path) => guarded(path, () => readlink(path)),
    stat: (path) =>
      guarded(path, async () => {
        const found = await stat(path);
        return {
          kind: found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other',
          sizeBytes: found.size,
          modifiedAt: found.mtime,
        };
      }),
    volumeSize: (path) =>
      guarded(path, async () => {
        const found = await statfs(path);
        return { sizeBytes: found.blocks * found.bsize, freeBytes: found.bavail * found.bsize };
      }),
    run,
    reader: () => createReader(),
    runHook: async () => ({ kind: 'not-found' }),
    connect: connectTo,
  };
}

/** The two ways to ask PowerShell, over whatever runs the scripts. */
export function createWindowsReader(
  run: RunScript,
  memory?: SearchMemory,
  clock: { now: () => Date; random: () => number } = { now: () => new Date(), random: Math.random },
): Omit<WindowsReader, 'exportVeeamSettings'> {
  let shared: { readonly document: Promise<unknown>; readonly startedAt: number } | undefined;
  const { searchUpdates } = createUpdateSearches({
    ...(memory === undefined ? {} : { memory }),
    ...clock,
    search: async (online, limitMs) => {
      const outcome = await run('search-updates.ps1', online ? ['-Online'] : [], limitMs);
      return searchOf(outcome, clock.now().toISOString());
    },
  });
  return {
    searchUpdates,
    readDocument: () => {
      const age = clock.now().getTime() - (shared?.startedAt ?? Number.NaN);
      if (shared === undefined || !(age >= 0 && age < documentFreshMs)) {
        const document = run('collect.ps1', [], documentLimitMs).then(documentOf);
        const mine = { document, startedAt: clock.now().getTime() };
        shared = mine;
        // A failure is told to those who wait for it now, not to those who ask later.
        document.catch(() => {
          if (shared === mine) shared = undefined;
        });
      }
      return shared.document;
    },
  };
}

function documentOf(outcome: CommandOutcome): unknown {
  switch (outcome.kind) {
    case 'not-found':
      throw new ReadError('powershell.exe', 'ENOENT');
    case 'timeout':
      throw new ReadError('collect.ps1', 'ETIMEDOUT');
    case 'too-much-output':
      throw new ReadError('collect.ps1', 'EFBIG');
    case 'exited':
      try {
        return parseOutput(outcome.stdout);
      } catch (cause) {
        // Nothing of the output is quoted: it may hold anything.
        throw new ReadError(`collect.ps1 (exit code ${outcome.exitCode})`, 'EIO', { cause });
      }
  }
}

function searchOf(outcome: CommandOutcome, at: string): UpdateSearch {
  if (outcome.kind !== 'exited') return { at, failure: outcome.kind };
  try {
    return { at, document: parseOutput(outcome.stdout) };
  } catch {
    // Cut off or no JSON at all: a policy or a virus scanner stopped the script.
    return { at, failure: 'unreadable' };
  }
}

/** The scripts write ASCII; a mark of byte order comes from hosts that add one. */
function parseOutput(text: string): unknown {
  return JSON.parse(text.replace(/^\uFEFF/, '').trim());
}

const runScriptOf =
  (privateDir: string | undefined): RunScript =>
  async (script, args, timeoutMs) => {
    const { SystemRoot = 'C:\\Windows' } = process.env;
    const powershell = win32.join(SystemRoot, 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe');
    const { file, remove } = scriptFile(script, privateDir);
    // A policy of the machine (AllSigned) wins over Bypass; then PowerShell refuses, and the section says so.
    const flags = ['-NoLogo', '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File', file];
    try {
      return await runCommand([powershell], [...flags, ...args], {
        timeoutMs,
        signal: new AbortController().signal,
        maxOutputBytes: maxDocumentBytes,
      });
    } finally {
      remove();
    }
  };

/** The script as a file: from source beside this one, from the single executable where nobody with fewer rights can change it. */
function scriptFile(script: Script, privateDir: string | undefined): { file: string; remove: () => void } {
  if (!isPacked) {
    return { file: fileURLToPath(new URL(`./${script}`, import.meta.url)), remove: () => undefined };
  }
  const content = packedText(script);
  if (privateDir === undefined) {
    // The folder of an administrator's profile belongs to programs without his rights as well; this one does not.
    const { SystemRoot = 'C:\\Windows' } = process.env;
    const folder = mkdtempSync(join(mayReadEverything() ? win32.join(SystemRoot, 'Temp') : tmpdir(), 'kits-agent-'));
    writeFileSync(join(folder, script), content);
    return { file: join(folder, script), remove: () => rmSync(folder, { recursive: true, force: true }) };
  }
  const file = join(privateDir, script);
  if (!holds(file, content)) {
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
  }
  return { file, remove: () => undefined };
}

function holds(file: string, content: string): boolean {
  try {
    return readFileSync(file, 'utf8') === content;
  } catch {
    // Not there yet.
    return false;
  }
}

/** SYSTEM and elevated administrators may list the profile of SYSTEM, nobody else. */
function mayReadEverything(): boolean {
  const { SystemRoot = 'C:\\Windows' } = process.env;
  try {
    readdirSync(win32.join(SystemRoot, 'System32', 'config', 'systemprofile'));
    return true;
  } catch {
    // Refused: ordinary rights.
    return false;
  }
}

function fileMemory(privateDir: string): SearchMemory {
  const file = join(privateDir, 'update-search.json');
  return {
    read: () => {
      try {
        return JSON.parse(readFileSync(file, 'utf8'));
      } catch {
        // None yet, or torn: the next search writes a new one.
        return undefined;
      }
    },
    write: (value) => {
      writeFileSync(`${file}.new`, JSON.stringify(value), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    },
  };
}

async function readBounded(path: string, options: { maxBytes?: number } = {}): Promise<Uint8Array> {
  const { maxBytes = defaultMaxBytes } = options;
  return guarded(path, async () => {
    const handle = await open(path, 'r');
    try {
      const found = await handle.stat();
      if (!found.isFile()) throw new ReadError(path, 'EINVAL');
      const content = new Uint8Array(Math.min(found.size, maxBytes) + 1);
      const { bytesRead } = await handle.read(content, 0, content.length);
      if (bytesRead > maxBytes) throw new ReadError(path, 'EFBIG');
      return content.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  });
}

async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  if (!win32.isAbsolute(path)) throw new ReadError(path, 'EINVAL');
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ReadError) throw cause;
    throw new ReadError(path, (cause as NodeJS.ErrnoException).code ?? 'EIO', { cause });
  }
}
