/** A build that cannot put down what it makes says so before it begins. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { emptyOutFolder, outFolder } from '../../build/out-folder.ts';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kits-out-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('a folder that is not there yet is made, and nothing is left in it', () => {
  const wanted = join(newFolder(), 'a/b');
  expect(outFolder(relative(process.cwd(), wanted))).toBe(wanted);
  expect(readdirSync(wanted)).toEqual([]);
});

test.each([
  ['below a file', () => join(newFolder(), 'file', 'out')],
  ['a file', () => join(newFolder(), 'file')],
  ['where nobody makes folders', () => '/sys/kits/out'],
])('one %s is refused with what to do', (_name, folder) => {
  const path = folder();
  if (path.includes('file')) writeFileSync(path.replace(/file.*/, 'file'), '');
  expect(() => outFolder(path)).toThrow(
    /^Nothing can be put into \/\S+ \(E[A-Z]+\), so nothing was built\. Name a folder/,
  );
  expect(existsSync('/sys/kits')).toBe(false);
});

test('only what an earlier build has put there is removed', () => {
  const folder = join(newFolder(), 'installers');
  expect(emptyOutFolder(folder, 'artefacts.json')).toBe(folder);
  writeFileSync(join(folder, 'old.msi'), '');
  emptyOutFolder(folder, 'artefacts.json');
  expect(readdirSync(folder)).toEqual(['artefacts.json']);
  rmSync(join(folder, 'artefacts.json'));
  writeFileSync(join(folder, 'letter.odt'), 'mine');
  expect(() => emptyOutFolder(folder, 'artefacts.json')).toThrow(
    'something that this build has not put there (letter.odt)',
  );
  expect(readdirSync(folder)).toEqual(['letter.odt']);
});
