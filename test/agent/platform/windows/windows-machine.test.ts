/** The parts of the Windows machine that need no Windows: files, and the memory of searches. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createWindowsMachine } from '../../../../agent/platform/windows/windows-machine.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'kits-windows-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test('files are read within their bounds', async () => {
  const machine = createWindowsMachine();
  const file = join(folder(), 'a.txt');
  writeFileSync(file, 'Gebühr');
  expect(await machine.readText(file)).toBe('Gebühr');
  expect(await machine.readText(file, { maxBytes: 7 })).toBe('Gebühr');
  await expect(machine.readText(file, { maxBytes: 6 })).rejects.toMatchObject({ code: 'EFBIG' });
  await expect(machine.readText(join(file, 'b'))).rejects.toMatchObject({ name: 'ReadError' });
  await expect(machine.readText('a.txt')).rejects.toMatchObject({ code: 'EINVAL' });
  await expect(machine.readText(tmpdir())).rejects.toMatchObject({ code: 'EINVAL' });
  await expect(machine.list(join(file, '..', 'gone'))).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await machine.list(join(file, '..'))).toEqual(['a.txt']);
  expect(await machine.stat(file)).toMatchObject({ kind: 'file', sizeBytes: 7 });
});

test('without PowerShell the document says so, and the search remembers that it was tried', async () => {
  const privateDir = folder();
  const { windows } = createWindowsMachine({ privateDir });
  await expect(windows?.readDocument()).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await windows?.searchUpdates()).toMatchObject({ offline: { failure: 'not-found' } });
  const file = join(privateDir, 'update-search.json');
  await expect
    .poll(() => JSON.parse(readFileSync(file, 'utf8')))
    .toMatchObject({ version: 1, online: { failure: 'not-found' } });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await createWindowsMachine({ privateDir }).windows?.searchUpdates()).toMatchObject({
    online: { failure: 'not-found' },
  });
});
