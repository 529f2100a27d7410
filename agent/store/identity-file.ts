/**
 * What must outlive a damaged store: whom this device reports to and as whom. A file of its own beside the key, written
 * when it changes; the store remains the one that is asked.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { uuid } from '../contract/field.ts';
import { trust } from '../contract/keys.ts';
import { writeAtomically } from '../platform/write-file.ts';
import { enrolment } from './enrolment.ts';
import { isStorageFailure } from './sqlite.ts';

const identity = z.object({
  enrolment,
  storeEpoch: uuid,
  /** ms since 1970; older than that of the store by whatever passed since enrolment. */
  serverTimeFloor: z.number(),
  /** Keys taken in since enrolment: without them an older key of the server would count again. */
  trust: trust.optional(),
});
type Identity = z.infer<typeof identity>;

const fileIn = (privateDir: string): string => join(privateDir, 'identity.json');

/** On a disk that takes nothing it is written at the next start; until then only the store knows. */
export function keepIdentity(privateDir: string, value: Identity): void {
  try {
    writeAtomically(fileIn(privateDir), `${JSON.stringify(value, null, 2)}\n`, 0o600);
  } catch (error) {
    if (!isStorageFailure(error)) throw error;
  }
}

/** Undefined when there is none, or none that can be used: then only a new enrolment helps. */
export function readIdentity(privateDir: string): Identity | undefined {
  try {
    return identity.parse(JSON.parse(readFileSync(fileIn(privateDir), 'utf8')));
  } catch {
    return undefined;
  }
}
