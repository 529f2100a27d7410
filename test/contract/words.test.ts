/** Every field that leaves the PC has a name in both languages, and the window gets it beside the code. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { explainReport } from '../../agent/contract/purposes.ts';
import { reportBody, reportEnvelope } from '../../agent/contract/report.ts';
import { frameWords } from '../../agent/contract/words/frame.ts';
import { reportPathName } from '../../agent/contract/words/names.ts';
import { officeFacts, sectionOf } from '../fakes/office-facts.ts';

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

function fieldsOf({ properties = {}, items, anyOf = [] }: Node): string[] {
  const inside = Object.entries(properties).flatMap(([name, node]) => [name, ...fieldsOf(node)]);
  return [...inside, ...(items === undefined ? [] : fieldsOf(items)), ...anyOf.flatMap(fieldsOf)];
}

test.each(Object.entries({ reportEnvelope, reportBody }))('the frame of a report: %s', (_name, schema) => {
  const fields = new Set(fieldsOf(z.toJSONSchema(schema, { io: 'input' }) as Node));
  // What stands around the facts themselves is never shown by itself.
  for (const name of ['sections', 'data']) fields.delete(name);
  expect([...fields].filter((name) => !Object.hasOwn(frameWords, name))).toEqual([]);
});

test('a whole report is named to its last field', () => {
  const sections = Object.entries(officeFacts('was-pc-01')).map(([id, data]) => sectionOf(id, data));
  const fields = explainReport({ envelope: { reportId: randomUUID(), sequence: 7 }, body: { sections } });
  expect(fields.length).toBeGreaterThan(150);
  for (const language of ['de', 'en'] as const) {
    const codes = fields.filter(({ path }) => {
      const last =
        path
          .split('.')
          .at(-1)
          ?.replace(/\[\d+\]$/, '') ?? '';
      // One word in both: a code that nobody named would stand there as it is written in the contract.
      return /[a-z][A-Z]/.test(last) && reportPathName(path, language).includes(last);
    });
    expect(codes.map(({ path }) => path)).toEqual([]);
  }
});

test.each([
  ['sections.memory.data.totalBytes', 'Arbeitsspeicher', false],
  ['sections.storage.data.volumes[0].freeBytes', 'Laufwerke 1, Frei', true],
  ['sections.storage.problems[1].code', 'Lücke 2, Grund', true],
  ['envelope.sequence', 'Laufende Nummer', true],
  ['report.fingerprint.macs[0]', 'Kennzeichen der Hardware, Netzwerkadapter 1', true],
  ['sections.newer.data.unheardOf', 'unheardOf', true],
])('%s', (path, name, isExact) => {
  const named = reportPathName(path, 'de');
  if (isExact) expect(named).toBe(name);
  else expect(named).not.toContain('totalBytes');
});
