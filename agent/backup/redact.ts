/** Targets and names without credentials, keys and names of persons: what may leave the PC. */
import { clean } from '../collectors/text.ts';

const gone = '…';

/**
 * The target as it may be shown, at most 200 characters; undefined when nothing is left. Takes out what stands before an
 * `@`, everything from `?` or `#` on in addresses, values called password, key or the like, and the folder of a person.
 */
export function redactTarget(value: string | undefined): string | undefined {
  const plain = clean(value, 1000);
  if (plain === undefined) return undefined;
  const address = /^[a-z][a-z0-9+.-]*:/i.test(plain) && !/^[a-z]:[\\/]/i.test(plain);
  const short = plain
    // Up to the last @: a password may hold slashes and an @ itself.
    .replace(/\/\/\S*@/g, '//')
    .replace(/(^|[\s:=])[^\s:/\\@=]+(?::\S*)?@(?=\S)/g, '$1')
    .replace(
      /\b([\w-]*(?:pass(?:word|phrase)?|pwd|secret|token|key|signature|sig|credential|auth)[\w-]*)\s*[=:]\s*[^\s;,&]+/gi,
      `$1=${gone}`,
    )
    .replace(address ? /[?#].*$/ : /\?\S*=.*$/, '')
    .replace(
      /((?:^|[\\/])(?:home|users|benutzer|documents and settings|dokumente und einstellungen)[\\/]+)[^\\/]+/gi,
      `$1${gone}`,
    );
  return clean(short, 200);
}
