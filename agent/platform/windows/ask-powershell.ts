/** One short question to PowerShell, for `doctor`; collectors share the document of collect.ps1 instead. */
import { win32 } from 'node:path';
import process from 'node:process';
import type { CommandOutcome } from '../machine.ts';
import { runCommand } from '../run-command.ts';

const limitMs = 60_000;

/** `command` is text of this program with checked parts only. A text on the command line needs no policy for scripts. */
export function askPowerShell(command: string): Promise<CommandOutcome> {
  const { SystemRoot = 'C:\\Windows' } = process.env;
  const powershell = win32.join(SystemRoot, 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe');
  return runCommand([powershell], ['-NoLogo', '-NoProfile', '-NonInteractive', '-Command', command], {
    timeoutMs: limitMs,
    signal: new AbortController().signal,
  });
}
