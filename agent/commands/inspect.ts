/** Commands that look and change nothing: status, explain-settings, doctor. */
import { lookup } from 'node:dns/promises';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { defaultThresholds } from '../contract/policy.ts';
import { oneLine } from '../contract/printable.ts';
import { type Status, status } from '../contract/status.ts';
import { thisMachine } from '../platform/this-machine.ts';
import { askPowerShell } from '../platform/windows/ask-powershell.ts';
import { findTrust } from '../report/enrol.ts';
import { ServerRefused } from '../report/refusal.ts';
import { createServerClient, ServerUnreachable } from '../report/server-client.ts';
import { currentServerKey } from '../signing/key-set.ts';
import { peekStore } from '../store/agent-store.ts';
import { readDeviceKey } from '../store/device-key.ts';
import { linuxInstallRoot } from '../upgrade/linux-versions.ts';
import { installedVersions } from '../upgrade/these-versions.ts';
import { agentVersion } from '../version.ts';
import { type CommandInput, type ExitCode, exitCodes } from './command.ts';
import { dataDirOf, settingsOf } from './command-settings.ts';
import { expectedOwner, type RightsInput, rightsFindings } from './rights-checks.ts';
import { walk } from './windows-checklist.ts';
import { windowsFindings } from './windows-checks.ts';
import { installationFindings } from './windows-installation-checks.ts';
import { windowsRightsFindings } from './windows-rights-checks.ts';

const words = { ok: 'in Ordnung', attention: 'Achtung', critical: 'dringend', unknown: 'unbekannt' } as const;

export async function statusCommand(input: CommandInput): Promise<ExitCode> {
  const file = join(dataDirOf(input), 'public', 'status.json');
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    input.err(`${file} cannot be read (${(error as Error).message}). The service writes it: is it running?`);
    return exitCodes.notEnrolled;
  }
  const parsed = status.safeParse(value);
  if (!parsed.success) {
    input.err(
      `${file} was not written by this version of the service (${parsed.error.issues[0]?.path.join('.')}). Restart it.`,
    );
    return exitCodes.unexpected;
  }
  const current = parsed.data;
  if (input.options['json'] === true) {
    input.out(JSON.stringify(current, null, 2));
  } else {
    const stale = Date.now() > Date.parse(current.validUntil);
    input.out(
      `${oneLine(current.device.hostname)}: ${stale ? `${words.unknown} (Stand veraltet)` : words[current.overall]}`,
    );
    input.out(`Stand: ${current.writtenAt}, Gemeinde: ${oneLine(current.device.municipality ?? 'nicht angemeldet')}`);
    input.out(
      `Zuletzt angenommen: ${current.reporting.lastAcceptedAt ?? 'noch nie'}, wartend: ${current.reporting.waiting}`,
    );
    for (const line of reportingLines(current.reporting)) input.out(line);
    for (const verdict of current.verdicts.filter((entry) => entry.verdict !== 'met')) {
      input.out(`- ${oneLine(verdict.explanation.de)}`);
    }
  }
  return current.device.state === 'not-enrolled' ? exitCodes.notEnrolled : exitCodes.done;
}

/** Neither PC nor server, but something between them. */
const onTheWay: Readonly<Record<string, string>> = {
  'request-altered':
    'Ein Proxy oder Filter zwischen PC und Server verändert die Anfragen. Bitte den KITS-Server dort ausnehmen.',
  'refusal-unsigned': 'Etwas zwischen PC und Server weist Berichte in dessen Namen ab. Bitte Proxy und Filter prüfen.',
  'not-kits': 'Etwas zwischen PC und Server antwortet an dessen Stelle. Bitte Proxy und Filter prüfen.',
  'answer-invalid': 'Die Antwort stammt nicht vom KITS-Server. Bitte Proxy und Filter prüfen.',
  'use-nonce': 'Kopfzeilen gehen zwischen PC und Server verloren. Bitte Proxy und Filter prüfen.',
};

/** What of the codes a technician meets most often, in words. */
const failureWords: Readonly<Record<string, string>> = {
  'clock-blocks-tls':
    'Die Uhr dieses PCs geht falsch; das Zertifikat des Servers gilt nach ihr nicht. Bitte die Uhr stellen.',
  'tls-expired': 'Das Zertifikat des Servers ist abgelaufen.',
  'tls-untrusted': 'Dem Zertifikat des Servers wird nicht vertraut.',
  'unknown-device': 'Der Server kennt dieses Gerät nicht.',
  'device-not-active': 'Das Gerät ist am Server nicht freigegeben.',
  'proof-invalid': 'Der Server erkennt die Unterschrift dieses PCs nicht an, oder ein Proxy entfernt sie.',
  ...onTheWay,
};

function reportingLines({ failure, refused, aside, thinned, storage, needsAttention }: Status['reporting']): string[] {
  const words = failure === undefined ? undefined : failureWords[failure];
  return [
    ...(failure === undefined ? [] : [`Übertragung: ${failure}${words === undefined ? '' : ` – ${words}`}`]),
    ...(refused === undefined ? [] : [`Vom Server abgelehnte Berichte: ${refused}`]),
    ...(aside === undefined ? [] : [`Berichte, die nicht durchkommen und täglich neu versucht werden: ${aside}`]),
    ...(thinned === undefined ? [] : [`Berichte, von denen nur der Kopf erhalten ist: ${thinned}`]),
    ...(storage === undefined ? [] : [`Datenträger: ${storage} – Es kann nichts gespeichert werden.`]),
    ...(needsAttention === undefined
      ? []
      : [
          Object.hasOwn(onTheWay, needsAttention.code)
            ? `Achtung: Seit ${needsAttention.since} kommen Berichte nicht durch (${needsAttention.code}). Sie bleiben erhalten.`
            : `Achtung: Der Server nimmt dieses Gerät seit ${needsAttention.since} nicht an (${needsAttention.code}). ` +
              'Schlüssel und Berichte bleiben erhalten; ob es neu angemeldet wird, entscheidet KITS.',
        ]),
  ];
}

const keyByKey = (group: string, values: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${group}.${name}`, value]));

export async function explainSettingsCommand(input: CommandInput): Promise<ExitCode> {
  const policy = peek(dataDirOf(input))?.words.policy?.said;
  const { settings, origins, problems, files } = settingsOf(input).with(policy);
  const values: Readonly<Record<string, unknown>> = {
    ...settings,
    proxy: shownProxy(settings.proxy),
    ...keyByKey('thresholds', settings.thresholds),
    ...keyByKey('backupPolicy', settings.backupPolicy),
  };
  const entries = Object.entries(origins).map(([key, origin]) => ({ key, value: values[key] ?? null, origin }));
  if (input.options['json'] === true) {
    const inForce = policy === undefined ? null : { version: policy.version, expiresAt: policy.expiresAt };
    input.out(JSON.stringify({ settings: entries, policy: inForce, problems, files }, null, 2));
  } else {
    const expired = policy !== undefined && !(Date.now() < Date.parse(policy.expiresAt));
    input.out(
      `Machine file: ${files.machine}\nLocal policy: ${files.localPolicy}\nServer policy: ${
        policy === undefined
          ? 'none'
          : `version ${policy.version}, until ${policy.expiresAt}${expired ? ' (expired, still in force)' : ''}`
      }\n`,
    );
    const width = Math.max(...entries.map(({ key }) => key.length));
    for (const { key, value, origin } of entries) {
      input.out(`${key.padEnd(width)}  ${origin.padEnd(14)} ${value === null ? '(none)' : JSON.stringify(value)}`);
    }
    for (const problem of problems) input.out(`! ${problem}`);
  }
  return exitCodes.done;
}

/** What is printed here ends up in tickets: a password in the address is not shown. */
function shownProxy(proxy: string | undefined): string | null {
  if (proxy === undefined) return null;
  const url = new URL(proxy);
  if (url.password !== '') url.password = '***';
  return url.href;
}

export interface Finding {
  readonly check: string;
  readonly result: 'ok' | 'problem' | 'unknown';
  readonly detail: string;
}

/** `--walk`: the checklist for a real Windows PC, with the answers this one can give. */
export async function doctorCommand(
  input: CommandInput,
  /** Another way to judge a place than by all folders above it. */
  judge: Pick<RightsInput, 'objection'> = {},
): Promise<ExitCode> {
  const { settings, files } = settingsOf(input);
  const dataDir = dataDirOf(input);
  const findings: Finding[] = [
    { check: 'version', result: 'ok', detail: `KITS Agent ${agentVersion} on Node ${process.versions.node}` },
    directory(dataDir),
    ...(process.platform === 'win32'
      ? await windowsInstallation(dataDir)
      : rightsFindings({
          dataDir,
          installRoot: linuxInstallRoot,
          configFile: files.machine,
          user: expectedOwner(),
          ...judge,
        })),
    await key(join(dataDir, 'private', 'device-key.pem')),
    ...enrolled(dataDir),
    ...(await server(settings, dataDir)),
    ...(process.platform === 'win32' ? await windowsFindings(await thisMachine(), new Date()) : []),
  ];
  const isBad = findings.some(({ result }) => result === 'problem');
  if (input.options['json'] === true) input.out(JSON.stringify({ findings }, null, 2));
  else for (const { check, result, detail } of findings) input.out(`${result.padEnd(8)} ${check.padEnd(22)} ${detail}`);
  if (input.options['walk'] === true && input.options['json'] !== true) {
    for (const line of walk(findings)) input.out(line);
  }
  return isBad ? exitCodes.unexpected : exitCodes.done;
}

async function windowsInstallation(dataDir: string): Promise<Finding[]> {
  const installed = installedVersions({ dataDir });
  const version = await installed.current();
  const limits = { timeoutMs: 60_000, signal: new AbortController().signal };
  return [
    ...(await windowsRightsFindings({
      dataDir,
      installRoot: installed.root,
      ...(version === undefined ? {} : { executable: installed.executable(version) }),
      run: askPowerShell,
    })),
    ...(await installationFindings({
      run: askPowerShell,
      schtasks: async (args) => (await thisMachine()).run('schtasks', args, limits),
      exists: existsSync,
    })),
  ];
}

function directory(dataDir: string): Finding {
  const check = 'directory';
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK);
    return { check, result: 'ok', detail: dataDir };
  } catch (error) {
    return { check, result: 'problem', detail: `${(error as Error).message}. Run as root, or enrol first.` };
  }
}

async function key(file: string): Promise<Finding> {
  const check = 'key';
  try {
    const found = await readDeviceKey(file);
    return found === undefined
      ? { check, result: 'problem', detail: 'This machine has no key yet. Run "kits-agent enrol".' }
      : { check, result: 'ok', detail: found.thumbprint };
  } catch (error) {
    return { check, result: 'problem', detail: (error as Error).message };
  }
}

/** Enrolment, queue and clock as the service last knew them. */
function enrolled(dataDir: string): Finding[] {
  const known = peek(dataDir);
  if (known === undefined) {
    return [{ check: 'enrolment', result: 'problem', detail: 'This machine is not enrolled. Run "kits-agent enrol".' }];
  }
  const { enrolment, exchange, words, waiting, refused, aside } = known;
  const { clockOffsetSeconds: offset, failure, lastAcceptedAt, behindFloorSince, serverTimeFloor, unpacked } = exchange;
  const { policy } = words;
  const policyExpired = policy !== undefined && !(Date.now() < Date.parse(policy.said.expiresAt));
  const wrong = offset === undefined || Math.abs(offset) >= defaultThresholds.clockWarningSeconds;
  return [
    {
      check: 'enrolment',
      result: 'ok',
      detail: `${enrolment.deviceId} in ${enrolment.municipality} (${enrolment.state})`,
    },
    {
      check: 'queue',
      result: failure === undefined && refused === 0 && aside === 0 ? 'ok' : 'problem',
      detail: `${waiting} waiting, ${refused} refused,${aside === 0 ? '' : ` ${aside} set aside because they do not get through,`} last accepted ${lastAcceptedAt ?? 'never'}${failure === undefined ? '' : `, last failure: ${failure}`}`,
    },
    ...(unpacked === undefined && failure !== 'request-altered'
      ? []
      : [
          {
            check: 'way',
            result: 'problem' as const,
            detail:
              `A proxy or filter between this PC and the server changes packed requests${unpacked === undefined ? '' : `, since ${unpacked.since}`}` +
              `${failure === 'request-altered' ? '; reports do not get through' : '; reports are sent unpacked'}. Let the KITS server pass it untouched.`,
          },
        ]),
    ...(behindFloorSince === undefined
      ? []
      : [
          {
            check: 'server-time',
            result: 'problem' as const,
            detail:
              `The server has stated ${new Date(serverTimeFloor).toISOString()} and since ${behindFloorSince} an earlier time. ` +
              'If its clock was ahead then, KITS says so with "kits-server admit-wrong-time".',
          },
        ]),
    {
      check: 'policy',
      result: policyExpired || words.refused.length > 0 ? 'problem' : 'ok',
      detail: [
        policy === undefined
          ? 'none: defaults and files of this machine'
          : `version ${policy.said.version} until ${policy.said.expiresAt}${policyExpired ? ', expired and still in force' : ''}`,
        ...words.refused.map((said) => `refused ${said}`),
      ].join('; '),
    },
    {
      check: 'clock',
      result: offset === undefined ? 'unknown' : wrong ? 'problem' : 'ok',
      detail: offset === undefined ? 'No signed answer of the server yet.' : `${offset} s beside the server`,
    },
  ];
}

function peek(dataDir: string): ReturnType<typeof peekStore> {
  try {
    return peekStore(join(dataDir, 'private'));
  } catch {
    // Not readable or not a store: the checks of directory and key say which.
    return undefined;
  }
}

async function server(settings: ReturnType<typeof settingsOf>['settings'], dataDir: string): Promise<Finding[]> {
  const known = peek(dataDir)?.enrolment;
  const serverUrl = known?.serverUrl ?? settings.serverUrl;
  if (serverUrl === undefined) {
    return [{ check: 'server', result: 'unknown', detail: 'No server is known yet; nothing to check.' }];
  }
  const findings: Finding[] = [];
  const { hostname } = new URL(serverUrl);
  try {
    const { address } = await lookup(hostname.replace(/^\[|\]$/g, ''));
    findings.push({ check: 'dns', result: 'ok', detail: `${hostname} is ${address}` });
  } catch (error) {
    findings.push({ check: 'dns', result: 'problem', detail: (error as Error).message });
  }
  try {
    const client = createServerClient({
      baseUrl: serverUrl,
      userAgent: `kits-agent/${agentVersion}`,
      clock: () => ({ now: new Date(), serverTimeFloor: peek(dataDir)?.exchange.serverTimeFloor ?? 0 }),
      ...(settings.proxy === undefined ? {} : { proxy: settings.proxy }),
      ...(settings.caFile === undefined ? {} : { caFile: settings.caFile }),
    });
    const before = Date.now();
    const pin = known?.serverKeyThumbprint ?? settings.serverKey;
    const recoveryKey = settings.recoveryKey ?? known?.recoveryKeyThumbprint;
    const trust = await findTrust(client, pin, recoveryKey).finally(() => client.close());
    const { thumbprint } = await currentServerKey(trust);
    findings.push({
      check: 'server',
      result: 'ok',
      detail: `${serverUrl} shows the key ${thumbprint} after ${Date.now() - before} ms`,
    });
  } catch (error) {
    if (!(error instanceof ServerUnreachable || error instanceof ServerRefused)) throw error;
    findings.push({ check: 'server', result: 'problem', detail: `${error.code}: ${error.message}` });
  }
  return findings;
}
