/** Print queues from CUPS' own file; names and passwords in device addresses stay on the PC. */
import type { FactsOf } from '../contract/facts/index.ts';
import { CollectError, type Collector } from './collector.ts';
import { byKey, clean, codeOf, defined, listOrNone, readOptional } from './text.ts';

type Printer = FactsOf<'printers'>['printers'][number];

const folder = '/etc/cups';

export const printersCollector: Collector<'printers'> = {
  id: 'printers',
  platforms: ['linux'],
  timeoutMs: 10_000,
  round: 'full',
  collect: async ({ machine, problem }) => {
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
    return { printers: byKey(printers, ({ name }) => name).slice(0, 256) };
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
    const value = (key: string): string | undefined => new RegExp(`^${key}[ \\t]+([^\\n]*)$`, 'm').exec(block)?.[1];
    const accepting = value('Accepting')?.trim().toLowerCase();
    printers.push(
      defined({
        name,
        ...connectionOf(value('DeviceURI')?.trim() ?? ''),
        model: clean(value('MakeModel'), 160),
        location: clean(value('Location'), 160),
        isDefault: isDefault !== undefined,
        accepting: accepting === undefined ? undefined : accepting === 'yes' || accepting === 'true',
      }),
    );
  }
  return { printers, broken: opened - printers.length };
}

function connectionOf(uri: string): Pick<Printer, 'connection' | 'host'> {
  const scheme = /^([a-z0-9+.-]+):/i.exec(uri)?.[1]?.toLowerCase();
  if (scheme === 'usb') return { connection: 'usb' };
  if (scheme === undefined || ['file', 'cups-pdf', 'implicitclass'].includes(scheme)) return { connection: 'virtual' };
  // Only the host is taken: user, password, path and options of the address stay here.
  const authority = /^[a-z0-9+.-]+:\/\/([^/?#]*)/i.exec(uri)?.[1] ?? '';
  const host = authority
    .slice(authority.lastIndexOf('@') + 1)
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  const network = ['ipp', 'ipps', 'http', 'https', 'socket', 'lpd', 'smb', 'dnssd'].includes(scheme);
  const words = scheme === 'dnssd' ? undefined : clean(host, 253);
  return network ? defined({ connection: 'network' as const, host: words }) : { connection: 'other' };
}

/** The model a queue's PPD names, where printers.conf does not. */
async function modelOf(read: (path: string) => Promise<string | undefined>, name: string): Promise<string | undefined> {
  // The name comes from a file: it must stay a name inside this folder.
  if (/[/\\]|^\./.test(name)) return undefined;
  const ppd = await read(`${folder}/ppd/${name}.ppd`);
  return clean(/^\*NickName:\s*"([^"]*)"/m.exec(ppd ?? '')?.[1], 160);
}
