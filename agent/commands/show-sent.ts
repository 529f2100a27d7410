/** `kits-agent report --show`: what the last reports said, field by field with its purpose. */
import { join } from 'node:path';
import { oneLine } from '../contract/printable.ts';
import { type ExplainedField, explainReport } from '../contract/purposes.ts';
import type { SentReport } from '../contract/status.ts';
import { listSent, readSent } from '../status/sent-reports.ts';
import { type CommandInput, type ExitCode, exitCodes, stringOption, UsageError } from './command.ts';
import { dataDirOf } from './command-settings.ts';

const words = {
  de: {
    report: 'Bericht',
    accepted: 'vom KITS-Server angenommen',
    waiting: 'wartet auf die Übertragung',
    hash: 'Prüfsumme des unterschriebenen Inhalts (SHA-256)',
    envelope: 'Prüfsumme des unterschriebenen Kopfs (SHA-256)',
    asHash: 'Nur als Prüfsumme übertragen, weil unverändert',
    none: 'keine',
    kept: 'Vorhanden sind die Berichte',
  },
  en: {
    report: 'Report',
    accepted: 'accepted by the KITS server',
    waiting: 'waits to be sent',
    hash: 'Hash of the signed body (SHA-256)',
    envelope: 'Hash of the signed envelope (SHA-256)',
    asHash: 'Sent as a hash only, because unchanged',
    none: 'none',
    kept: 'There are the reports',
  },
} as const;
type Language = keyof typeof words;

export function showSent(input: CommandInput): ExitCode {
  const language = languageOf(input);
  const publicDir = join(dataDirOf(input), 'public');
  const all = listSent(publicDir);
  const wanted = stringOption(input, 'sequence');
  const report = wanted === undefined ? all[0] : readSent(publicDir, sequenceOf(wanted));
  const kept = all.map(({ envelope }) => envelope.sequence).join(', ') || words[language].none;
  if (report === undefined) {
    const what = wanted === undefined ? 'no report yet' : `no report ${wanted}`;
    input.err(`There is ${what} in ${join(publicDir, 'sent')}. The last ones that are kept: ${kept}.`);
    return exitCodes.usage;
  }
  const fields = explainReport(report);
  if (input.options['json'] === true) {
    input.out(JSON.stringify({ ...report, fields }, null, 2));
    return exitCodes.done;
  }
  for (const line of headOf(report, language)) input.out(line);
  input.out(`${words[language].kept}: ${kept}`);
  let section = '';
  for (const field of fields) {
    const heading = field.path.split('.', field.path.startsWith('sections.') ? 2 : 1).join('.');
    if (heading !== section) input.out(`\n${oneLine(heading)}`);
    section = heading;
    input.out(`  ${lineOf(field, heading, language)}`);
  }
  return exitCodes.done;
}

function headOf({ envelope, envelopeHash, acceptedAt, sentAsHash }: SentReport, language: Language): string[] {
  const t = words[language];
  return [
    `${t.report} ${envelope.sequence} (${envelope.class}), ${envelope.createdAt}, ${acceptedAt === undefined ? t.waiting : `${t.accepted}: ${acceptedAt}`}`,
    `${t.hash}: ${envelope.bodyHash}`,
    `${t.envelope}: ${envelopeHash}`,
    `${t.asHash}: ${sentAsHash.join(', ') || t.none}`,
  ];
}

function lineOf({ path, value, unit, ...purpose }: ExplainedField, heading: string, language: Language): string {
  const shown = `${JSON.stringify(value)}${unit === undefined ? '' : ` ${unit}`}`;
  return `${oneLine(path.slice(heading.length + 1))}: ${shown}  – ${purpose[language] ?? ''}`;
}

function languageOf(input: CommandInput): Language {
  const language = stringOption(input, 'language') ?? 'de';
  if (language !== 'de' && language !== 'en') throw new UsageError(`--language ${language}: expected "de" or "en"`);
  return language;
}

function sequenceOf(value: string): number {
  if (!/^[1-9]\d{0,9}$/.test(value)) throw new UsageError(`--sequence ${value}: expected the number of a report`);
  return Number(value);
}
