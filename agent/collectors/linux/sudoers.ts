/** Who may do everything through sudo: sudoers(5) with its includes and aliases. */
import type { ConfigReader } from './config-reader.ts';

/** Somebody with the right to run any command as root. */
export interface SudoRight {
  /** Name of a user or group, "#uid", or "ALL". */
  readonly id: string;
  readonly kind: 'user' | 'group' | 'unknown';
  readonly withoutPassword: boolean;
}

export interface Sudoers {
  readonly rules: readonly { readonly who: readonly string[]; readonly what: string }[];
  readonly aliases: ReadonlyMap<string, readonly string[]>;
  /** Nobody, or these ("" = all), are asked for a password. */
  readonly unasked: readonly string[];
  readonly includes: readonly { readonly path: string; readonly directory: boolean }[];
}

const maxFiles = 200;
const maxLineLength = 16_384;

/** Throws what `reader` throws for the main file; an include that cannot be read is handed to `failed`. */
export async function readSudoRights(
  path: string,
  reader: ConfigReader,
  failed: (path: string, error: unknown) => void,
): Promise<SudoRight[]> {
  const parsed: Sudoers[] = [];
  const seen = new Set<string>();
  const queue = [path];
  const filesOf = async (file: string, { path: target, directory }: Sudoers['includes'][number]): Promise<string[]> => {
    const absolute = target.startsWith('/') ? target : `${file.slice(0, file.lastIndexOf('/'))}/${target}`;
    if (!directory) return [absolute];
    try {
      // sudo passes by what an editor or a package manager left there.
      const names = (await reader.list(absolute)).filter((name) => !name.includes('.') && !name.endsWith('~'));
      return names.map((name) => `${absolute}/${name}`);
    } catch (error) {
      failed(absolute, error);
      return [];
    }
  };
  for (let file = queue.shift(); file !== undefined && seen.size < maxFiles; file = queue.shift()) {
    if (seen.has(file)) continue;
    seen.add(file);
    try {
      const one = parseSudoers(await reader.text(file));
      parsed.push(one);
      for (const include of one.includes) queue.push(...(await filesOf(file, include)));
    } catch (error) {
      if (file === path) throw error;
      failed(file, error);
    }
  }
  return fullRights(parsed);
}

/** One file. Lines that are no sudoers lines are passed by, as sudo would refuse the file as a whole. */
export function parseSudoers(text: string): Sudoers {
  const rules: { who: string[]; what: string }[] = [];
  const aliases = new Map<string, string[]>();
  const unasked: string[] = [];
  const includes: { path: string; directory: boolean }[] = [];
  for (const raw of text.replace(/\\\r?\n/g, ' ').split('\n')) {
    const line = raw.slice(0, maxLineLength).trim();
    const include = /^[#@]include(dir)?\s+"?([^"\s]+)"?/.exec(line);
    if (include !== null) {
      includes.push({ path: (include[2] ?? '').replace(/\/+$/, ''), directory: include[1] === 'dir' });
      continue;
    }
    // "#1000" is a user by number, everything else behind "#" a comment.
    const content = line.replace(/(^|\s)#(?!\d).*$/, '').trim();
    if (content === '') continue;
    const alias = /^(?:User|Cmnd|Host|Runas|Cmd)_Alias\s+(.*)$/.exec(content);
    const defaults = /^Defaults(?::(\S+))?\s+(.*)$/.exec(content);
    if (alias !== null) {
      for (const one of (alias[1] ?? '').split(/\s:\s|:(?=\s*[A-Z])/)) {
        const [name = '', members = ''] = one.split('=');
        aliases.set(name.trim(), list(members));
      }
    } else if (defaults !== null) {
      if (/(^|,)\s*!authenticate\b/.test(defaults[2] ?? ''))
        unasked.push(...(defaults[1] === undefined ? [''] : list(defaults[1])));
    } else if (!content.startsWith('Defaults')) {
      const equals = content.indexOf('=');
      const left = equals < 0 ? '' : content.slice(0, equals).trim();
      // The hosts are the last words in front of "="; lists may have blanks around their commas.
      const who = list(left.replace(/\s*,\s*/g, ',').replace(/\s+\S+$/, ''));
      if (equals > 0 && who.length > 0) rules.push({ who, what: content.slice(equals + 1).trim() });
    }
  }
  return { rules, aliases, unasked, includes };
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) =>
      part
        .trim()
        .replace(/^(%:?)?"(.*)"$/, '$1$2')
        .replace(/\\(.)/g, '$1'),
    )
    .filter((part) => part !== '');
}

/** Everybody whom a line lets run ALL as root; hosts are taken to be this one. Sorted by kind and name. */
export function fullRights(files: readonly Sudoers[]): SudoRight[] {
  const aliases = new Map(files.flatMap((file) => [...file.aliases]));
  const unasked = new Set(files.flatMap((file) => file.unasked));
  const found = new Map<string, SudoRight>();
  for (const { who, what } of files.flatMap(({ rules }) => rules)) {
    const rights = rightsIn(what, aliases);
    if (rights === undefined) continue;
    for (const name of expand(who, aliases)) {
      // "!name" takes away from the list beside it; who is named there is not an administrator by this line.
      if (name.startsWith('!') || name.startsWith('+')) continue;
      const withoutPassword = rights.withoutPassword || unasked.has('') || unasked.has(name);
      const known = found.get(name);
      found.set(name, { ...identity(name), withoutPassword: withoutPassword || known?.withoutPassword === true });
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, right]) => right);
}

function identity(name: string): Pick<SudoRight, 'id' | 'kind'> {
  if (name === 'ALL') return { id: 'ALL', kind: 'unknown' };
  if (name.startsWith('%')) return { id: name.replace(/^%:?/, '') || '%', kind: 'group' };
  return { id: name, kind: 'user' };
}

/** `(ALL : ALL) NOPASSWD: ALL` and its shorter forms. Undefined when not everything may be done as root. */
function rightsIn(
  what: string,
  aliases: ReadonlyMap<string, readonly string[]>,
): { withoutPassword: boolean } | undefined {
  let runas = 'root';
  let withoutPassword = false;
  let full: { withoutPassword: boolean } | undefined;
  for (const part of what.split(',')) {
    let rest = part.trim();
    const as = /^\(([^)]*)\)\s*/.exec(rest);
    if (as !== null) {
      runas = (as[1] ?? '').split(':')[0]?.trim() ?? '';
      rest = rest.slice(as[0].length);
    }
    // Tags and the runas list hold for what follows on the line as well.
    for (let tag = /^([A-Z_]+):\s*/.exec(rest); tag !== null; tag = /^([A-Z_]+):\s*/.exec(rest)) {
      if (tag[1] === 'NOPASSWD') withoutPassword = true;
      if (tag[1] === 'PASSWD') withoutPassword = false;
      rest = rest.slice(tag[0].length);
    }
    const asRoot = expand([runas], aliases).some((name) => name === 'ALL' || name === 'root' || name === '#0');
    if (asRoot && expand([rest.replace(/\s+.*$/, '')], aliases).includes('ALL')) {
      full = { withoutPassword: withoutPassword || full?.withoutPassword === true };
    }
  }
  return full;
}

/** Aliases replaced by their members, once per alias, so that one that names itself ends. */
function expand(names: readonly string[], aliases: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const result: string[] = [];
  const queue = [...names];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const members = aliases.get(name);
    if (members === undefined) result.push(name);
    else if (!done.has(name)) queue.push(...members);
    done.add(name);
  }
  return result;
}
