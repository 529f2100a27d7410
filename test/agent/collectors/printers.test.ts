import { describe, expect, test } from 'vitest';
import { connectionOf, parsePrintersConf } from '../../../agent/collectors/printers.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { fc, tries } from '../../fixtures/properties.ts';
import { sectionOf } from './context.ts';

const queue = (name: string, ...lines: string[]): string =>
  [`<Printer ${name}>`, ...lines, '</Printer>', ''].join('\n');

describe('device addresses', () => {
  test.each([
    ['usb://HP/LaserJet%20P2055dn?serial=ABC123', { connection: 'usb' }],
    ['socket://10.20.0.40:9100', { connection: 'network', host: '10.20.0.40' }],
    ['socket://10.20.0.40', { connection: 'network', host: '10.20.0.40' }],
    ['lpd://drucker.rathaus.example/queue', { connection: 'network', host: 'drucker.rathaus.example' }],
    ['IPPS://Drucker.rathaus.example:631/ipp/print', { connection: 'network', host: 'Drucker.rathaus.example' }],
    ['ipp://[2001:db8::17]:631/ipp/print', { connection: 'network', host: '2001:db8::17' }],
    ['ipp://[fe80::1%25eth0]/ipp/print', { connection: 'network', host: 'fe80::1' }],
    ['ipp://anna:geheim@10.20.0.41/ipp/print?token=abc', { connection: 'network', host: '10.20.0.41' }],
    ['ipp://anna@rathaus.example:geheim@10.20.0.41/', { connection: 'network', host: '10.20.0.41' }],
    ['smb://anna:geheim@server/queue', { connection: 'network', host: 'server' }],
    ['smb://anna:geheim@RATHAUS/server:445/queue', { connection: 'network', host: 'server' }],
    ['dnssd://Brother%20HL._ipp._tcp.local/?uuid=1', { connection: 'network' }],
    ['implicitclass://Flur/', { connection: 'network' }],
    ['hp:/net/OfficeJet_Pro_9010?ip=10.20.0.42&queue=false', { connection: 'network', host: '10.20.0.42' }],
    ['hp:/usb/LaserJet_1020?serial=FN0', { connection: 'usb' }],
    ['file:///dev/null', { connection: 'virtual' }],
    ['cups-pdf:/', { connection: 'virtual' }],
    ['parallel:/dev/lp0', { connection: 'other' }],
    ['beh:/1/3/5/socket://10.20.0.40', { connection: 'other' }],
    ['', { connection: 'other' }],
    ['10.20.0.40', { connection: 'other' }],
  ])('%s', (uri, expected) => expect(connectionOf(uri)).toEqual(expected));

  test.each([
    'ipp://anna:ge/heim@10.20.0.41/',
    'ipp://anna:12#heim@10.20.0.41/',
    'ipp://anna:12?heim@10.20.0.41/',
    'smb://an/na@server/queue',
    'ipp://anna:geheim/',
    'ipp:/anna',
    'ipp://',
  ])('%s could name the user where the host should stand: no host at all', (uri) =>
    expect(connectionOf(uri)).toEqual({ connection: 'network' }),
  );

  test('whatever stands before the host, nothing but the host leaves the PC', () => {
    const secret = fc.string({ unit: fc.constantFrom(...'aB3:/?#@%\\[] .&;=-_ß'), maxLength: 12 });
    fc.assert(
      fc.property(
        fc.constantFrom('ipp', 'ipps', 'http', 'https', 'socket', 'lpd'),
        secret,
        fc.option(secret),
        (scheme, user, password) => {
          const credentials = password === null ? user : `${user}:${password}`;
          const uri = `${scheme}://${credentials}@drucker.example:631/ipp`;
          const text = queue('x', `DeviceURI ${uri.replace('#', '\\#')}`);
          const [printer] = parsePrintersConf(text).printers;
          expect(['drucker.example', undefined]).toContain(printer?.host);
          expect(
            Object.keys(printer ?? {})
              .sort()
              .join(),
          ).toMatch(/^connection,(host,)?isDefault,name$/);
        },
      ),
      { numRuns: tries(2000) },
    );
  });
});

describe('printers.conf', () => {
  test('values as CUPS reads them: a comment ends one, an escaped # belongs to it', () => {
    const text = [
      '# Printer configuration file for CUPS v2.4.2',
      'NextPrinterId 3',
      queue('Standesamt', 'Location  Zimmer \\#3, 1. Stock  # neu', 'MakeModel  ', 'Accepting yes', 'Location2 x'),
    ].join('\n');
    expect(parsePrintersConf(text)).toEqual({
      printers: [
        {
          name: 'Standesamt',
          connection: 'other',
          location: 'Zimmer #3, 1. Stock',
          isDefault: false,
          accepting: true,
        },
      ],
      broken: 0,
    });
  });

  test.each([
    ['Accepting Yes', true],
    ['Accepting true', true],
    ['Accepting No', false],
    ['Accepting perhaps', false],
    ['State Idle', undefined],
  ])('"%s"', (line, accepting) => expect(parsePrintersConf(queue('a', line)).printers[0]?.accepting).toBe(accepting));

  test('a queue without a name is a gap and no printer', () => {
    expect(parsePrintersConf(`${queue(' ')}${queue('b')}`)).toMatchObject({ printers: [{ name: 'b' }], broken: 1 });
  });

  test('the default queue is known; a block that never ends is a gap', async () => {
    const text = `<Printer a>\nDeviceURI usb://x\n<DefaultPrinter b>\nDeviceURI usb://y\n</DefaultPrinter>\n`;
    expect(await sectionOf('printers', recordedMachine({ '/etc/cups/printers.conf': text }))).toMatchObject({
      state: 'partial',
      problems: [{ code: 'unreadable' }],
      data: { printers: [{ name: 'b', connection: 'usb', isDefault: true }] },
    });
  });

  test('a locked file is no empty list, even where the print system is there', async () => {
    const tree = { '/etc/cups/cupsd.conf': '', '/etc/cups/printers.conf': { denied: true } as const };
    expect(await sectionOf('printers', recordedMachine(tree))).toMatchObject({
      state: 'missing',
      problems: [{ code: 'denied' }],
    });
  });

  test('queues by name; the model from printers.conf before that of the PPD', async () => {
    const section = await sectionOf(
      'printers',
      recordedMachine({
        '/etc/cups/printers.conf': queue('b', 'MakeModel Eigener Name') + queue('a') + queue('c'),
        '/etc/cups/ppd/a.ppd': '*ModelName: "no"\n*NickName:  "Canon iR-ADV C3520, 1.0"\n',
        '/etc/cups/ppd/b.ppd': '*NickName: "never shown"\n',
      }),
    );
    expect(section.state).toBe('complete');
    expect(section.data?.printers).toEqual([
      { name: 'a', connection: 'other', isDefault: false, model: 'Canon iR-ADV C3520, 1.0' },
      { name: 'b', connection: 'other', isDefault: false, model: 'Eigener Name' },
      { name: 'c', connection: 'other', isDefault: false },
    ]);
  });

  test('the name of a queue is no way out of the folder of the PPDs', async () => {
    const { data } = await sectionOf(
      'printers',
      recordedMachine({
        '/etc/cups/printers.conf': queue('../../outside') + queue('..'),
        '/etc/cups/ppd/here.ppd': '',
        '/etc/outside.ppd': '*NickName: "stolen"\n',
      }),
    );
    expect(data?.printers.map(({ model }) => model)).toEqual([undefined, undefined]);
  });

  test('more queues than the contract takes: the rest is said', async () => {
    const text = Array.from({ length: 300 }, (_, index) => queue(`q${index}`)).join('');
    const section = await sectionOf('printers', recordedMachine({ '/etc/cups/printers.conf': text }));
    expect(section.data?.printers).toHaveLength(256);
    expect(section).toMatchObject({ state: 'partial', problems: [{ code: 'truncated' }] });
  });

  test('a folder of a print client alone is no print system', async () => {
    expect(await sectionOf('printers', recordedMachine({ '/etc/cups/client.conf': '' }))).toMatchObject({
      state: 'missing',
      problems: [{ code: 'not-present' }],
    });
  });
});
