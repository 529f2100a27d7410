/** Files in people's profiles: which of them are there, and read by whom. */
import { codeOf } from '../../collectors/text.ts';
import type { Reader } from '../../platform/machine.ts';
import type { BackupContext } from '../product.ts';
import type { LocalUser } from './users.ts';

/**
 * The person's reader where one of the paths may be there. The agent itself looks first, at names only: on a PC with many
 * accounts a process for each that finds nothing would cost 30 MB apiece.
 */
export async function profileReader(
  { machine, profile }: Pick<BackupContext, 'machine' | 'profile'>,
  user: LocalUser,
  paths: readonly string[],
): Promise<Reader | undefined> {
  for (const path of paths) {
    try {
      await machine.stat(path);
      return profile(user);
    } catch (error) {
      // A home on a server may be closed to root, or all homes are to an agent that is not root: the person can tell.
      if (codeOf(error) !== 'not-found') return profile(user);
    }
  }
  return undefined;
}

/** Whether the person has it. Throws `ReadError` when not even the person's rights can tell. */
export async function personHas(reader: Reader, path: string): Promise<boolean> {
  try {
    await reader.stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'not-found') return false;
    throw error;
  }
}
