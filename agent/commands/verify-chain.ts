/** `kits-agent verify-chain FILE`: checks an exported history on any machine, without a server and without a network. */
import { createReadStream, existsSync } from 'node:fs';
import { oneLine } from '../contract/printable.ts';
import { HistoryUnreadable } from '../signing/history-lines.ts';
import {
  type HistoryFindings,
  type HistoryVerdict,
  type VerifyOptions,
  verdictOn,
  verifyHistory,
} from '../signing/verify-history.ts';
import { type CommandInput, type ExitCode, exitCodes, stringOption, UsageError } from './command.ts';

const codes: Readonly<Record<HistoryVerdict, ExitCode>> = {
  complete: exitCodes.done,
  gaps: exitCodes.partial,
  broken: exitCodes.notGenuine,
};

export async function verifyChainCommand(input: CommandInput): Promise<ExitCode> {
  const [file, ...more] = input.positionals ?? [];
  if (file === undefined || more.length > 0)
    throw new UsageError('verify-chain needs the name of one exported history');
  if (!existsSync(file)) throw new UsageError(`${file} is not there`);
  const deviceKey = stringOption(input, 'device-key');
  const serverKey = stringOption(input, 'server-key');
  let findings: HistoryFindings;
  try {
    findings = await verifyHistory(createReadStream(file), { deviceKey, serverKey });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined) throw new UsageError(`${file} cannot be read (${(error as Error).message})`);
    if (!(error instanceof HistoryUnreadable)) throw error;
    throw new UsageError(`${file} is no exported history of a KITS server: ${error.message}`);
  }
  const verdict = verdictOn(findings);
  if (input.options['json'] === true) input.out(JSON.stringify({ verdict, ...findings }));
  else for (const line of inWords(findings, { deviceKey, serverKey })) input.out(line);
  return codes[verdict];
}

function inWords(findings: HistoryFindings, pins: VerifyOptions): string[] {
  const { deviceId, keyThumbprint, exportedAt, reports, epochs, gaps, faults, serverKeyThumbprint } = findings;
  const verdicts: Readonly<Record<HistoryVerdict, string>> = {
    complete: 'Complete, unaltered and signed by this device.',
    gaps: 'What is here is unaltered and signed by this device. Something is missing that nobody has accounted for.',
    broken: 'NOT GENUINE: this is not the unaltered history of this device.',
  };
  // The file names its own keys: who does not compare them believes whoever made the file.
  const pinned = (pin: string | undefined, option: string): string =>
    pin === undefined ? `; compare it with a source of your own, or give it with --${option}` : ', as given';
  return [
    verdicts[verdictOn(findings)],
    `Device ${deviceId}, exported ${exportedAt}, ${reports} reports.`,
    `Key ${keyThumbprint}${pinned(pins.deviceKey, 'device-key')}.`,
    ...epochs.map(
      ({ storeEpoch, first, last, firstAt, lastAt }) =>
        `Epoch ${storeEpoch}: reports ${first} to ${last}, ${firstAt} to ${lastAt} by the clock of the device.`,
    ),
    ...gaps.map(
      ({ storeEpoch, from, to, missing, declared, removedUntil }) =>
        `Gap ${from} to ${to} of ${storeEpoch}: ${missing === 'bodies' ? 'the envelopes are here, the bodies are not' : 'nothing is here'}; ${
          declared !== undefined
            ? `declared by the device (${declared})`
            : removedUntil === undefined
              ? 'nobody has said why'
              : `removed by retention until ${removedUntil}, as the server has signed`
        }.`,
    ),
    serverKeyThumbprint === undefined
      ? 'No server has signed where this history ends: later reports may have been left out.'
      : `Where it ends was signed by the key ${serverKeyThumbprint}${pinned(pins.serverKey, 'server-key')}.`,
    ...faults.map((words) => `Fault: ${oneLine(words)}`),
  ];
}
