/** What nobody at KITS said, or said once and not now, does not stand among the words of the service, by whatever way it came. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Notice } from '../../../agent/contract/policy.ts';
import { createLog } from '../../../agent/log.ts';
import { createSignedWords, type SignedWords } from '../../../agent/report/signed-words.ts';
import { noticesHash } from '../../../agent/signing/words.ts';
import { type AgentStore, openStore } from '../../../agent/store/agent-store.ts';
import { noWords } from '../../../agent/store/words.ts';
import { falseNotice, falseNoticeKinds, genuineNotice } from '../../fixtures/false-notices.ts';
import { type Authority, authority, now } from '../signing/authority.ts';

let dir: string;
let store: AgentStore;
let kits: Authority;
let words: SignedWords;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kits-false-'));
  store = openStore(dir);
  kits = await authority();
  store.writeEnrolment({
    serverUrl: 'http://127.0.0.1:9',
    deviceId: kits.holder.device,
    municipality: 'Wasungen',
    municipalityId: kits.holder.municipality,
    state: 'active',
    serverKey: kits.server.publicKey,
    serverKeyThumbprint: kits.server.thumbprint,
    enrolledAt: now.toISOString(),
  });
  words = createSignedWords({
    store,
    enrolment: () => store.readEnrolment(),
    recoveryKey: () => undefined,
    now: () => now,
    log: createLog('error', () => undefined),
  });
});
afterAll(() => {
  store.close();
  rmSync(dir, { recursive: true });
});
const startAnew = (): void => store.writeWords({ ...noWords, trust: kits.trust, groups: kits.holder.groups });

test('a genuine one is in force', async () => {
  startAnew();
  const jws = await kits.signNotice(genuineNotice(now));
  expect(await words.take({ notice: jws })).toBe(true);
  expect(words.inForce().notices).toEqual([jws]);
});

test('one that was taken before hidden signs were refused goes by itself: the others, the policy and the keys stay', async () => {
  startAnew();
  const [good, bad] = await Promise.all([kits.signNotice(), kits.signNotice({ title: { de: 'Wartung \u202e' } })]);
  await words.take({ policy: await kits.signPolicy() });
  const saidIn = (jws: string): Notice => JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString());
  const notices = [bad, good].map((jws) => ({ jws, said: saidIn(jws) }));
  store.writeWords({ ...store.readWords(), notices });
  expect(words.inForce()).toMatchObject({ notices: [good], policy: { version: 7 } });
  expect(store.readWords().trust).toEqual(kits.trust);
});

describe.each(falseNoticeKinds)('a notice %s', (kind) => {
  test('is not in force when the event stream brings it', async () => {
    startAnew();
    const { before, jws } = await falseNotice(kind, kits, now);
    for (const notice of before) await words.take({ notice });
    expect(await words.take({ notice: jws })).toBe(false);
    expect([words.inForce().notices, words.inForce().refused]).toEqual([[], [expect.stringMatching(/^notice: /)]]);
  });

  test('is not in force when a check-in brings it, and takes no genuine one with it', async () => {
    startAnew();
    const { before, jws } = await falseNotice(kind, kits, now);
    for (const notice of before) await words.take({ notice });
    const genuine = await kits.signNotice(genuineNotice(now));
    const notices = [genuine, jws];
    const answer = {
      nonce: 'n'.repeat(22),
      serverTime: now.toISOString(),
      state: 'active',
      acknowledged: 0,
      checkInSeconds: 900,
      policyVersion: 0,
      need: [],
      reportNow: [],
      notices: noticesHash(notices),
    } as const;
    await words.takeAnswer({ ...answer, need: [], reportNow: [] }, { notices });
    expect([words.inForce().notices, words.inForce().refused]).toEqual([
      [genuine],
      [expect.stringMatching(/^notice: /)],
    ]);
  });
});
