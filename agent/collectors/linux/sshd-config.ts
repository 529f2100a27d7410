/** What the SSH server allows: sshd_config(5) with its includes, the first value winning, and the defaults where none stands. */
import type { FactsOf } from '../../contract/facts/index.ts';
import type { ConfigReader } from './config-reader.ts';
import { glob } from './glob.ts';

type Ssh = NonNullable<NonNullable<FactsOf<'security'>['remoteAccess']>['ssh']>;

/** Settings outside of `Match`, and every value that stands inside of one. Keywords in lower case. */
export interface SshdSettings {
  readonly global: ReadonlyMap<string, string>;
  readonly conditional: readonly (readonly [keyword: string, value: string])[];
}

const maxDepth = 16;
const maxLines = 20_000;

/** Throws what `reader` throws for the main file; an include that cannot be read is handed to `failed`. */
export async function readSshdConfig(
  path: string,
  reader: ConfigReader,
  failed: (path: string, error: unknown) => void,
): Promise<SshdSettings> {
  const global = new Map<string, string>();
  const conditional: [string, string][] = [];
  let lines = 0;
  const read = async (text: string, depth: number, inMatch: boolean): Promise<void> => {
    // A Match ends with the file it stands in.
    let conditionalHere = inMatch;
    for (const line of text.split('\n')) {
      lines += 1;
      if (lines > maxLines) return;
      const setting = parseSshdLine(line);
      if (setting === undefined) continue;
      const [keyword, value] = setting;
      if (keyword === 'match') {
        conditionalHere = true;
      } else if (keyword === 'include') {
        if (depth < maxDepth) for (const file of await included(value)) await read(file, depth + 1, conditionalHere);
      } else if (conditionalHere) {
        conditional.push([keyword, value]);
      } else if (!global.has(keyword)) {
        global.set(keyword, value);
      }
    }
  };
  const included = async (patterns: string): Promise<string[]> => {
    const texts: string[] = [];
    for (const pattern of patterns.split(/\s+/).filter(Boolean)) {
      const absolute = pattern.startsWith('/') ? pattern : `/etc/ssh/${pattern}`;
      const slash = absolute.lastIndexOf('/');
      try {
        const names = await reader.list(absolute.slice(0, slash) || '/');
        for (const name of names.filter((one) => !one.startsWith('.') && glob(absolute.slice(slash + 1), one))) {
          texts.push(await reader.text(`${absolute.slice(0, slash)}/${name}`));
        }
      } catch (error) {
        failed(absolute, error);
      }
    }
    return texts;
  };
  await read(await reader.text(path), 0, false);
  return { global, conditional };
}

/** Keyword in lower case and its value without quotes; undefined for comments and what is no setting. */
export function parseSshdLine(line: string): readonly [string, string] | undefined {
  const match = /^\s*([A-Za-z][A-Za-z0-9]*)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line.slice(0, 4096));
  if (match === null) return undefined;
  const [, keyword = '', rest = ''] = match;
  const value = (/^"([^"]*)"/.exec(rest)?.[1] ?? rest.replace(/\s+#.*$/, '')).trim();
  return value === '' ? undefined : [keyword.toLowerCase(), value];
}

/**
 * What is in force, at its most generous: a value inside of `Match` may apply to anybody, so the laxer one is reported.
 * `installed` and `running` are the caller's to say.
 */
export function sshFacts(settings: SshdSettings): Omit<Ssh, 'installed' | 'running'> {
  const isOn = (keyword: string, fallback: boolean): boolean => {
    const values = [
      settings.global.get(keyword),
      ...settings.conditional.filter(([name]) => name === keyword).map(([, value]) => value),
    ];
    return values.some((value, index) =>
      value === undefined ? index === 0 && fallback : value.toLowerCase() !== 'no',
    );
  };
  const keyboard = settings.global.has('kbdinteractiveauthentication')
    ? isOn('kbdinteractiveauthentication', true)
    : isOn('challengeresponseauthentication', true);
  const port = Number(settings.global.get('port') ?? 22);
  return {
    rootLogin: rootLogin(settings),
    // PAM asks for the same password in the other way of asking.
    passwordAuthentication: isOn('passwordauthentication', true) || (keyboard && isOn('usepam', false)),
    emptyPasswords: isOn('permitemptypasswords', false),
    x11Forwarding: isOn('x11forwarding', false),
    ...(Number.isInteger(port) && port >= 1 && port <= 65_535 ? { port } : {}),
  };
}

function rootLogin({ global, conditional }: SshdSettings): NonNullable<Ssh['rootLogin']> {
  const values = [
    global.get('permitrootlogin') ?? 'prohibit-password',
    ...conditional.filter(([name]) => name === 'permitrootlogin').map(([, value]) => value),
  ].map((value) => value.toLowerCase().replace('without-password', 'prohibit-password'));
  // From lax to strict; a word sshd does not know counts as the laxest.
  if (values.some((value) => !['no', 'forced-commands-only', 'prohibit-password'].includes(value))) return 'yes';
  if (values.includes('prohibit-password')) return 'prohibit-password';
  return values.includes('forced-commands-only') ? 'forced-commands-only' : 'no';
}
