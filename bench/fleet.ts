/** Devices for the bench, put straight into the tables: enrolling them is not what is measured. */
import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { hashBytes } from '../agent/signing/canonical.ts';
import { generateKey, privateKeyPem } from '../agent/signing/keys.ts';
import { makeNonce } from '../server/ingest/nonce.ts';
import type { Database } from '../server/store/database.ts';

/** What the load generator needs to speak as a device. */
export interface BenchDevice {
  readonly id: string;
  readonly privateKey: string;
  readonly thumbprint: string;
  readonly storeEpoch: string;
  readonly nonce: string;
}

/** The municipalities of the district; limits are per municipality. */
const municipalityCount = 13;

export interface Fleet {
  readonly devices: BenchDevice[];
  readonly municipalityIds: string[];
}

export function makeFleet(db: Database, nonceKey: Uint8Array, count: number): Promise<Fleet> {
  return db.transaction().execute((trx) => insertFleet(trx, nonceKey, count));
}

async function insertFleet(db: Database, nonceKey: Uint8Array, count: number): Promise<Fleet> {
  const now = new Date();
  const municipalityIds: string[] = [];
  for (let index = 0; index < municipalityCount; index += 1) {
    const id = randomUUID();
    municipalityIds.push(id);
    await db
      .insertInto('municipalities')
      .values({ id, name: `Gemeinde ${index + 1}`, approval_required: 0, created_at: now.toISOString() })
      .execute();
  }
  const devices: BenchDevice[] = [];
  for (let index = 0; index < count; index += 1) {
    const key = await generateKey();
    const id = randomUUID();
    const storeEpoch = randomUUID();
    await db
      .insertInto('devices')
      .values({
        id,
        municipality_id: municipalityIds[index % municipalityCount] ?? '',
        key_thumbprint: key.thumbprint,
        key_x: key.publicKey.x,
        hostname: `pc-${index}`,
        platform: 'linux',
        agent_version: '0.1.0',
        state: 'active',
        enrolled_at: now.toISOString(),
        acknowledged_sequence: 0,
        store_epoch: storeEpoch,
        fingerprint: '{}',
        proof_issued_at: 0,
        proof_counter: 0,
        light: 'unknown',
        light_rank: 2,
        search_text: `pc-${index}`,
      })
      .execute();
    const nonce = makeNonce(nonceKey, id, now.getTime());
    devices.push({ id, privateKey: privateKeyPem(key), thumbprint: key.thumbprint, storeEpoch, nonce });
  }
  return { devices, municipalityIds };
}

/** Signs proofs with as little work as possible, so that the generator is not what is measured. */
export function proofMaker(device: BenchDevice): (method: string, path: string, body: string) => string {
  const key = createPrivateKey(device.privateKey);
  const header = encode({ alg: 'Ed25519', typ: 'kits-proof' });
  // Higher than any used before, also by a generator that ran earlier.
  let counter = Date.now();
  return (method, path, body) => {
    counter += 1;
    const claims = encode({
      sub: Buffer.from(device.id.replaceAll('-', ''), 'hex').toString('base64url'),
      digest: hashBytes(`${method} ${path}\n${body}`).slice(0, 22),
      iat: Math.floor(Date.now() / 1000),
      jti: `${counter}`.padStart(16, '0'),
      nonce: device.nonce,
      ctr: counter,
    });
    const signed = `${header}.${claims}`;
    return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
