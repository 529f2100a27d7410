/** Whether everything has the rights the installer gives it (Windows): read as SDDL, judged by the same table as on Linux. */
import { win32 } from 'node:path';
import {
  named,
  type ReadRights,
  type RunPowerShell,
  readRights,
  trusted,
  unsafeHolder,
} from '../setup/read-windows-rights.ts';
import { type OwnedPath, ownedPaths, sids } from '../setup/rights.ts';
import { maskOfIcacls, parseSddl, type SecurityDescriptor } from '../setup/sddl.ts';
import type { Finding } from './inspect.ts';

const creatorOwner = 'S-1-3-0';
/** Write, append, attributes, delete (itself or what is in it), change rights, take ownership. */
const changing = 0x2 | 0x4 | 0x10 | 0x40 | 0x100 | 0x10000 | 0x40000 | 0x80000;
const reading = 0x1;

export interface WindowsRightsInput {
  readonly dataDir: string;
  readonly installRoot: string;
  /** Of the version that runs; undefined = none is installed. */
  readonly executable?: string;
  readonly run: RunPowerShell;
}

/** One finding for each deviation, or one that says that there is none. */
export async function windowsRightsFindings(input: WindowsRightsInput): Promise<Finding[]> {
  const check = 'rights';
  const { dataDir, installRoot, executable, run } = input;
  const owned = ownedPaths.map((entry) => ({ entry, path: win32.join(dataDir, ...entry.path.split('/')) }));
  const programs = [
    installRoot,
    win32.join(installRoot, 'versions'),
    ...(executable === undefined ? [] : [win32.dirname(executable), executable]),
  ];
  const read = await readRights([...owned.map(({ path }) => path), ...programs], run);
  if (read === undefined) {
    const detail = `PowerShell did not say who may do what. "icacls ${dataDir} /t" shows it.`;
    return [{ check, result: 'unknown', detail }];
  }
  const deviations = [
    ...owned.flatMap(({ entry }, index) => deviationsOf(entry, read[index] as ReadRights)),
    ...read.slice(owned.length).flatMap(programDeviations),
  ];
  const holder = await unsafeHolder(dataDir, run);
  if (holder !== undefined) deviations.push(holder);
  if (deviations.length > 0) return deviations.map((detail) => ({ check, result: 'problem', detail }));
  return [{ check, result: 'ok', detail: `${dataDir} and ${installRoot} as the installer made them` }];
}

const repair = 'Run the installer again, or "kits-agent set-up" as administrator.';

function deviationsOf(entry: OwnedPath, { path, attributes, sddl }: ReadRights): string[] {
  const { kind, access, inherited, changed, read, madeBy } = entry;
  if (sddl === '') return madeBy === 'service' ? [] : [`${path} is missing. ${repair}`];
  if (/ReparsePoint/.test(attributes)) {
    return [`${path} is a link and leads elsewhere. ${changed} Remove it. ${repair}`];
  }
  const found = parseSddl(sddl);
  if (found === undefined) return [`${path}: its access list cannot be read (${sddl.slice(0, 200)}). ${repair}`];
  const said: string[] = [];
  if (!trusted.has(found.owner)) {
    said.push(`${path} belongs to ${found.owner}, who can give any rights. ${changed} ${repair}`);
  }
  if (inherited === undefined && !found.isProtected) {
    said.push(`${path} takes rights over from the folder above it. ${changed} ${repair}`);
  }
  const allowed = new Map(access.map(([sid, rights]) => [sid, maskOfIcacls(rights)]));
  for (const [sid, mask] of granted(found)) {
    if (trusted.has(sid)) continue;
    const extra = mask & ~(allowed.get(sid) ?? 0);
    if ((extra & changing) !== 0) said.push(`${path} can be changed by ${named(sid)}. ${changed} ${repair}`);
    else if ((extra & reading) !== 0) {
      said.push([`${path} can be read by ${named(sid)}.`, read, repair].filter((part) => part !== undefined).join(' '));
    }
  }
  const needed = allowed.get(sids.users);
  if (needed !== undefined && (needed & ~mayDo(found, sids.users)) !== 0) {
    said.push(`${path}: users at this PC can do less than they should, so the tray stays grey or mute. ${repair}`);
  }
  const mustHandOn =
    kind === 'directory' && access.some(([sid, rights]) => sid === sids.users && rights.startsWith('(OI)(CI)'));
  if (
    mustHandOn &&
    !found.rules.some(({ kind: type, sid, inherits }) => type === 'allow' && sid === sids.users && inherits)
  ) {
    said.push(`${path} does not hand its rights on: a new status.json could not be read. ${repair}`);
  }
  return said;
}

function programDeviations({ path, attributes, sddl }: ReadRights): string[] {
  if (sddl === '') return [];
  const harm = 'Somebody could put a program there that runs as SYSTEM.';
  const found = parseSddl(sddl);
  if (found === undefined) return [`${path}: its access list cannot be read (${sddl.slice(0, 200)}).`];
  if (/ReparsePoint/.test(attributes)) return [`${path} is a link and leads elsewhere. ${harm} Install again.`];
  const said = trusted.has(found.owner) ? [] : [`${path} belongs to ${found.owner}, who can give any rights. ${harm}`];
  for (const [sid, mask] of granted(found)) {
    if (!trusted.has(sid) && (mask & changing) !== 0) {
      said.push(`${path} can be changed by ${named(sid)}. ${harm} Install below "Program Files".`);
    }
  }
  return said;
}

/** What each account is allowed in all, on the thing itself or on what comes to lie in it; denials are not counted on. */
function granted({ rules }: SecurityDescriptor): ReadonlyMap<string, number> {
  const all = new Map<string, number>();
  for (const { kind, sid, mask, inheritOnly } of rules) {
    if (kind === 'deny' || (sid === creatorOwner && inheritOnly)) continue;
    all.set(sid, (all.get(sid) ?? 0) | mask);
  }
  return all;
}

function mayDo({ rules }: SecurityDescriptor, account: string): number {
  let mask = 0;
  for (const { kind, sid, mask: bits, inheritOnly } of rules) {
    if (sid !== account || inheritOnly) continue;
    if (kind === 'allow') mask |= bits;
    else if (kind === 'deny') mask &= ~bits;
  }
  return mask;
}
