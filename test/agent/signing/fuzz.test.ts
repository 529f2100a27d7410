/** Signed words of strangers: changed in any way they are refused with a reason, never by a fault, and never taken. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { beforeAll, expect, test } from 'vitest';
import type { HistoryHeader } from '../../../agent/contract/history.ts';
import { contractVersion } from '../../../agent/contract/report.ts';
import { jwsTypes } from '../../../agent/contract/wire.ts';
import { HistoryUnreadable } from '../../../agent/signing/history-lines.ts';
import { type JwsError, jwsRefusals, signJws } from '../../../agent/signing/jws.ts';
import { applyAnnouncement, signKeySet } from '../../../agent/signing/key-set.ts';
import { encodeFrame, type SignedReport, signReport } from '../../../agent/signing/report-frame.ts';
import { verdictOn, verifyHistory } from '../../../agent/signing/verify-history.ts';
import { type Listener, verifyNotice, verifyPolicy } from '../../../agent/signing/words.ts';
import { damagedBytes, damagedJson, damagedJws, damagedValue, fuzz, fuzzTime } from '../../fixtures/mutations.ts';
import { fc } from '../../fixtures/properties.ts';
import { type Authority, authority, forge, now } from './authority.ts';

let kits: Authority;
let listener: Listener;
let readers: readonly { readonly jws: string; readonly read: (jws: string) => Promise<unknown> }[];
beforeAll(async () => {
  kits = await authority();
  listener = { trust: kits.trust, holder: kits.holder, now };
  readers = [
    { jws: await kits.signPolicy(), read: (jws) => verifyPolicy(jws, listener) },
    { jws: await kits.signNotice(), read: (jws) => verifyNotice(jws, listener) },
    {
      jws: await signKeySet(kits.setOf(), kits.server),
      read: (jws) => applyAnnouncement(kits.trust, jws, kits.recovery.thumbprint),
    },
  ];
});

const outcome = (read: Promise<unknown>): Promise<string> =>
  read.then(
    () => 'taken',
    (error: JwsError) => (error.name === 'JwsError' ? error.reason : `fault: ${error.stack}`),
  );

const which = fc.nat(2);

test('what the mutations begin with is taken', async () => {
  for (const { jws, read } of readers) expect(await outcome(read(jws))).toBe('taken');
});

test('bytes that were changed, cut, doubled or swapped are refused', fuzzTime, async () => {
  for (const { jws, read } of readers)
    await fuzz(damagedJws(jws), async (changed) => expect(jwsRefusals).toContain(await outcome(read(changed))), 0.5);
});

test('any header over any payload, really signed, is judged and never trips', fuzzTime, async () => {
  const header = fc.record(
    {
      alg: fc.constantFrom('Ed25519', 'EdDSA', 'none', 7),
      typ: fc.constantFrom('kits-policy', 'kits-notice', 'kits-keys', ['kits-policy']),
      kid: fc.oneof(fc.jsonValue(), fc.constant('own')),
      jwk: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  await fuzz(
    fc.tuple(which, header, fc.jsonValue()),
    async ([index, head, payload]) => {
      const kid = head.kid === 'own' ? kits.server.thumbprint : head.kid;
      const made = forge({ ...head, ...(kid === undefined ? {} : { kid }) }, payload, kits.server);
      expect(jwsRefusals).toContain(await outcome(readers[index]!.read(made)));
    },
    0.2,
  );
});

test('good words with nonsense in them, really signed, are judged and never trip', fuzzTime, async () => {
  const words = [kits.policyOf(), kits.noticeOf(), kits.setOf()];
  for (const [index, said] of words.entries()) {
    const type = [jwsTypes.policy, jwsTypes.notice, jwsTypes.keys][index]!;
    const signer = [kits.server, kits.notice, kits.server][index]!;
    await fuzz(
      damagedValue<unknown>(said),
      async (changed) => {
        const jws = await signJws(type, changed, signer, { embedKey: index === 2 });
        expect([...jwsRefusals, 'taken']).toContain(await outcome(readers[index]!.read(jws)));
      },
      0.5,
    );
  }
});

test('an exported history that was changed is not proven', fuzzTime, async () => {
  const chain = await madeHistory();
  const pins = { deviceKey: kits.device.thumbprint, serverKey: kits.server.thumbprint };
  const verdict = async (header: string, entries: Uint8Array): Promise<string> => {
    try {
      return verdictOn(await verifyHistory(Readable.from([Buffer.from(`${header}\n`), entries]), pins));
    } catch (error) {
      if (!(error instanceof HistoryUnreadable)) throw error;
      return 'unreadable';
    }
  };
  const { header, entries } = chain;
  expect(await verdict(JSON.stringify(header), entries)).toBe('complete');
  await fuzz(damagedBytes, async (change) => {
    const changed = change(entries);
    const found = await verdict(JSON.stringify(header), changed);
    if (!entries.equals(changed)) expect(['gaps', 'broken', 'unreadable']).toContain(found);
  });
  // Of the header only the time of the export is nobody's word.
  await fuzz(damagedJson(header), async (text) => {
    if ((await verdict(text, entries)) !== 'complete') return;
    const { exportedAt: _, ...said } = JSON.parse(text);
    const { exportedAt: __, ...words } = header;
    expect(said).toMatchObject(words);
  });
});

/** Three reports of a device, in one epoch. */
async function madeHistory(): Promise<{ header: HistoryHeader; entries: Buffer }> {
  const { device: deviceId } = kits.holder;
  const [storeEpoch, exportedAt] = [randomUUID(), now.toISOString()];
  const parts: Uint8Array[] = [];
  let last: SignedReport | undefined;
  for (const sequence of [1, 2, 3]) {
    last = await signReport(
      {
        contractVersion,
        reportId: randomUUID(),
        deviceId,
        storeEpoch,
        sequence,
        class: 'full',
        createdAt: exportedAt,
        ...(last === undefined ? {} : { previousHash: last.envelopeHash }),
      },
      Buffer.from(`{"note":"Bericht ${sequence}"}`),
      kits.device,
    );
    parts.push(encodeFrame(last), Buffer.from('\n'));
  }
  const epochs = [{ storeEpoch, sequence: 3, envelopeHash: last?.envelopeHash ?? '' }];
  const header: HistoryHeader = {
    format: 'kits-history',
    version: 1,
    deviceId,
    key: kits.device.publicKey,
    exportedAt,
    serverKey: kits.server.publicKey,
    statement: await signJws(jwsTypes.history, { deviceId, exportedAt, epochs }, kits.server),
  };
  return { header, entries: Buffer.concat(parts) };
}
