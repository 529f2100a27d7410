/** Joins this machine to a server: pins the server's key, makes the device's own, hands in the token. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { contractVersion, type Fingerprint } from '../contract/report.ts';
import {
  type EnrolmentRequest,
  enrolmentAnswer,
  enrolmentResponse,
  jwsTypes,
  nonceHeader,
  publicKey,
} from '../contract/wire.ts';
import { signJws, verifyJws } from '../signing/jws.ts';
import { type SigningKey, thumbprintOf } from '../signing/keys.ts';
import type { AgentStore, Enrolment } from '../store/agent-store.ts';
import { agentVersion } from '../version.ts';
import { isLoopback, type ServerClient } from './server-client.ts';
import { json, refusalOf, ServerRefused } from './server-link.ts';

export interface EnrolInput {
  readonly client: ServerClient;
  readonly store: AgentStore;
  readonly key: SigningKey;
  readonly token: string;
  /** RFC 7638 thumbprint of the server's key; may be absent for a server on this machine only. */
  readonly serverKey?: string;
  readonly hostname: string;
  readonly platform: 'linux' | 'win32';
  readonly fingerprint: Fingerprint;
  readonly now: () => Date;
}

/** Throws `ServerUnreachable`, `ServerRefused`, or `ServerRefused` "server-key" when the server cannot show the pinned key. */
export async function enrol(input: EnrolInput): Promise<Enrolment> {
  const { client, store, key, serverKey, now } = input;
  if (serverKey === undefined && !isLoopback(new URL(client.baseUrl).hostname)) {
    throw new ServerRefused(
      0,
      'server-key',
      'enrolment needs the thumbprint of the server key (--server-key); without it anybody on the way could pose as the server',
    );
  }
  const pinned = await findServerKey(client, serverKey);
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
  const answer = await verifyJws(
    jwsTypes.answer,
    enrolmentResponse.parse(json(response)).answer,
    [pinned],
    enrolmentAnswer,
  );
  if (answer.nonce !== nonce) throw new ServerRefused(0, 'answer-invalid', 'the answer was made for another enrolment');
  const enrolment: Enrolment = {
    serverUrl: client.baseUrl,
    deviceId: answer.deviceId,
    municipality: answer.municipality.name,
    state: answer.state,
    serverKey: pinned.publicKey,
    serverKeyThumbprint: pinned.thumbprint,
    enrolledAt: now().toISOString(),
  };
  store.writeEnrolment(enrolment);
  const fresh = response.headers[nonceHeader];
  store.changeExchange({
    ...(fresh === undefined ? {} : { nonce: fresh, counter: 0 }),
    checkInSeconds: answer.checkInSeconds,
    serverTimeFloor: Math.max(store.readExchange().serverTimeFloor, Date.parse(answer.serverTime)),
    clockOffsetSeconds: Math.round((now().getTime() - Date.parse(answer.serverTime)) / 1000),
  });
  return enrolment;
}

/** The pinned key, or the first one where nothing is pinned (loopback). Throws `ServerUnreachable` or `ServerRefused`. */
export async function findServerKey(
  client: ServerClient,
  pin: string | undefined,
): Promise<{ publicKey: Enrolment['serverKey']; thumbprint: string }> {
  const response = await client.send({ method: 'GET', path: '/agent/v1/keys' });
  if (response.status >= 300) throw refusalOf(response);
  const { keys } = z.object({ keys: z.array(publicKey).min(1).max(16) }).parse(json(response));
  for (const candidate of keys) {
    // Computed here: the server's own word about its thumbprint would pin nothing.
    const thumbprint = await thumbprintOf(candidate);
    if (pin === undefined || pin === thumbprint) return { publicKey: candidate, thumbprint };
  }
  throw new ServerRefused(
    0,
    'server-key',
    `the server does not hold the key ${pin ?? ''}. Either the thumbprint is misspelt, or this is not the KITS server`,
  );
}
