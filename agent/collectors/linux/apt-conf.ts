/** apt's configuration language (apt.conf(5)), as far as single values go. */
import type { CollectContext } from '../collector.ts';
import { codeOf, listOrNone } from '../text.ts';

/** Values by their full name in lower case; later ones win, as in apt. */
export type AptConf = ReadonlyMap<string, string>;

const maxTokens = 20_000;
const maxDepth = 32;

/** Reads `/etc/apt/apt.conf.d` in order and `/etc/apt/apt.conf` last. Files that cannot be read are noted. */
export async function readAptConf({ machine, problem }: Pick<CollectContext, 'machine' | 'problem'>): Promise<AptConf> {
  const directory = '/etc/apt/apt.conf.d';
  // Other endings are left over from an editor or dpkg; apt passes them by as well.
  const names = (await listOrNone(machine, directory)).filter(
    (name) => /^[\w.-]*$/.test(name) && !/\.(?!conf$)[^.]*$/.test(name),
  );
  const values = new Map<string, string>();
  for (const path of [...names.map((name) => `${directory}/${name}`), '/etc/apt/apt.conf']) {
    try {
      for (const [name, value] of parseAptConf(await machine.readText(path))) values.set(name, value);
    } catch (error) {
      if (codeOf(error) !== 'not-found') problem(codeOf(error), `${path} cannot be read`);
    }
  }
  return values;
}

/** Single values of one file; members of lists ("{ "a"; }") have no name and are left out. */
export function parseAptConf(text: string): AptConf {
  const values = new Map<string, string>();
  const scopes: string[] = [];
  let words: string[] = [];
  const name = (last: string): string =>
    [...scopes, last]
      .filter((part) => part !== '')
      .join('::')
      .toLowerCase();
  for (const token of tokens(text)) {
    if (token === '{') {
      if (scopes.length >= maxDepth) return values;
      scopes.push(words.join(''));
      words = [];
    } else if (token === '}') {
      scopes.pop();
      words = [];
    } else if (token === ';') {
      const [key, ...rest] = words;
      if (key !== undefined && rest.length > 0 && !key.endsWith('::') && !key.startsWith('"')) {
        values.set(name(key), rest.map(unquoted).join(' '));
      }
      words = [];
    } else {
      words.push(token);
    }
  }
  return values;
}

function tokens(text: string): string[] {
  const found: string[] = [];
  // A comment, a quoted value, one of the marks, or a word. "#clear" and "#include" are comments to us as well.
  for (const [token] of text.matchAll(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|#[^\n]*|"[^"\n]*"|[{};]|(?:(?!\/\/|\/\*)[^\s{};"#])+/g,
  )) {
    if (token.startsWith('//') || token.startsWith('/*') || token.startsWith('#')) continue;
    found.push(token);
    if (found.length >= maxTokens) break;
  }
  return found;
}

function unquoted(word: string): string {
  return word.startsWith('"') ? word.slice(1, -1) : word;
}

/** As apt reads truth: yes, true, with, on, enable, or a number other than 0. Undefined when it is neither. */
export function aptBoolean(value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  if (/^(yes|true|with|on|enable)$/i.test(value.trim())) return true;
  if (/^(no|false|without|off|disable)$/i.test(value.trim())) return false;
  return /^\d+$/.test(value.trim()) ? Number(value) !== 0 : undefined;
}

/** True when an interval of APT::Periodic is more than never: "1", "7d", "12h", "always". Absent is never. */
export function aptInterval(value: string | undefined): boolean {
  const match = /^(?:always|0*[1-9]\d*[smhd]?)$/i.exec(value?.trim() ?? '');
  return match !== null;
}
