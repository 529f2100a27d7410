/** Joins this machine to a server: pins the server's key, makes the device's own, hands in the token. */
import { randomBytes } from 'node:crypto';
import type { Trust } from '../contract/keys.ts';
import { contractVersion, type Fingerprint } from '../contract/report.ts';
import {
  type EnrolmentRequest,
  enrolmentAnswer,
  enrolmentResponse,
  jwsTypes,
  keysResponse,
  nonceHeader,
} from '../contract/wire.ts';
import { signJws, verifyJws } from '../signing/jws.ts';
import {
  currentServerKey,
  findPinnedKey,
  followAnnouncements,
  pinnedTrust,
  type VerificationKey,
} from '../signing/key-set.ts';
import type { SigningKey } from '../signing/keys.ts';
import type { AgentStore, Enrolment } from '../store/agent-store.ts';
import { noWords } from '../store/words.ts';
import { agentVersion } from '../version.ts';
import { json, refusalOf, ServerRefused } from './refusal.ts';
import { isLoopback, type ServerClient, ServerUnreachable } from './server-client.ts';

export interface EnrolInput {
  readonly client: ServerClient;
  readonly store: AgentStore;
  readonly key: SigningKey;
  readonly token: string;
  /** RFC 7638 thumbprint of the server's key; may be absent for a server on this machine only. */
  readonly serverKey?: string;
  /** Thumbprint of the recovery key, where one is pinned. */
  readonly recoveryKey?: string;
  readonly hostname: string;
  readonly platform: 'linux' | 'win32';
  readonly fingerprint: Fingerprint;
  readonly now: () => Date;
}

/** Throws `ServerUnreachable`, `ServerRefused`, or `ServerRefused` "server-key" when the server cannot show the pinned key. */
export async function enrol(input: EnrolInput): Promise<Enrolment> {
  const { client, store, key, serverKey, recoveryKey, now } = input;
  if (serverKey === undefined && !isLoopback(new URL(client.baseUrl).hostname)) {
    throw new ServerRefused(
      0,
      'server-key',
      'enrolment needs the thumbprint of the server key (--server-key); without it anybody on the way could pose as the server',
    );
  }
  const trust = await findTrust(client, serverKey, recoveryKey);
  const server = await currentServerKey(trust);
  const nonce = randomBytes(18).toString('base64url');
  const request: EnrolmentRequest = {
    contractVersion,
    nonce,
    token: input.token,
    hostname: input.hostname,
    platform: input.platform,
    agentVersion,
    fingerprint: input.fingerprint,
  };
  const response = await client.send({
    method: 'POST',
    path: '/agent/v1/enrol',
    headers: { 'content-type': 'application/jose' },
    body: Buffer.from(await signJws(jwsTypes.enrolment, request, key, { embedKey: true })),
  });
  if (response.status >= 300) throw refusalOf(response);
  const { answer: statement } = await readable(async () => enrolmentResponse.parse(json(response)));
  const answer = await readable(() => verifyJws(jwsTypes.answer, statement, [server], enrolmentAnswer));
  if (answer.nonce !== nonce) throw new ServerRefused(0, 'answer-invalid', 'the answer was made for another enrolment');
  const enrolment: Enrolment = {
    serverUrl: client.baseUrl,
    deviceId: answer.deviceId,
    municipality: answer.municipality.name,
    municipalityId: answer.municipality.id,
    state: answer.state,
    serverKey: server.publicKey,
    serverKeyThumbprint: server.thumbprint,
    ...(recoveryKey === undefined ? {} : { recoveryKeyThumbprint: recoveryKey }),
    enrolledAt: now().toISOString(),
    statement,
  };
  store.writeEnrolment(enrolment);
  // Words to the device this one was before are not for the one it is now.
  store.writeWords({ ...noWords, trust });
  const fresh = response.headers[nonceHeader];
  store.changeExchange({
    ...(fresh === undefined ? {} : { nonce: fresh, counter: 0 }),
    checkInSeconds: answer.checkInSeconds,
    serverTimeFloor: Math.max(store.readExchange().serverTimeFloor, Date.parse(answer.serverTime)),
    clockOffsetSeconds: Math.round((now().getTime() - Date.parse(answer.serverTime)) / 1000),
  });
  return enrolment;
}

/**
 * Shows a server that no longer knows this device (restored from a backup made before the enrolment) what it signed then. The
 * device is there again as one that waits for its approval by KITS; key, queue and words stay as they are. Throws
 * `ServerUnreachable` or `ServerRefused`.
 */
export async function readmit(
  input: Pick<EnrolInput, 'client' | 'store' | 'key' | 'hostname' | 'platform' | 'fingerprint'>,
  enrolment: Enrolment & { readonly statement: string },
  server: VerificationKey,
): Promise<void> {
  const { client, store, key, hostname, platform, fingerprint } = input;
  const nonce = randomBytes(18).toString('base64url');
  const said = { contractVersion, nonce, hostname, platform, agentVersion, fingerprint };
  const request: EnrolmentRequest = { ...said, enrolled: enrolment.statement };
  const response = await client.send({
    method: 'POST',
    path: '/agent/v1/enrol',
    headers: { 'content-type': 'application/jose' },
    body: Buffer.from(await signJws(jwsTypes.enrolment, request, key, { embedKey: true })),
  });
  if (response.status >= 300) throw refusalOf(response);
  const { answer: statement } = await readable(async () => enrolmentResponse.parse(json(response)));
  const answer = await readable(() => verifyJws(jwsTypes.answer, statement, [server], enrolmentAnswer));
  if (answer.nonce !== nonce || answer.deviceId !== enrolment.deviceId) {
    throw new ServerRefused(0, 'answer-invalid', 'the answer was made for another enrolment');
  }
  // The statement of the enrolment stays: this one is no better, and a spurious "unknown" must change nothing.
  if (answer.state !== enrolment.state) store.writeEnrolment({ ...enrolment, state: answer.state });
  const fresh = response.headers[nonceHeader];
  if (fresh !== undefined) store.changeExchange({ nonce: fresh, counter: 0 });
}

/**
 * From the pin to the key in force, over the announcements the server shows; without a pin (loopback) from the first key.
 * Throws `ServerUnreachable`, or `ServerRefused` "server-key" when no way leads from the pin to a key of this server.
 */
export async function findTrust(
  client: ServerClient,
  pin: string | undefined,
  recoveryKey: string | undefined,
): Promise<Trust> {
  const response = await client.send({ method: 'GET', path: '/agent/v1/keys' });
  if (response.status >= 300) throw refusalOf(response);
  const shown = await readable(async () => keysResponse.parse(json(response)));
  const pinned = pin === undefined ? shown.keys[0] : await findPinnedKey(pin, shown);
  if (pinned !== undefined) {
    const { trust } = await followAnnouncements(pinnedTrust(pinned), shown.announcements, recoveryKey);
    const { publicKey } = await currentServerKey(trust);
    if (shown.keys.some(({ x }) => x === publicKey.x)) return trust;
  }
  throw new ServerRefused(
    0,
    'server-key',
    `no way leads from the key ${pin ?? ''} to one this server signs with. Either the thumbprint is misspelt, or the key was ` +
      'lost and replaced (then give its new thumbprint, or that of the recovery key), or this is not the KITS server',
  );
}

/** A page to sign in to a guest network is an answer too, with status 200. */
async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new ServerUnreachable(
      'answer-invalid',
      `What answered is not the KITS server (${(cause as Error).message.slice(0, 200)}). Check the address, and whether ` +
        'something between answers in its place. Nothing was changed.',
      { cause },
    );
  }
}
