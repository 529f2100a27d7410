/** Access lists of Windows, asked of PowerShell in one go, and whether others may exchange what lies in a folder. */
import { win32 } from 'node:path';
import type { CommandOutcome } from '../platform/machine.ts';
import { sids } from './rights.ts';
import { parseSddl } from './sddl.ts';

/** SYSTEM, administrators, the installer of Windows. */
export const trusted: ReadonlySet<string> = new Set([sids.system, sids.administrators, sids.trustedInstaller]);
/** Names of accounts in the language of the reader, where everybody knows them. */
const accountNames: Readonly<Record<string, string>> = {
  [sids.users]: 'all users (S-1-5-32-545)',
  'S-1-1-0': 'everybody (S-1-1-0)',
  'S-1-5-11': 'everybody who has logged on (S-1-5-11)',
  'S-1-5-4': 'everybody at the console (S-1-5-4)',
};

/** `path` with slashes turned; the SDDL is missing where the thing is. */
export interface ReadRights {
  readonly path: string;
  readonly attributes: string;
  readonly sddl: string;
}

export type RunPowerShell = (command: string) => Promise<CommandOutcome>;

/** Drive letter and ordinary characters; in PowerShell every kind of quotation mark ends a text. */
const plainPath = /^[A-Za-z]:\\[\p{L}\p{N} _.\\()-]*$/u;

/** Undefined when PowerShell did not answer in full. The answer is ASCII and in the order asked, so no code page can spoil it. */
export async function readRights(paths: readonly string[], run: RunPowerShell): Promise<ReadRights[] | undefined> {
  if (!paths.every((path) => plainPath.test(path))) return undefined;
  const list = paths.map((path) => `'${path}'`).join(',');
  const outcome = await run(
    `$n=0; foreach ($p in ${list}) { if (Test-Path -LiteralPath $p) { $i = Get-Item -LiteralPath $p -Force; ` +
      `$a = Get-Acl -LiteralPath $p; "$n|$($i.Attributes)|$($a.Sddl)" } else { "$n||" }; $n++ }`,
  );
  if (outcome.kind !== 'exited') return undefined;
  const lines = outcome.stdout
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => line !== '');
  if (lines.length !== paths.length) return undefined;
  const read = lines.map((line, index): ReadRights | undefined => {
    const [, number, attributes = '', sddl = ''] = /^(\d+)\|([^|]*)\|([^|]*)$/.exec(line) ?? [];
    return Number(number) === index ? { path: paths[index] as string, attributes, sddl } : undefined;
  });
  return read.some((one) => one === undefined) ? undefined : (read as ReadRights[]);
}

/** Delete what is in it, delete or rename it itself, change its rights, own it. */
const exchanging = 0x40 | 0x10000 | 0x40000 | 0x80000;

/**
 * A sentence when somebody else could put another folder in the place of `folder`: whoever may delete in a folder above it,
 * or owns one. Where nobody says who may do what, that is one as well.
 */
export async function unsafeHolder(folder: string, run: RunPowerShell): Promise<string | undefined> {
  const holders: string[] = [];
  for (let place = win32.dirname(folder); ; place = win32.dirname(place)) {
    holders.push(place);
    if (place === win32.dirname(place)) break;
  }
  const advice = `Choose the usual folder below %ProgramData%, or one below a folder that belongs to administrators alone.`;
  const read = await readRights(holders, run);
  if (read === undefined) return `It cannot be read who may change the folders above ${folder}. ${advice}`;
  for (const { path, attributes, sddl } of read) {
    if (sddl === '') continue;
    const found = /ReparsePoint/.test(attributes) ? undefined : parseSddl(sddl);
    if (found === undefined) return `${path} is a link, or its access list cannot be read. ${advice}`;
    const other = trusted.has(found.owner)
      ? found.rules.find(
          ({ kind, sid, mask, inheritOnly }) =>
            kind !== 'deny' && !inheritOnly && !trusted.has(sid) && (mask & exchanging) !== 0,
        )?.sid
      : found.owner;
    if (other !== undefined) {
      return `${path} can be changed by ${named(other)}, who could put another folder in the place of ${folder}. ${advice}`;
    }
  }
  return undefined;
}

export function named(sid: string): string {
  return Object.hasOwn(accountNames, sid) ? (accountNames[sid] as string) : sid;
}
