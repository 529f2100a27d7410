/** A file for what programs say that nobody watches: those of installers, and those Windows starts by its tasks. */
import { appendFileSync, renameSync, statSync } from 'node:fs';

/** What is added to a full file goes into a new one; together with the one before it at most twice this. */
const fullBytes = 1024 * 1024;
const longestLine = 16 * 1024;

/**
 * Appends a line, with time and `command` where it does not tell the time itself. Never throws: what a program does matters more
 * than what is written about it. `FILE.1` holds what was written before.
 */
export function logFileOf(file: string, command: string): (line: string) => void {
  return (line) => {
    try {
      // A file that cannot be put aside gets no more lines: it must not grow without an end.
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= fullBytes) renameSync(file, `${file}.1`);
      const told = line.startsWith('{"time":') ? line : `${new Date().toISOString()} ${command}: ${line}`;
      appendFileSync(file, `${told.slice(0, longestLine)}\n`, { mode: 0o600 });
    } catch {
      // No room, or somebody holds it.
    }
  };
}
