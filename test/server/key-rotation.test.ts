/** A rotation that is cut off at any point leaves a server that starts, with one key that devices can follow to. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { currentServerKey, followAnnouncements, pinnedTrust } from '../../agent/signing/key-set.ts';
import { generateKey, privateKeyPem } from '../../agent/signing/keys.ts';
import { rotateServerKey } from '../../server/key-rotation.ts';
import { keyFilesIn, loadServerKeys } from '../../server/keys.ts';

/** Calls of rename that still go through; then the power fails. */
const power = vi.hoisted(() => ({ renamesLeft: Number.POSITIVE_INFINITY }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return {
    ...fs,
    renameSync: (...args: Parameters<typeof fs.renameSync>) => {
      power.renamesLeft -= 1;
      if (power.renamesLeft < 0) throw new Error('the power failed');
      fs.renameSync(...args);
    },
  };
});

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kits-rotation-'));
});
afterEach(() => {
  power.renamesLeft = Number.POSITIVE_INFINITY;
  rmSync(dir, { recursive: true });
});

const now = new Date();

test.each([
  [0, 'old'],
  [1, 'old'],
  [2, 'new'],
  [3, 'new'],
])('after %i renames the %s key is in use, and a device with the old pin gets there', async (renames, which) => {
  const before = await loadServerKeys(dir, false);
  power.renamesLeft = renames;
  const rotating = rotateServerKey(dir, { overlapDays: 30, now });
  if (renames < 3) await expect(rotating).rejects.toThrow('the power failed');
  else await rotating;
  power.renamesLeft = Number.POSITIVE_INFINITY;
  const after = await loadServerKeys(dir, true);
  expect(after.signingKey.thumbprint === before.signingKey.thumbprint).toBe(which === 'old');
  const device = await followAnnouncements(pinnedTrust(before.signingKey.publicKey), after.announcements, undefined);
  expect((await currentServerKey(device.trust)).thumbprint).toBe(after.signingKey.thumbprint);
  // Once more, from whatever the cut has left behind.
  const again = await rotateServerKey(dir, { overlapDays: 30, now });
  expect((await loadServerKeys(dir, true)).signingKey.thumbprint).toBe(again.to);
});

test('a key file that does not belong to the announcements is refused, with what to do', async () => {
  await loadServerKeys(dir, false);
  writeFileSync(keyFilesIn(dir).signing, privateKeyPem(await generateKey()));
  await expect(loadServerKeys(dir, true)).rejects.toThrow(/does not lead to the key.*Restore both/s);
});

test('announcements of an older backup are refused rather than devices lost', async () => {
  await loadServerKeys(dir, false);
  const files = keyFilesIn(dir);
  const old = readFileSync(files.announcements);
  await rotateServerKey(dir, { overlapDays: 30, now });
  writeFileSync(files.announcements, old);
  await expect(loadServerKeys(dir, true)).rejects.toThrow('does not lead to the key');
});

test('lost announcements are made anew, newer than any before', async () => {
  const before = await loadServerKeys(dir, false);
  rmSync(keyFilesIn(dir).announcements);
  const after = await loadServerKeys(dir, true);
  expect(after.signingKey.thumbprint).toBe(before.signingKey.thumbprint);
  expect(after.noticeKey?.thumbprint).toBe(before.noticeKey?.thumbprint);
  expect(after.trust.version).toBeGreaterThanOrEqual(before.trust.version);
});

test('a lost notice key keeps nothing else from working', async () => {
  await loadServerKeys(dir, false);
  rmSync(keyFilesIn(dir).notice);
  const { noticeKey, signingKey } = await loadServerKeys(dir, true);
  expect(noticeKey).toBeUndefined();
  expect(signingKey).toBeDefined();
  expect(existsSync(keyFilesIn(dir).notice)).toBe(false);
});

test('the recovery key leads devices on from a copy of the folder, from its loss, and more than once', async () => {
  const recovery = await generateKey();
  const first = await loadServerKeys(dir, false);
  let trust = pinnedTrust(first.signingKey.publicKey);
  for (const loss of ['nothing', 'all', 'all']) {
    if (loss === 'all') rmSync(join(dir, 'keys'), { recursive: true });
    else cpSync(join(dir, 'keys'), join(dir, 'copy'), { recursive: true });
    now.setSeconds(now.getSeconds() + 1);
    const { to } = await rotateServerKey(dir, { overlapDays: 30, recoveryKey: recovery, now });
    const { announcements } = await loadServerKeys(dir, true);
    ({ trust } = await followAnnouncements(trust, announcements, recovery.thumbprint));
    expect((await currentServerKey(trust)).thumbprint).toBe(to);
  }
});
