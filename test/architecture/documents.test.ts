/** What no compiler reads: the documents. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exitCodes } from '../../agent/commands/command.ts';

const root = join(import.meta.dirname, '../..');
const documents = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((file) => join('docs', file)),
].filter((file) => file.endsWith('.md'));
const conflict = /^(<{7}|={7}|>{7})( |$)/m;

test('a merge that was not finished is found', () => {
  expect('## A\n<<<<<<< HEAD\n## B').toMatch(conflict);
  expect(documents.length).toBeGreaterThan(5);
});

test.each(documents)('%s holds no merge that was not finished', (file) => {
  expect(readFileSync(join(root, file), 'utf8')).not.toMatch(conflict);
});

test('the README names every exit code of the agent', () => {
  const [, listed = ''] = /Exit codes of the agent:([^.]+)\./.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
  const named = [...listed.matchAll(/(?:^|,)\s*(\d)/g)].map(([, code]) => Number(code));
  expect(named).toEqual(Object.values(exitCodes).sort());
});
