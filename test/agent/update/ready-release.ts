/** A data directory in which a release lies ready, as the service leaves it for the guard. No server is needed. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ReleaseManifest } from '../../../agent/contract/release.ts';
import { jwsTypes } from '../../../agent/contract/wire.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import { generateKey, type SigningKey } from '../../../agent/signing/keys.ts';
import { type UpdateRecord, updateFolder, writeUpdate } from '../../../agent/update/record.ts';

/** A Saturday: any hour of it is one to install in. */
export const saturday = new Date('2026-11-28T09:00:00.000Z');
/** A Wednesday morning, somebody works; nothing has been waiting for five days then. */
export const wednesday = new Date('2026-11-25T09:00:00.000Z');
export const offeredAt = '2026-11-24T08:00:00.000Z';

export interface ReadyRelease {
  readonly dataDir: string;
  readonly folder: string;
  /** Where the file of the release belongs. */
  readonly file: string;
  readonly content: Buffer;
  readonly key: SigningKey;
  readonly manifest: ReleaseManifest;
  readonly jws: string;
  readonly record: UpdateRecord;
  sign(change?: Partial<ReleaseManifest>, key?: SigningKey): Promise<string>;
}

export async function readyRelease(): Promise<ReadyRelease> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kits-ready-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  const folder = updateFolder(dataDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const content = randomBytes(1000);
  const key = await generateKey();
  const manifest: ReleaseManifest = {
    product: 'kits-agent',
    version: '1.3.0',
    platform: 'linux',
    sha256: createHash('sha256').update(content).digest('hex'),
    size: content.byteLength,
    fileName: 'setup',
    minimumVersion: '1.0.0',
    issuedAt: '2026-11-20T08:00:00.000Z',
    expiresAt: '2026-12-20T08:00:00.000Z',
    sequence: 10,
  };
  const sign: ReadyRelease['sign'] = (change = {}, by = key) =>
    signJws(jwsTypes.release, { ...manifest, ...change }, by, { embedKey: true });
  const jws = await sign();
  const record: UpdateRecord = {
    state: 'ready',
    manifest: jws,
    offeredAt,
    highestSequence: 10,
    highestVersion: '1.3.0',
    highestExpiresAt: manifest.expiresAt,
    failures: 0,
    notBefore: 0,
  };
  const file = join(folder, `${manifest.sha256}.bin`);
  writeFileSync(file, content, { mode: 0o600 });
  writeUpdate(dataDir, record);
  return { dataDir, folder, file, content, key, manifest, jws, record, sign };
}
