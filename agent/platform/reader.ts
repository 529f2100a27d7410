/** Files read by a process of their own. */
import { ReadError, type Reader } from './machine.ts';

/** Not there yet: every question is refused. */
export function createReader(): Reader {
  const refuse = async (path: string): Promise<never> => {
    throw new ReadError(path, 'ENOTSUP');
  };
  return { readText: refuse, list: refuse, stat: refuse, database: refuse, close: () => undefined };
}
