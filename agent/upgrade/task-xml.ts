/**
 * The two scheduled tasks of Windows: the service and its guard. One source for every installer, which only calls
 * `kits-agent activate`. Elements and defaults: https://learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema.
 */
import { win32 } from 'node:path';

export const serviceTask = 'KITS Agent';
export const guardTask = 'KITS Agent Guard';

interface TaskWords {
  readonly command: string;
  readonly log: string;
  readonly description: string;
  readonly delay: string;
  /** How often it is started again; a task that runs is left alone. */
  readonly every: string;
  /** ISO 8601; "PT0S" is without an end. */
  readonly limit: string;
  readonly restarts: number;
}

const service: TaskWords = {
  command: 'run',
  log: 'service',
  description: 'Meldet Inventar, Aktualisierungen, Sicherheit und Sicherungen dieses PCs an KITS.',
  delay: 'PT30S',
  every: 'PT30M',
  limit: 'PT0S',
  // With the watchdog trigger beside it: this one is quicker, that one never gives up.
  restarts: 255,
};

const guard: TaskWords = {
  command: 'guard',
  log: 'guard',
  description:
    'Hält den KITS Agent am Laufen, beendet ihn, wenn er hängt, und nimmt eine Aktualisierung zurück, die nicht läuft.',
  delay: 'PT2M',
  every: 'PT30M',
  // It watches for 20 minutes before it ends a service that hangs.
  limit: 'PT1H',
  restarts: 3,
};

/**
 * XML 1.0 as `schtasks /create /xml` takes it, to be written as UTF-16 with a byte order mark. `executable`: an absolute path;
 * `logFolder`: where only administrators write, for what a task says, which Windows keeps nowhere.
 */
export function taskXml(name: typeof serviceTask | typeof guardTask, executable: string, logFolder: string): string {
  const words = name === serviceTask ? service : guard;
  const logFile = win32.join(logFolder, `${words.log}.log`);
  return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.3" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Author>KITS</Author>
    <Description>${escaped(words.description)}</Description>
    <URI>\\${escaped(name)}</URI>
  </RegistrationInfo>
  <Triggers>
    <BootTrigger>
      <Enabled>true</Enabled>
      <Delay>${words.delay}</Delay>
    </BootTrigger>
    <TimeTrigger>
      <Repetition>
        <Interval>${words.every}</Interval>
        <StopAtDurationEnd>false</StopAtDurationEnd>
      </Repetition>
      <StartBoundary>2026-01-01T00:07:00</StartBoundary>
      <Enabled>true</Enabled>
    </TimeTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>S-1-5-18</UserId>
      <RunLevel>HighestAvailable</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <IdleSettings>
      <StopOnIdleEnd>false</StopOnIdleEnd>
      <RestartOnIdle>false</RestartOnIdle>
    </IdleSettings>
    <AllowStartOnDemand>true</AllowStartOnDemand>
    <Enabled>true</Enabled>
    <Hidden>false</Hidden>
    <RunOnlyIfIdle>false</RunOnlyIfIdle>
    <DisallowStartOnRemoteAppSession>false</DisallowStartOnRemoteAppSession>
    <UseUnifiedSchedulingEngine>true</UseUnifiedSchedulingEngine>
    <WakeToRun>false</WakeToRun>
    <ExecutionTimeLimit>${words.limit}</ExecutionTimeLimit>
    <Priority>5</Priority>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>${words.restarts}</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${escaped(`"${executable}"`)}</Command>
      <Arguments>${escaped(`${words.command} --log-file "${logFile}"`)}</Arguments>
    </Exec>
  </Actions>
</Task>
`;
}

/** The executable that a task's XML names; undefined when there is no such word. */
export function executableIn(xml: string): string | undefined {
  const command = /<Command>([^<]{1,1024})<\/Command>/.exec(xml)?.[1];
  return command === undefined ? undefined : unescaped(command).replace(/^"(.*)"$/, '$1');
}

const entities: readonly (readonly [string, string])[] = [
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
];

function escaped(text: string): string {
  return entities.reduce((result, [plain, entity]) => result.replaceAll(plain, entity), text);
}

function unescaped(text: string): string {
  return entities.toReversed().reduce((plain, [sign, entity]) => plain.replaceAll(entity, sign), text);
}
