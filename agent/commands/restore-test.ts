/** `kits-agent restore-test`: brings a sample back from a backup and compares it with what lies on this PC. */
import { existsSync, mkdirSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { clean } from '../collectors/text.ts';
import type { RestoreTest } from '../contract/facts/backup.ts';
import { systemClock } from '../platform/clock.ts';
import { borgSource } from '../restore/borg-source.ts';
import { folderSource } from '../restore/folder-source.ts';
import { leaveRecord } from '../restore/records.ts';
import { resticSource } from '../restore/restic-source.ts';
import type { RestoreSource } from '../restore/restore-source.ts';
import { type RestoreTestOutcome, testRestore } from '../restore/restore-test.ts';
import { type CommandInput, type ExitCode, exitCodes, stringOption, UsageError } from './command.ts';
import { dataDirOf } from './command-settings.ts';

const usualSample = 20;
const largestSample = 200;

export async function restoreTestCommand(input: CommandInput): Promise<ExitCode> {
  const named = stringOption(input, 'source');
  if (named === undefined || named === '') {
    throw new UsageError('--source is missing: the repository or folder that holds the backup');
  }
  const sample = sampleOf(stringOption(input, 'sample'));
  const original = stringOption(input, 'original');
  if (original !== undefined && !(isAbsolute(original) && existsSync(original))) {
    throw new UsageError(`--original ${original}: expected the absolute path of a folder on this PC`);
  }
  const by = clean(stringOption(input, 'by'), 120);
  const privateDir = join(dataDirOf(input), 'private');
  mkdirSync(privateDir, { recursive: true, mode: 0o700 });
  const product = productOf(named, stringOption(input, 'product'));
  const outcome = await testRestore({
    source: (scratch) => sourceOf(product, named, scratch),
    sample,
    temporary: privateDir,
    ...(original === undefined ? {} : { original }),
    now: systemClock.now,
    signal: input.signal,
  });
  const record: RestoreTest = {
    at: outcome.startedAt.toISOString(),
    product: outcome.product,
    source: shownSource(named),
    result: outcome.result,
    files: outcome.files,
    bytes: outcome.bytes,
    different: outcome.different,
    durationSeconds: outcome.durationSeconds,
    ...(by === undefined ? {} : { by }),
  };
  leaveRecord(privateDir, record);
  if (input.options['json'] === true)
    input.out(JSON.stringify({ ...record, changed: outcome.changed, differing: outcome.differing }));
  else for (const line of linesOf(outcome)) input.out(line);
  return outcome.result === 'equal' ? exitCodes.done : exitCodes.restoreTestFailed;
}

function sampleOf(value: string | undefined): number {
  if (value === undefined) return usualSample;
  const number = /^\d{1,3}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= 1 && number <= largestSample)) {
    throw new UsageError(`--sample ${value}: expected a whole number from 1 to ${largestSample}`);
  }
  return number;
}

const products = ['restic', 'borg', 'files'] as const;
type Product = (typeof products)[number];

/** What is not said is told from what lies in the folder; a remote repository has to be named with its product. */
function productOf(named: string, said: string | undefined): Product {
  if (said !== undefined) {
    const known = products.find((product) => product === said);
    if (known === undefined) throw new UsageError(`--product ${said}: expected one of ${products.join(', ')}`);
    return known;
  }
  if (!isAbsolute(named)) {
    throw new UsageError(`--source ${named} is no folder of this PC: say with --product whether it is restic or borg`);
  }
  if (['config', 'keys', 'snapshots'].every((name) => existsSync(join(named, name)))) return 'restic';
  if (existsSync(join(named, 'config')) && existsSync(join(named, 'data'))) return 'borg';
  return 'files';
}

function sourceOf(product: Product, named: string, scratch: string): RestoreSource {
  switch (product) {
    case 'restic':
      return resticSource(named, scratch);
    case 'borg':
      return borgSource(named, scratch);
    case 'files':
      return folderSource(named);
  }
}

function linesOf(outcome: RestoreTestOutcome): string[] {
  const { restorePoint, files, bytes, different, differing, changed, durationSeconds } = outcome;
  const words = {
    equal: 'All of them came back as they are on this PC.',
    different: `${different} of them did not come back as they are on this PC:`,
    failed: 'None of them came back:',
  };
  return [
    `Restore point:  ${restorePoint}`,
    `Files compared: ${files} (${bytes} bytes equal), ${changed} more had changed on this PC since and were left out`,
    `Duration:       ${durationSeconds} s`,
    words[outcome.result],
    ...differing.slice(0, 20).map((path) => `  ${clean(path, 300) ?? '?'}`),
    'The result goes to the KITS server with the next report of the service.',
  ];
}

/** Without the password that may stand in an address, and on one line. */
function shownSource(named: string): string {
  const shown = named.replace(/\/\/[^/@\s]*@/g, '//').replace(/^([a-z]+:)[^/@\s:]+@/, '$1');
  return clean(shown, 200) ?? '?';
}
