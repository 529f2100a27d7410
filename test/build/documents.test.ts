/** Documents that say what the code says, held to it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { walk, windowsChecklist } from '../../agent/commands/windows-checklist.ts';
import { factSchemas } from '../../agent/contract/facts/index.ts';
import { describedFields, explainReport } from '../../agent/contract/purposes.ts';
import type { Section } from '../../agent/contract/report.ts';
import { generated, withGenerated } from '../../build/write-documents.ts';
import { officeFacts } from '../fakes/office-facts.ts';

const root = join(import.meta.dirname, '../..');

test.each(Object.keys(generated))('%s is what the code says; otherwise run "node build/write-documents.ts"', (file) => {
  const document = readFileSync(join(root, file), 'utf8');
  const text = generated[file]?.() ?? '';
  expect(text.length).toBeGreaterThan(1000);
  expect(document).toBe(withGenerated(document, text));
});

test('a document without a place for it is an error', () => {
  expect(() => withGenerated('# Titel', 'x')).toThrow('no place');
});

test('every value of a real report stands in the field list', () => {
  const facts = officeFacts('pc') as Readonly<Record<string, unknown>>;
  const sections = Object.entries(facts).map(([id, data]) => ({ id, state: 'complete', data }) as unknown as Section);
  const listed = new Map(describedFields().map(({ part, fields }) => [part, new Set(fields.map(({ path }) => path))]));
  const values = explainReport({ envelope: {}, body: { sections } })
    .map(({ path }) => /^sections\.(\w+)\.data\.(.+)$/.exec(path))
    .flatMap((match) =>
      match === null ? [] : [[match[1] ?? '', (match[2] ?? '').replaceAll(/\[\d+\]/g, '[]')] as const],
    );
  expect(values.length).toBeGreaterThan(100);
  const missing = values.filter(([part, path]) => {
    const known = listed.get(part) ?? new Set();
    // Entries of plain lists and keys of records share the reason of what holds them.
    for (let place = path; place !== ''; place = place.replace(/(^|\.)[^.[]*$|\[\]$/, ''))
      if (known.has(place)) return false;
    return true;
  });
  expect(missing).toEqual([]);
  expect([...listed.keys()]).toEqual(['envelope', 'report', 'section', ...Object.keys(factSchemas)]);
});

test('numbers of the checklist are unique, and each says what should be so and how to see it', () => {
  const ids = windowsChecklist.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(ids.toSorted());
  for (const { title, how } of windowsChecklist) for (const text of [title, how]) expect(text).toMatch(/\S.*[.)“]$/);
});

test('a walk answers what the findings answer, asks the rest, and takes nothing for granted', () => {
  const line = (lines: string[], id: string) => lines.find((one) => one.includes(` ${id} `));
  const all = windowsChecklist.flatMap(({ checks = [] }) => checks);
  const good = all.map((check) => ({ check, result: 'ok' as const, detail: '' }));
  const answered = walk(good);
  for (const { id, checks } of windowsChecklist) {
    expect(line(answered, id), id).toMatch(checks === undefined ? /^\[ \] / : /^\[x\] /);
  }
  const nothing = walk([]);
  for (const { id, checks } of windowsChecklist)
    expect(line(nothing, id)).toMatch(checks === undefined ? /^\[ \] / : /^\[\?\] /);

  const [first, second] = ['task KITS Agent', 'task KITS Agent Guard'];
  const half = walk(good.filter(({ check }) => check !== second));
  expect(line(half, 'W02')).toMatch(/^\[\?\] /);
  const bad = walk([
    ...good.filter(({ check }) => check !== first),
    { check: first ?? '', result: 'problem', detail: 'Es fehlt etwas.' },
  ]);
  expect(line(bad, 'W02')).toMatch(/^\[!\] /);
  expect(bad.join('\n')).toContain('Es fehlt etwas.');
});
