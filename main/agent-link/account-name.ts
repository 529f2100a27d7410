/** Under which name an answer goes that a notice asks for by name. */
import { userInfo } from 'node:os';
import { statedName } from '../../agent/contract/report.ts';

/**
 * What the system itself calls the account this program runs under. Not typed and not read from the environment, so that
 * nobody gives another name by mistake; the service cannot check it all the same. Undefined when it has none to show.
 */
export function accountName(ask: () => string = () => userInfo().username): string | undefined {
  try {
    return statedName.safeParse(ask()).data;
  } catch {
    return undefined;
  }
}
