import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { factSchemas, sectionIds } from '../../agent/contract/facts/index.ts';
import { contractJsonSchemas } from '../../agent/contract/json-schema.ts';
import { keySet } from '../../agent/contract/keys.ts';
import { notice, policy } from '../../agent/contract/policy.ts';
import { hiddenSigns } from '../../agent/contract/printable.ts';
import { parseSectionData, reportBody, reportEnvelope, section, statedName } from '../../agent/contract/report.ts';
import { mailboxRequest } from '../../agent/contract/status.ts';

interface Node {
  readonly de?: string;
  readonly en?: string;
  readonly properties?: Record<string, Node>;
  readonly items?: Node | boolean;
  readonly anyOf?: readonly Node[];
}

/** Paths of properties that leave the machine without saying why. */
function unexplained(node: Node, path: string): string[] {
  const below = Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const here = `${path}.${name}`;
    const missing = child.de && child.en ? [] : [here];
    return [...missing, ...unexplained(child, here)];
  });
  const items = typeof node.items === 'object' ? unexplained(node.items, `${path}[]`) : [];
  return [...below, ...items, ...(node.anyOf ?? []).flatMap((option) => unexplained(option, path))];
}

describe('answers with names', () => {
  const id = '0a4b0f6e-6f0c-4a54-9d2e-3f1a5c7d9e10';
  const at = '2026-11-25T10:00:00.000Z';
  const said = {
    id,
    issuedAt: at,
    audience: { municipality: id },
    severity: 'info',
    title: { de: 'Unterweisung' },
    body: { de: 'Bitte lesen.' },
    sender: 'KITS',
    validFrom: at,
    validUntil: '2026-12-25T10:00:00.000Z',
    links: [],
    mustAcknowledge: true,
  };

  test('a notice from before asks for none, and one from before reads a newer notice as one that counts', () => {
    expect(notice.parse(said).answers).toBeUndefined();
    const before = notice.omit({ answers: true });
    expect(before.parse({ ...said, answers: 'named' })).toEqual(said);
    expect(notice.safeParse({ ...said, answers: 'signed' }).success).toBe(false);
  });

  test.each([
    ['an override of the direction', '\u202e'],
    ['an isolate', '\u2066'],
    ['an escape', '\u001b'],
    ['a control of eight bits', '\u0085'],
    ['a line separator', '\u2028'],
    ['nothing that takes no room', '\u200b'],
    ['a tag', '\u{e0041}'],
    ['half a sign', '\ud800'],
  ])('%s stands in no text of a notice', (_, sign) => {
    const words = `Bitte${sign}lesen`;
    for (const change of [
      { title: { de: words } },
      { title: { de: 'x', en: words } },
      { body: { de: words } },
      { sender: words },
      { links: [`https://www.kits.example/${sign}a`] },
    ]) {
      const issues = notice.safeParse({ ...said, ...change }).error?.issues.map(({ message }) => message);
      expect(issues, JSON.stringify(change)).toEqual([hiddenSigns]);
    }
  });

  test('a text has lines; a title and a sender have one', () => {
    const lines = 'Erstens\r\n\tZweitens\nSicherungs\u00adkopie \u{1f469}\u200d\u{1f4bb}';
    expect(notice.safeParse({ ...said, body: { de: lines, en: lines } }).success).toBe(true);
    for (const change of [{ title: { de: lines } }, { sender: lines }]) {
      expect(notice.safeParse({ ...said, ...change }).success).toBe(false);
    }
    const emoji = '\u{1f469}\u200d\u{1f4bb} Sicherungs\u00adkopie';
    expect(notice.safeParse({ ...said, title: { de: emoji }, sender: emoji }).success).toBe(true);
  });

  test('a service from before takes an answer that has a name, and leaves the name out', () => {
    const line = { requestId: id, kind: 'notice-acknowledged', noticeId: id, issuedAt: at, statedName: 'k.mueller' };
    const [, , acknowledged] = mailboxRequest.options;
    expect(acknowledged.shape.kind.value).toBe('notice-acknowledged');
    const { statedName: _, ...counted } = line;
    expect(acknowledged.omit({ statedName: true }).parse(line)).toEqual(counted);
  });

  test.each(['k.mueller', 'WASUNGEN\\K. Müller', 'anna-lena.weiß@kits.example', 'ł', '7'])('%s is a name', (name) => {
    expect(statedName.parse(name)).toBe(name);
  });

  test('one is trimmed and composed, whatever wrote it', () => {
    expect(statedName.parse(' K. Mu\u0308ller ')).toBe('K. Müller');
  });

  test.each([
    '',
    ' ',
    'a  b',
    'a\tb',
    'a\nb',
    'a\u2028b',
    'a\u202Eb',
    'a\u200Bb',
    '\u0301a',
    'a\u0301\u0302\u0303\u0304',
    'a\uD800',
    'x'.repeat(121),
  ])('%j is none', (name) => {
    expect(statedName.safeParse(name).success).toBe(false);
  });
});

describe('every field', () => {
  test.each(sectionIds)('of section %s says why it is collected, in German and English', (id) => {
    expect(unexplained(z.toJSONSchema(factSchemas[id], { io: 'input' }) as Node, id)).toEqual([]);
  });

  test('of the report and its envelope says why, in German and English', () => {
    expect(unexplained(z.toJSONSchema(reportEnvelope, { io: 'input' }) as Node, 'envelope')).toEqual([]);
    const nested = /^report\.(verdicts\[\]\.evidence\[\]\.)/;
    const open = unexplained(z.toJSONSchema(reportBody, { io: 'input' }) as Node, 'report');
    // `data` is explained by the schema of its section; evidence quotes facts that are explained there.
    expect(open.filter((path) => path !== 'report.sections[].data' && !nested.test(path))).toEqual([]);
  });

  test('a field without a reason is found by this test', () => {
    const sample = z.object({
      why: z.string().meta({ de: 'weil', en: 'because' }),
      list: z.array(z.object({ no: z.int() })),
    });
    expect(unexplained(z.toJSONSchema(sample) as Node, 'sample')).toEqual(['sample.list', 'sample.list[].no']);
  });

  test('has a bound: no unlimited text and no unlimited list', () => {
    const unbounded: string[] = [];
    const walk = (node: Record<string, unknown>, path: string): void => {
      if (
        node['type'] === 'string' &&
        !('maxLength' in node || 'enum' in node || 'const' in node || 'format' in node || 'pattern' in node)
      ) {
        unbounded.push(path);
      }
      if (node['type'] === 'array' && !('maxItems' in node)) unbounded.push(path);
      for (const [name, child] of Object.entries(
        (node['properties'] as Record<string, Record<string, unknown>>) ?? {},
      )) {
        walk(child, `${path}.${name}`);
      }
      if (typeof node['items'] === 'object' && node['items'] !== null)
        walk(node['items'] as Record<string, unknown>, `${path}[]`);
    };
    for (const [name, schema] of Object.entries(contractJsonSchemas())) walk(schema as Record<string, unknown>, name);
    expect(unbounded).toEqual([]);
  });
});

describe('sections', () => {
  const base = {
    id: 'cpu',
    state: 'complete',
    collectedAt: '2026-11-23T10:00:00Z',
    durationMs: 3,
    hash: 'A'.repeat(43),
    problems: [],
  };

  test('drop fields a newer agent adds, so that it can still report', () => {
    expect(section.parse({ ...base, invented: 1 })).not.toHaveProperty('invented');
  });

  test('with an id of a newer agent pass with their facts untouched', () => {
    expect(parseSectionData('quantum', { qubits: 3 })).toMatchObject({ success: true, data: { qubits: 3 } });
  });

  test('named like something every object has are not taken for known ones', () => {
    expect(parseSectionData('constructor', { a: 1 })).toMatchObject({ success: true, data: { a: 1 } });
  });

  test.each([
    [
      'a CPU of another architecture word',
      'cpu',
      { model: 'x', architecture: 'i386', sockets: 1, cores: 1, threads: 1 },
    ],
    ['a CPU without threads', 'cpu', { model: 'x', architecture: 'x86_64', sockets: 1, cores: 1, threads: 0 }],
    [
      'a speed of unsigned minus one',
      'network',
      {
        interfaces: [{ name: 'eth0', kind: 'ethernet', state: 'up', speedMbps: 4294967295, addresses: [] }],
        gateways: [],
        dnsServers: [],
      },
    ],
    ['memory of NaN', 'memory', { totalBytes: Number.NaN }],
    ['an empty software list', 'software', { source: 'dpkg', packages: [] }],
    ['a battery section without a battery', 'battery', { batteries: [] }],
  ])('refuse %s', (_name, id, data) => {
    expect(parseSectionData(id, data).success).toBe(false);
  });
});

test('a mailbox line of an unknown kind is refused', () => {
  const requestId = '00000000-0000-4000-8000-000000000000';
  expect(mailboxRequest.safeParse({ requestId, kind: 'check-now' }).success).toBe(true);
  expect(mailboxRequest.safeParse({ requestId, kind: 'run-command' }).success).toBe(false);
});

test('a policy that names one threshold says nothing about the others', () => {
  const { thresholds } = policy.shape.settings.parse({ thresholds: { screenLockSeconds: 300 } });
  expect(thresholds).toEqual({ screenLockSeconds: 300 });
  expect(policy.shape.settings.safeParse({ thresholds: { screenLockSeconds: 1 } }).success).toBe(false);
});

describe('a set of keys', () => {
  const key = (x: string) => ({ kty: 'OKP', crv: 'Ed25519', x: x.repeat(43) });
  const server = { use: 'server', key: key('A') };
  const until = '2027-01-01T00:00:00Z';
  const setOf = (...keys: object[]) => ({ version: 1, issuedAt: until, noticeKeyKept: 'online', keys });
  test.each([
    ['one server key', true, [server]],
    ['the one before it, for a while', true, [server, { use: 'server', key: key('B'), until }]],
    ['a notice key', true, [server, { use: 'notice', key: key('C') }]],
    ['no server key', false, [{ use: 'notice', key: key('C') }]],
    ['a server key that has an end only', false, [{ ...server, until }]],
    ['two current server keys', false, [server, { use: 'server', key: key('B') }]],
    ['one key for two uses', false, [server, { use: 'notice', key: key('A') }]],
    ['a use nobody knows', false, [server, { use: 'policy', key: key('C') }]],
  ])('with %s: valid %s', (_name, valid, keys) => {
    expect(keySet.safeParse(setOf(...keys)).success).toBe(valid);
  });
});
