/**
 * The two scheduled tasks of Windows, as `schtasks /create /tn NAME /xml FILE /f` takes them.
 *
 * Every value that has a bad default is written out (MS-TSCH 2.5): priority 7 is "below normal", tasks do not start on battery
 * and end after 72 hours.
 */
import { win32 } from 'node:path';

export const agentTaskName = 'KITS Agent';
export const guardTaskName = 'KITS Agent Guard';

/** What a task runs, and when beside the start of the PC. */
interface TaskKind {
  readonly description: string;
  readonly arguments: string;
  /** ISO 8601 durations. */
  readonly bootDelay: string;
  readonly repeat: string;
  readonly timeLimit: string;
  readonly restart?: { readonly interval: string; readonly count: number };
}

const kinds = {
  [agentTaskName]: {
    description: 'Inventory, patch, security and backup state of this PC for KITS. Runs all the time.',
    arguments: 'run',
    bootDelay: 'PT30S',
    // The watchdog: a service that runs already is left alone (IgnoreNew).
    repeat: 'PT30M',
    timeLimit: 'PT0S',
    restart: { interval: 'PT1M', count: 255 },
  },
  [guardTaskName]: {
    description: 'Brings the last proven version of KITS Agent back when a new one does not start.',
    arguments: 'guard',
    // Later than the service, which deserves its chance.
    bootDelay: 'PT10M',
    repeat: 'PT30M',
    timeLimit: 'PT30M',
  },
} as const satisfies Record<string, TaskKind>;
export type TaskName = keyof typeof kinds;

/**
 * The XML of a task that runs `executable`, an absolute path below a folder only administrators can write to, as SYSTEM.
 * To be written as UTF-16 with a byte order mark (`taskFile`). Throws `RangeError` for a path that is not absolute.
 */
export function taskXml(name: TaskName, executable: string): string {
  if (!win32.isAbsolute(executable) || /["\r\n]/.test(executable)) {
    throw new RangeError(`${executable} is no absolute path of a program`);
  }
  const kind: TaskKind = kinds[name];
  const restart =
    kind.restart === undefined
      ? []
      : [
          '    <RestartOnFailure>',
          `      <Interval>${kind.restart.interval}</Interval>`,
          `      <Count>${kind.restart.count}</Count>`,
          '    </RestartOnFailure>',
        ];
  return [
    '<?xml version="1.0" encoding="UTF-16"?>',
    '<Task version="1.3" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">',
    '  <RegistrationInfo>',
    '    <Author>KITS</Author>',
    `    <Description>${xmlText(kind.description)}</Description>`,
    `    <URI>\\${name}</URI>`,
    '  </RegistrationInfo>',
    '  <Triggers>',
    '    <BootTrigger>',
    '      <Enabled>true</Enabled>',
    `      <Delay>${kind.bootDelay}</Delay>`,
    '    </BootTrigger>',
    '    <TimeTrigger>',
    '      <Enabled>true</Enabled>',
    // Any instant of the past: the repetition goes on from there.
    '      <StartBoundary>2020-01-01T00:00:00</StartBoundary>',
    '      <Repetition>',
    `        <Interval>${kind.repeat}</Interval>`,
    '        <StopAtDurationEnd>false</StopAtDurationEnd>',
    '      </Repetition>',
    '    </TimeTrigger>',
    '  </Triggers>',
    '  <Principals>',
    '    <Principal id="System">',
    '      <UserId>S-1-5-18</UserId>',
    '      <RunLevel>HighestAvailable</RunLevel>',
    '    </Principal>',
    '  </Principals>',
    '  <Settings>',
    '    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>',
    '    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>',
    '    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>',
    '    <AllowHardTerminate>true</AllowHardTerminate>',
    '    <StartWhenAvailable>true</StartWhenAvailable>',
    '    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>',
    '    <IdleSettings>',
    '      <StopOnIdleEnd>false</StopOnIdleEnd>',
    '      <RestartOnIdle>false</RestartOnIdle>',
    '    </IdleSettings>',
    '    <AllowStartOnDemand>true</AllowStartOnDemand>',
    '    <Enabled>true</Enabled>',
    '    <Hidden>false</Hidden>',
    '    <RunOnlyIfIdle>false</RunOnlyIfIdle>',
    '    <UseUnifiedSchedulingEngine>true</UseUnifiedSchedulingEngine>',
    '    <WakeToRun>false</WakeToRun>',
    `    <ExecutionTimeLimit>${kind.timeLimit}</ExecutionTimeLimit>`,
    '    <Priority>5</Priority>',
    ...restart,
    '  </Settings>',
    '  <Actions Context="System">',
    '    <Exec>',
    `      <Command>${xmlText(`"${executable}"`)}</Command>`,
    `      <Arguments>${kind.arguments}</Arguments>`,
    `      <WorkingDirectory>${xmlText(win32.dirname(executable))}</WorkingDirectory>`,
    '    </Exec>',
    '  </Actions>',
    '</Task>',
    '',
  ].join('\r\n');
}

/** The bytes `schtasks` reads. */
export function taskFile(name: TaskName, executable: string): Buffer {
  return Buffer.from(`\uFEFF${taskXml(name, executable)}`, 'utf16le');
}

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
