/** Whether a program is on this Linux PC, by dpkg's list and by its files, and whether its service runs. */
import { serviceRuns } from '../../collectors/linux/services.ts';
import { codeOf } from '../../collectors/text.ts';
import type { BackupContext, Service } from '../product.ts';

export interface Program {
  readonly installed: boolean;
  readonly version?: string;
}

/** Names of packages and absolute paths of the executable; either is proof, a folder of data is none. */
export interface Traces {
  readonly packages?: readonly string[];
  readonly files?: readonly string[];
}

/** Throws `ReadError` when a path can neither be seen nor be ruled out. */
export async function findProgram(context: BackupContext, { packages = [], files = [] }: Traces): Promise<Program> {
  const known = await context.packages();
  for (const name of packages) {
    const version = known.get(name);
    if (version !== undefined) return { installed: true, version };
  }
  for (const path of files) if (await isThere(context, path)) return { installed: true };
  return { installed: false };
}

export async function isThere({ machine }: Pick<BackupContext, 'machine'>, path: string): Promise<boolean> {
  try {
    await machine.stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'not-found') return false;
    throw error;
  }
}

/** The first of several names a unit may have that runs; a service that starts only for a run is `onDemand`. */
export async function findService(
  { machine }: Pick<BackupContext, 'machine'>,
  units: readonly string[],
  { onDemand = false } = {},
): Promise<Service | undefined> {
  const [first] = units;
  if (first === undefined) return undefined;
  let known = true;
  for (const unit of units) {
    const runs = await serviceRuns(machine, unit);
    if (runs === true) return { name: unit, state: 'running', onDemand };
    if (runs === undefined) known = false;
  }
  return { name: first, state: known ? 'stopped' : 'unknown', onDemand };
}
