/** Passphrases of keys that are kept offline: from a file, or typed without being shown. Never from the command line. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { shortestPassphrase } from '../../agent/signing/sealed-key.ts';
import { type CommandInput, optionOf, UsageError } from './command.ts';

const longestFile = 10_000;

/** `option` names the option with the file; `what` is what is asked for at a terminal. Throws `UsageError`. */
export async function readPassphrase(input: CommandInput, option: string, what: string): Promise<string> {
  const file = optionOf(input, option);
  if (file !== undefined) return fromFile(file, option);
  if (!process.stdin.isTTY) {
    throw new UsageError(
      `There is no terminal to ask for the passphrase of ${what}: name a file with --${option} FILE.`,
    );
  }
  return ask(`Passphrase of ${what}: `, input.signal);
}

/** As `readPassphrase`, for a key that is made now: long enough, and typed twice at a terminal. */
export async function newPassphrase(input: CommandInput, option: string, what: string): Promise<string> {
  const passphrase = await readPassphrase(input, option, what);
  if (passphrase.length < shortestPassphrase) {
    throw new UsageError(
      `The passphrase has ${passphrase.length} characters; at least ${shortestPassphrase} are needed.`,
    );
  }
  if (optionOf(input, option) === undefined && (await ask('Once more: ', input.signal)) !== passphrase) {
    throw new UsageError('The two passphrases differ. Nothing was made.');
  }
  return passphrase;
}

/** The first line; a line feed at its end does not count. */
function fromFile(file: string, option: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`--${option} ${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  const [passphrase = ''] = text.split(/\r?\n/, 1);
  if (passphrase === '' || text.length > longestFile) {
    throw new UsageError(`--${option} ${file}: expected the passphrase in its first line.`);
  }
  return passphrase;
}

async function ask(question: string, signal: AbortSignal): Promise<string> {
  process.stderr.write(question);
  const hidden = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: hidden, terminal: true });
  try {
    return await lines.question('', { signal });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
