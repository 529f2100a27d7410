/** What Windows itself knows of the installation: signature, tasks, event source, autostart, services, proxy. */
import type { CommandOutcome } from '../platform/machine.ts';
import type { RunPowerShell } from '../setup/read-windows-rights.ts';
import { executableIn, guardTask, serviceTask } from '../upgrade/task-xml.ts';
import type { Finding } from './inspect.ts';

export interface InstallationInput {
  readonly run: RunPowerShell;
  readonly schtasks: (args: readonly string[]) => Promise<CommandOutcome>;
  readonly exists: (path: string) => boolean;
}

const eventSource = 'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\KITS Agent';
const autostart = 'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run';
const winHttp = 'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\Connections';
/** Running, and the last one at least not disabled: it is started when it is needed. */
const neededServices = ['Schedule', 'EventLog', 'Winmgmt'] as const;
const updateService = 'wuauserv';

/** One finding each. The executable named by the task is the one whose signature counts. */
export async function installationFindings({ run, schtasks, exists }: InstallationInput): Promise<Finding[]> {
  const tasks = await Promise.all([taskOf(serviceTask, schtasks), taskOf(guardTask, schtasks)]);
  const known = await settingsOf(run);
  return [
    ...tasks.map((task) => taskFinding(task, exists)),
    await signatureFinding(tasks[0]?.executable, run),
    registered('event source', known?.['source'], 'Messages of the service show without text. Install again.'),
    registered('autostart', known?.['autostart'], 'The window does not start when somebody logs on. Install again.'),
    servicesFinding(known),
    proxyFinding(known?.['proxy']),
  ];
}

interface Task {
  readonly name: string;
  readonly isThere: boolean;
  readonly executable?: string;
  readonly isSystem: boolean;
}

async function taskOf(name: string, schtasks: InstallationInput['schtasks']): Promise<Task> {
  const outcome = await schtasks(['/query', '/tn', name, '/xml']);
  if (outcome.kind !== 'exited' || outcome.exitCode !== 0) return { name, isThere: false, isSystem: false };
  const executable = executableIn(outcome.stdout);
  const isSystem = /<UserId>S-1-5-18<\/UserId>/.test(outcome.stdout);
  return { name, isThere: true, isSystem, ...(executable === undefined ? {} : { executable }) };
}

function taskFinding({ name, isThere, isSystem, executable }: Task, exists: (path: string) => boolean): Finding {
  const check = `task ${name}`;
  const problem = (detail: string): Finding => ({ check, result: 'problem', detail: `${detail} Install again.` });
  if (!isThere) return problem('The scheduled task is missing: nothing starts the service at boot.');
  if (!isSystem) return problem('The scheduled task does not run as SYSTEM (S-1-5-18).');
  if (executable === undefined) return problem('The scheduled task names no program.');
  if (!exists(executable)) return problem(`The scheduled task starts ${executable}, which is not there.`);
  return { check, result: 'ok', detail: `starts ${executable} as SYSTEM` };
}

const readable = /^[A-Za-z]:\\[\p{L}\p{N} _.\\()-]*$/u;

async function signatureFinding(executable: string | undefined, run: RunPowerShell): Promise<Finding> {
  const check = 'signature';
  if (executable === undefined || !readable.test(executable)) {
    return { check, result: 'unknown', detail: 'It is not known which program runs.' };
  }
  // The name of the state is that of an enumeration and not translated.
  const outcome = await run(`"$((Get-AuthenticodeSignature -LiteralPath '${executable}').Status)"`);
  const state = outcome.kind === 'exited' ? outcome.stdout.trim() : '';
  if (!/^[A-Za-z]{1,40}$/.test(state)) return { check, result: 'unknown', detail: 'PowerShell did not say.' };
  return state === 'Valid'
    ? { check, result: 'ok', detail: `${executable} is signed, and the signature holds` }
    : { check, result: 'problem', detail: `${executable}: ${state}. Only a signed file from KITS may run here.` };
}

/** Lines "name=value" of ASCII; what is not there has an empty value. */
async function settingsOf(run: RunPowerShell): Promise<Readonly<Record<string, string>> | undefined> {
  const value = (path: string, name: string): string =>
    `(Get-ItemProperty -LiteralPath '${path}' -Name '${name}' -ErrorAction SilentlyContinue).'${name}'`;
  const services = [...neededServices, updateService]
    .map((name) => {
      const service = `(Get-Service -Name ${name} -ErrorAction SilentlyContinue)`;
      return `"${name}=$(${service}.Status) $(${service}.StartType)"`;
    })
    .join('; ');
  const outcome = await run(
    `"source=$(if (${value(eventSource, 'EventMessageFile')}) { 1 })"; ` +
      `"autostart=$(if (${value(autostart, 'KITS Agent')}) { 1 })"; ` +
      `"proxy=$(${value(winHttp, 'WinHttpSettings')} -join ',')"; ${services}`,
  );
  if (outcome.kind !== 'exited') return undefined;
  const pairs = [...outcome.stdout.matchAll(/^(\w+)=([\x20-\x7e]*?)\s*$/gm)].map(([, name, said]) => [name, said]);
  return pairs.length === 3 + neededServices.length + 1 ? Object.fromEntries(pairs) : undefined;
}

function registered(check: string, value: string | undefined, harm: string): Finding {
  if (value === undefined) return { check, result: 'unknown', detail: 'PowerShell did not say.' };
  return value === '1'
    ? { check, result: 'ok', detail: 'registered' }
    : { check, result: 'problem', detail: `missing. ${harm}` };
}

function servicesFinding(known: Readonly<Record<string, string>> | undefined): Finding {
  const check = 'services';
  if (known === undefined) return { check, result: 'unknown', detail: 'PowerShell did not say.' };
  const bad = [
    ...neededServices.filter((name) => !/^Running /.test(known[name] ?? '')),
    ...(/^\w+ (Manual|Automatic)$/.test(known[updateService] ?? '') ? [] : [updateService]),
  ];
  return bad.length === 0
    ? { check, result: 'ok', detail: [...neededServices, updateService].join(', ') }
    : {
        check,
        result: 'problem',
        detail: bad.map((name) => `${name}: ${known[name]?.trim() || 'not there'}`).join(', '),
      };
}

/**
 * `WinHttpSettings`: three numbers of 4 bytes (size, counter, flags), then each text behind its length. Flag 1 is a direct
 * connection, flag 2 a named proxy.
 */
function proxyFinding(value: string | undefined): Finding {
  const check = 'winhttp proxy';
  if (value === undefined) return { check, result: 'unknown', detail: 'PowerShell did not say.' };
  if (value === '') return { check, result: 'ok', detail: 'none: direct' };
  const bytes = Buffer.from(value.split(',').map(Number));
  if (bytes.length < 16) return { check, result: 'unknown', detail: 'the setting cannot be read' };
  if ((bytes.readUInt32LE(8) & 2) === 0) return { check, result: 'ok', detail: 'none: direct' };
  const length = bytes.readUInt32LE(12);
  if (length === 0 || length > bytes.length - 16) {
    return { check, result: 'unknown', detail: 'the setting cannot be read' };
  }
  // A password in the address is not shown.
  const proxy = bytes.toString('latin1', 16, 16 + length).replaceAll(/\/\/[^@/]*@/g, '//***@');
  return { check, result: 'ok', detail: proxy.replaceAll(/[^\x20-\x7e]/g, '?') };
}
