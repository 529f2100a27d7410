/** The stand-in for Electron keeps up with what the program uses. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { expect, test } from 'vitest';
import { sourceFiles } from '../architecture/boundaries.ts';
import * as standIn from '../fakes/electron.ts';

const root = join(import.meta.dirname, '../..');

test('has everything that main imports from Electron at run time', () => {
  const wanted = sourceFiles(root, ['main']).flatMap((file) =>
    parseSync(file, readFileSync(join(root, file), 'utf8'))
      .module.staticImports.filter(({ moduleRequest }) => moduleRequest.value === 'electron')
      .flatMap(({ entries }) => entries.filter(({ isType }) => !isType).map(({ importName }) => importName.name)),
  );
  expect(wanted).toContain('BrowserWindow');
  expect(wanted.filter((name) => !Object.hasOwn(standIn, String(name)))).toEqual([]);
});
