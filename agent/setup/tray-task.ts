/**
 * Starts the tray for whoever is logged on, from an installer that runs as SYSTEM and has no desktop: a scheduled task that runs as
 * the people in the group "Users", by its SID, with their rights. It has no trigger; logons start the tray by the autostart entry.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join, win32 } from 'node:path';
import process from 'node:process';
import { runCommand } from '../platform/run-command.ts';

export const trayTask = 'KITS Agent Tray';
const timeoutMs = 60_000;

/** To be written as UTF-16 with a byte order mark. Throws `RangeError` for a path that is not absolute. */
export function trayTaskXml(program: string): string {
  if (!win32.isAbsolute(program) || /["\r\n]/.test(program)) throw new RangeError(`${program} is no path of a program`);
  const command = `"${program}"`.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
  return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.3" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Author>KITS</Author>
    <Description>Zeigt KITS Agent im Infobereich, nachdem er installiert oder aktualisiert wurde.</Description>
    <URI>\\${trayTask}</URI>
  </RegistrationInfo>
  <Triggers />
  <Principals>
    <Principal id="Users">
      <GroupId>S-1-5-32-545</GroupId>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>Parallel</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowStartOnDemand>true</AllowStartOnDemand>
    <Enabled>true</Enabled>
    <Hidden>false</Hidden>
    <UseUnifiedSchedulingEngine>true</UseUnifiedSchedulingEngine>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>5</Priority>
  </Settings>
  <Actions Context="Users">
    <Exec>
      <Command>${command}</Command>
      <Arguments>--hidden</Arguments>
    </Exec>
  </Actions>
</Task>
`;
}

/** Registers the task and runs it. A sentence when Windows does not; with nobody logged on there is nothing to start. */
export async function startTray(program: string, privateDir: string): Promise<string | undefined> {
  const draft = join(privateDir, 'tray-task.xml');
  writeFileSync(draft, `\uFEFF${trayTaskXml(program)}`, 'utf16le');
  try {
    const registered = await schtasks('/create', '/tn', trayTask, '/xml', draft, '/f');
    if (registered !== 0) return `Windows did not register "${trayTask}" (schtasks ended with ${registered})`;
    const started = await schtasks('/run', '/tn', trayTask);
    return started === 0 ? undefined : `Windows did not start "${trayTask}" (schtasks ended with ${started})`;
  } finally {
    rmSync(draft, { force: true });
  }
}

async function schtasks(...args: string[]): Promise<number> {
  const path = win32.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'schtasks.exe');
  const outcome = await runCommand([path], args, { timeoutMs, signal: AbortSignal.timeout(timeoutMs) });
  return outcome.kind === 'exited' ? outcome.exitCode : -1;
}
