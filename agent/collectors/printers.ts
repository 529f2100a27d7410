/** Print queues from CUPS' own file; names and passwords in device addresses stay on the PC. */
import type { FactsOf } from '../contract/facts/index.ts';
import { CollectError, type Collector } from './collector.ts';
import { atMost, byKey, clean, codeOf, defined, listOrNone, readOptional } from './text.ts';

type Printer = FactsOf<'printers'>['printers'][number];

const folder = '/etc/cups';

export const printersCollector: Collector<'printers'> = {
  id: 'printers',
  platforms: ['linux'],
  timeoutMs: 10_000,
  round: 'full',
  collect: async (context) => {
    const { machine, problem } = context;
    let text: string;
    try {
      text = await machine.readText(`${folder}/printers.conf`);
    } catch (error) {
      const code = codeOf(error);
      if (code !== 'not-found') throw new CollectError(code, (error as Error).message, { cause: error });
      // CUPS writes the file with its first printer: without it there is none, if CUPS is there at all.
      if (!(await listOrNone(machine, folder)).includes('cupsd.conf')) {
        throw new CollectError('not-present', 'there is no print system (CUPS) on this machine');
      }
      return { printers: [] };
    }
    const { printers, broken } = parsePrintersConf(text);
    if (broken > 0) problem('unreadable', `${folder}/printers.conf: ${broken} entries cannot be read`);
    for (const printer of printers) {
      const model = await modelOf((path) => readOptional(machine, path, 4 * 1024 * 1024), printer.name);
      if (printer.model === undefined && model !== undefined) printer.model = model;
    }
    return {
      printers: atMost(
        byKey(printers, ({ name }) => name),
        256,
        'printers',
        context,
      ),
    };
  },
};

/** `<Printer name>` … `</Printer>` blocks (printers.conf(5)); `broken` counts blocks that never end or have no name. */
export function parsePrintersConf(text: string): { printers: Printer[]; broken: number } {
  const printers: Printer[] = [];
  const opened = text.match(/^<(Default)?Printer\b/gm)?.length ?? 0;
  for (const [, isDefault, rawName, block = ''] of text.matchAll(
    /^<(Default)?Printer[ \t]+([^>\n]*)>\n((?:(?!<(?:Default)?Printer\b)[^\n]*\n)*?)<\/(?:Default)?Printer>/gm,
  )) {
    const name = clean(rawName, 127);
    if (name === undefined) continue;
    const raw = (key: string): string | undefined => new RegExp(`^${key}[ \\t]+([^\\n]*)$`, 'm').exec(block)?.[1];
    const value = (key: string): string | undefined => unescaped(raw(key)?.replace(/(?<!\\)#.*$/, ''));
    const accepting = value('Accepting')?.toLowerCase();
    printers.push(
      defined({
        name,
        ...connectionOf(unescaped(raw('DeviceURI')) ?? ''),
        model: clean(value('MakeModel'), 160),
        location: clean(value('Location'), 160),
        isDefault: isDefault !== undefined,
        accepting: accepting === undefined ? undefined : accepting === 'yes' || accepting === 'true',
      }),
    );
  }
  return { printers, broken: opened - printers.length };
}

/** CUPS writes "#" as "\#", since a bare one starts a comment; in an address it can only belong to a password. */
function unescaped(value: string | undefined): string | undefined {
  return value?.replaceAll('\\#', '#').trim();
}

const networkSchemes: ReadonlySet<string> = new Set(['ipp', 'ipps', 'http', 'https', 'socket', 'lpd', 'smb']);

/** Only the host of a device address is taken: user, password, path and options stay on the PC. */
export function connectionOf(uri: string): Pick<Printer, 'connection' | 'host'> {
  const [, rawScheme, rest = ''] = /^([a-z0-9+.-]+):(.*)$/is.exec(uri) ?? [];
  const scheme = rawScheme?.toLowerCase();
  if (scheme === 'file' || scheme === 'cups-pdf') return { connection: 'virtual' };
  if (scheme === 'usb') return { connection: 'usb' };
  // Found by name on the network (DNS-SD): the address holds a service and no host.
  if (scheme === 'dnssd' || scheme === 'implicitclass') return { connection: 'network' };
  if (scheme !== undefined && networkSchemes.has(scheme))
    return defined({ connection: 'network' as const, host: hostOf(scheme, rest) });
  // HPLIP: "hp:/usb/Model?serial=…", "hp:/net/Model?ip=…".
  const hplip = scheme === 'hp' ? /^\/(usb|net)\//.exec(rest)?.[1] : undefined;
  if (hplip === 'usb') return { connection: 'usb' };
  if (hplip === 'net') {
    return defined({ connection: 'network' as const, host: hostName(/[?&](?:ip|hostname)=([^&]*)/.exec(rest)?.[1]) });
  }
  return { connection: 'other' };
}

/** "//user:password@host:port/path?options"; for smb "//workgroup/host/queue" as well (smbspool(8)). */
function hostOf(scheme: string, rest: string): string | undefined {
  const [, authority = '', after = ''] = /^\/\/([^/?#]*)(.*)$/s.exec(rest) ?? [];
  // A password with an unescaped "/", "?" or "#" cuts the authority short: what looks like the host is the user.
  if (after.includes('@')) return undefined;
  const [, first, second] = scheme === 'smb' ? after.split('/') : [];
  return hostName(first && second ? first : authority.slice(authority.lastIndexOf('@') + 1));
}

/** A host name or IP address with or without port; anything else is not passed on. */
function hostName(words: string | undefined): string | undefined {
  const [, name, literal] =
    /^(?:([a-z0-9_.-]{1,253})|\[([0-9a-f:.]{2,45})(?:%[^\]]*)?\])(?::\d*)?$/i.exec(words ?? '') ?? [];
  return name ?? literal;
}

/** The model a queue's PPD names, where printers.conf does not. */
async function modelOf(read: (path: string) => Promise<string | undefined>, name: string): Promise<string | undefined> {
  // The name comes from a file: it must stay a name inside this folder.
  if (/[/\\]|^\./.test(name)) return undefined;
  const ppd = await read(`${folder}/ppd/${name}.ppd`);
  return clean(/^\*NickName:\s*"([^"]*)"/m.exec(ppd ?? '')?.[1], 160);
}
