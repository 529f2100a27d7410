/** Takes a release in: its file into the data directory under its hash, its manifest into the database. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type ReleaseManifest, releaseManifest, type UpdateRing } from '../../agent/contract/release.ts';
import { jwsTypes } from '../../agent/contract/wire.ts';
import { verifyEmbeddedKey } from '../../agent/signing/jws.ts';
import { thumbprintOf } from '../../agent/signing/keys.ts';
import type { Actor, FleetContext } from '../fleet/scope.ts';
import { Problem } from '../problem.ts';
import { recordDeed } from '../staff/audit.ts';
import { searchStandIn } from './stand-in.ts';

export function releaseFile(dataDir: string, sha256: string): string {
  return join(dataDir, 'releases', sha256);
}

/**
 * The signature is checked; whether the key is the one that devices pin only they can say. Throws `JwsError`, or 409 when
 * the number is taken, 422 when the file is not that of the manifest or holds a stand-in, or the manifest has run out.
 */
export async function publishRelease(
  { db, now }: FleetContext,
  actor: Actor,
  { dataDir, jws, file }: { readonly dataDir: string; readonly jws: string; readonly file: string },
): Promise<{ manifest: ReleaseManifest; thumbprint: string }> {
  const { payload: manifest, key } = await verifyEmbeddedKey(jwsTypes.release, jws, releaseManifest);
  const thumbprint = await thumbprintOf(key);
  if (!(Date.parse(manifest.expiresAt) > now().getTime())) {
    throw new Problem(422, 'release-expired', `The manifest was good until ${manifest.expiresAt}. Sign it anew.`);
  }
  const taken = await db
    .selectFrom('releases')
    .select('jws')
    .where('sequence', '=', manifest.sequence)
    .executeTakeFirst();
  if (taken !== undefined && taken.jws !== jws) {
    throw new Problem(
      409,
      'sequence-taken',
      `Another release has the number ${manifest.sequence}. Sign it with a higher one.`,
    );
  }
  await store(file, releaseFile(dataDir, manifest.sha256), manifest);
  if (taken !== undefined) return { manifest, thumbprint };
  await db.transaction().execute(async (trx) => {
    await trx
      .insertInto('releases')
      .values({
        sequence: manifest.sequence,
        platform: manifest.platform,
        version: manifest.version,
        minimum_version: manifest.minimumVersion,
        sha256: manifest.sha256,
        size: manifest.size,
        file_name: manifest.fileName,
        expires_at: manifest.expiresAt,
        jws,
        published_at: now().toISOString(),
        published_by: actor.name,
      })
      .execute();
    const { version, platform, sequence } = manifest;
    await recordDeed(trx, now(), {
      actor: actor.name,
      action: 'release.publish',
      target: String(sequence),
      detail: { version, platform, signedBy: thumbprint },
    });
  });
  return { manifest, thumbprint };
}

/** Copied, counted and hashed on the way; under its name only when both are right. */
async function store(from: string, to: string, { size, sha256 }: ReleaseManifest): Promise<void> {
  mkdirSync(join(to, '..'), { recursive: true, mode: 0o700 });
  const draft = `${to}.draft`;
  const target = await open(draft, 'w', 0o600);
  try {
    const hash = createHash('sha256');
    const standIn = searchStandIn(basename(from));
    let bytes = 0;
    for await (const chunk of createReadStream(from) as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes > size) break;
      hash.update(chunk);
      standIn.look(chunk);
      await target.write(chunk);
    }
    if (bytes !== size || hash.digest('hex') !== sha256) {
      throw new Problem(
        422,
        'release-file',
        `${from} is not the file of the manifest (${size} bytes, SHA-256 ${sha256}).`,
      );
    }
    const objection = standIn.objection();
    if (objection !== undefined) throw new Problem(422, 'release-stand-in', objection);
    await target.sync();
    renameSync(draft, to);
  } finally {
    await target.close();
    if (existsSync(draft)) rmSync(draft);
  }
}

/** `percent` of the devices are offered the release from their next check-in; 0 takes the offer back. Throws 404. */
export async function rollOut(
  { db, now }: FleetContext,
  actor: Actor,
  said: { sequence: number; municipalityId?: string; ring?: UpdateRing; percent: number },
): Promise<void> {
  const { sequence, municipalityId = '', ring = '', percent } = said;
  const known = await db.selectFrom('releases').select('sequence').where('sequence', '=', sequence).executeTakeFirst();
  if (known === undefined) throw new Problem(404, 'not-found', `There is no release ${sequence}.`);
  await db.transaction().execute(async (trx) => {
    await trx
      .insertInto('release_rollouts')
      .values({ sequence, municipality_id: municipalityId, ring, percent })
      .onConflict((conflict) => conflict.columns(['sequence', 'municipality_id', 'ring']).doUpdateSet({ percent }))
      .execute();
    await recordDeed(trx, now(), {
      actor: actor.name,
      action: 'release.roll-out',
      target: String(sequence),
      detail: { percent, municipality: municipalityId, ring },
    });
  });
}
