import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createDeviceKey, readDeviceKey } from '../../../agent/store/device-key.ts';

function place(): string {
  const dir = mkdtempSync(join(tmpdir(), 'kits-key-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return join(dir, 'private', 'device-key.pem');
}

test('a key is made once, readable by its owner only, and is the same when read again', async () => {
  const file = place();
  const made = await createDeviceKey(file);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
  expect((await readDeviceKey(file))?.thumbprint).toBe(made.thumbprint);
  expect(readdirSync(join(file, '..'))).toEqual(['device-key.pem']);
});

test('an existing key is never replaced', async () => {
  const file = place();
  const made = await createDeviceKey(file);
  await expect(createDeviceKey(file)).rejects.toThrow(/EEXIST/);
  expect((await readDeviceKey(file))?.thumbprint).toBe(made.thumbprint);
});

test('no file is no key; a damaged or open one is an error that says what to do', async () => {
  const file = place();
  expect(await readDeviceKey(file)).toBeUndefined();
  expect(existsSync(file)).toBe(false);
  await createDeviceKey(file);
  chmodSync(file, 0o644);
  await expect(readDeviceKey(file)).rejects.toThrow(/readable by others.*chmod 600/s);
  chmodSync(file, 0o600);
  writeFileSync(file, 'nonsense');
  await expect(readDeviceKey(file)).rejects.toThrow(/damaged/);
});
