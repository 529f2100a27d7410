/** How parsers of configuration with includes get at further files. */
import type { Machine } from '../../platform/machine.ts';

/** Both throw a `ReadError` when they cannot. */
export interface ConfigReader {
  text(path: string): Promise<string>;
  list(path: string): Promise<string[]>;
}

export function configReader(machine: Machine): ConfigReader {
  return { text: (path) => machine.readText(path), list: (path) => machine.list(path) };
}
