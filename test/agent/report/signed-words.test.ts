/** Signed words on their way from a real server to a real agent: notices, the keys they are signed with, and what comes in their place. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openAgent } from '../../../agent/agent.ts';
import { jwsTypes } from '../../../agent/contract/wire.ts';
import { createLog } from '../../../agent/log.ts';
import { loadSettings } from '../../../agent/settings/settings.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import { generateKey } from '../../../agent/signing/keys.ts';
import { verifyNotice } from '../../../agent/signing/words.ts';
import { moveNoticeKeyOffline, rotateServerKey } from '../../../server/key-rotation.ts';
import { groupOf, noticeOf, publish, setPolicy } from '../../fakes/office-words.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { fc, tries } from '../../fixtures/properties.ts';
import { vm } from '../../fixtures/vm.ts';
import { dayMs, folder, leaveAlone, meddleWithCheckIns, refusedBy, settingsOf, town } from './words-town.ts';

test('a notice stands in status.json with the check-in that brings it, and the tray can verify it', async () => {
  const here = await town();
  const group = await groupOf(here.server.context, here.municipality, [here.agent.enrolment()!.deviceId]);
  const audience = { municipality: here.municipality, group };
  const notice = noticeOf(here.municipality, { audience }, here.clock.now());
  const jws = await publish(here.server, notice);
  await publish(here.server, noticeOf(await here.addMunicipality('Belrieth'), {}, here.clock.now()));
  await here.agent.exchange();
  expect(here.published().notices).toEqual([jws]);
  const { trust, holder } = here.trustFile();
  expect(await verifyNotice(jws, { trust, holder, now: here.clock.now() })).toMatchObject({ id: notice.id });

  here.clock.pass(1000);
  const recall = await publish(here.server, { ...notice, recalled: true, issuedAt: here.clock.now().toISOString() });
  await setPolicy(here.server.context, here.deviceKey, { linkHosts: ['kits.example.de'] });
  await here.agent.exchange();
  // The tray hears of the recall, so that it refuses the first wording too, and where links may lead.
  expect(here.published()).toMatchObject({ notices: [], recalls: [recall], linkHosts: ['kits.example.de'] });
  // Its first wording does not come back, by whatever way.
  expect(await here.agent.words.take({ notice: jws })).toBe(false);
  here.agent.publishStatus();
  expect(here.published().notices).toEqual([]);
  expect(refusedBy(here)).toEqual(['notice: older']);
});

test('a notice ends by itself, and one to come waits for its time', async () => {
  const here = await town();
  const now = here.clock.now();
  const later = (days: number) => new Date(now.getTime() + days * dayMs).toISOString();
  const [today, tomorrow] = [
    await publish(here.server, noticeOf(here.municipality, { validUntil: later(2) }, now)),
    await publish(here.server, noticeOf(here.municipality, { validFrom: later(1), validUntil: later(3) }, now)),
  ];
  const shown = () => {
    here.agent.publishStatus();
    return here.published().notices;
  };
  await here.agent.exchange();
  await here.stopServer();
  expect(shown()).toEqual([today]);
  here.clock.pass(1.5 * dayMs);
  expect(new Set(shown())).toEqual(new Set([today, tomorrow]));
  here.clock.pass(dayMs);
  expect(shown()).toEqual([tomorrow]);
  here.clock.pass(dayMs);
  expect(shown()).toEqual([]);
});

test('notices that were held back, forged or swapped are not shown, and the device says so', async () => {
  const here = await town();
  const jws = await publish(here.server, noticeOf(here.municipality, {}, here.clock.now()));
  const forged = await signJws(jwsTypes.notice, noticeOf(here.municipality, {}, here.clock.now()), await generateKey());
  for (const notices of [undefined, [], [forged], [jws, forged], ['a.b.c']]) {
    meddleWithCheckIns(here, (response) => ({ ...response, notices }));
    await here.agent.exchange();
    here.agent.publishStatus();
    expect([here.published().notices, refusedBy(here)]).toEqual([[], ['notice: withheld']]);
  }
  leaveAlone(here);
  await here.agent.exchange();
  expect([here.published().notices, refusedBy(here)]).toEqual([[jws], []]);
});

test('a database that was tampered with puts no words on a screen', async () => {
  const here = await town();
  const notice = noticeOf(here.municipality, {}, here.clock.now());
  const good = await publish(here.server, notice);
  const planted = await signJws(
    jwsTypes.notice,
    { ...notice, title: { de: 'Bitte hier anmelden' } },
    await generateKey(),
  );
  const { id: _id, ...row } = await here.server.context.db.selectFrom('notices').selectAll().executeTakeFirstOrThrow();
  await here.server.context.db
    .insertInto('notices')
    .values({ ...row, number: row.number + 1, id: '5f0c0b52-5d5b-4a55-9f0a-6f1f0a9b8c7d', jws: planted })
    .execute();
  await here.agent.exchange();
  expect([here.published().notices, refusedBy(here)]).toEqual([[good], ['notice: key']]);
});

test('a database set back to before a recall brings no notice back', async () => {
  const here = await town();
  const notice = noticeOf(here.municipality, {}, here.clock.now());
  const first = await publish(here.server, notice);
  here.clock.pass(1000);
  await publish(here.server, { ...notice, recalled: true, issuedAt: here.clock.now().toISOString() });
  await here.agent.exchange();
  await here.server.context.db.updateTable('notices').set({ jws: first }).execute();
  for (let times = 0; times < 2; times += 1) {
    await here.agent.exchange();
    here.agent.publishStatus();
    expect([here.published().notices, refusedBy(here)]).toEqual([[], ['notice: older']]);
  }
});

test('a device that staff moved to another municipality follows, and hears only the new one', async () => {
  const here = await town();
  await publish(here.server, noticeOf(here.municipality, {}, here.clock.now()));
  await here.agent.exchange();
  const other = await here.addMunicipality('Breitungen');
  const welcome = await publish(here.server, noticeOf(other, {}, here.clock.now()));
  await here.server.context.db.updateTable('devices').set({ municipality_id: other }).execute();
  await here.agent.exchange();
  expect(here.published()).toMatchObject({ device: { municipality: 'Breitungen' }, notices: [welcome] });
  expect(here.trustFile().holder.municipality).toBe(other);
});

test('a new server key is followed at the next check-in, also over several changes and after a lost receipt', async () => {
  const here = await town();
  const notice = noticeOf(here.municipality, {}, here.clock.now());
  const jws = await publish(here.server, notice);
  await setPolicy(here.server.context, here.deviceKey, { checkInSeconds: 300 });
  await here.agent.exchange();
  const first = here.agent.enrolment()!.serverKeyThumbprint;
  await here.agent.round('cheap');
  here.between.meddle = (path) => (path === '/agent/v1/reports' ? 'drop' : 'forward');
  await expect(here.agent.exchange()).rejects.toMatchObject({ name: 'ServerUnreachable' });
  leaveAlone(here);

  await here.stopServer();
  for (let times = 0; times < 2; times += 1) {
    await rotateServerKey(here.serverDir, { overlapDays: 30, now: here.clock.now() });
  }
  await here.startServer();
  expect(here.server.keyThumbprint).not.toBe(first);
  expect(await here.agent.exchange()).toMatchObject({ accepted: 1 });
  expect(here.agent.enrolment()).toMatchObject({ serverKeyThumbprint: here.server.keyThumbprint });
  expect(here.agent.words.inForce()).toMatchObject({ policy: { version: 1 }, notices: [jws], refused: [] });
  await here.restartAgent();
  await here.agent.exchange();

  // Whoever is enrolled now, with the old pin or with the new one, ends with the same keys.
  for (const serverKey of [first, here.server.keyThumbprint]) {
    const dataDir = join(folder(), 'agent');
    const settings = loadSettings();
    const machine = recordedMachine(vm, { hostname: 'neu' });
    const log = createLog('error', () => undefined);
    const newcomer = await openAgent({ dataDir, settings, machine, log, clock: here.clock });
    onTestFinished(() => newcomer.close());
    await newcomer.enrol({ server: here.between.url, token: here.token, serverKey });
    await newcomer.exchange();
    expect(newcomer.words.trust()).toEqual(here.agent.words.trust());
    expect(newcomer.words.inForce().notices).toEqual([jws]);
  }
});

test('a lost server key is replaced by the recovery key; a device that has not pinned it stays with what it knows', async () => {
  const recovery = await generateKey();
  const here = await town({ recoveryKey: recovery.thumbprint });
  const without = await town();
  for (const place of [here, without]) {
    await setPolicy(place.server.context, place.deviceKey, { checkInSeconds: 300 });
    await publish(place.server, noticeOf(place.municipality, {}, place.clock.now()));
    await place.agent.exchange();
    await place.stopServer();
    rmSync(join(place.serverDir, 'keys'), { recursive: true });
    await expect(place.startServer()).rejects.toThrow('rotate-key --recovery-key');
    await rotateServerKey(place.serverDir, { overlapDays: 30, recoveryKey: recovery, now: place.clock.now() });
    await place.startServer();
  }
  // What the lost notice key has signed goes with the key, whatever else the check-in may bring.
  await here.agent.words.takeKeys(here.server.context.announcements);
  expect(here.agent.words.inForce()).toMatchObject({ policy: { version: 1 }, notices: [] });
  // What it has said stays in force until the new key says it again, which it is asked to.
  expect([here.agent.store.readWords().policy?.generation, here.agent.words.known().wantPolicy]).toEqual([0, true]);
  await here.agent.exchange();
  expect(here.agent.enrolment()).toMatchObject({ serverKeyThumbprint: here.server.keyThumbprint });
  const { generation } = here.agent.words.trust();
  expect(generation).toBeGreaterThan(0);
  expect(here.agent.words.inForce()).toMatchObject({ policy: { version: 1 }, notices: [], refused: [] });
  expect(here.agent.store.readWords().policy?.generation).toBe(generation);
  const again = await publish(here.server, noticeOf(here.municipality, {}, here.clock.now()));
  await here.agent.exchange();
  expect(here.published().notices).toEqual([again]);

  await expect(without.agent.exchange()).rejects.toMatchObject({ code: 'answer-invalid' });
  expect(refusedBy(without)).toEqual(['keys: key']);
  expect(settingsOf(without).checkInSeconds).toBe(300);
});

test('once the notice key is offline, the server alone cannot speak to people any more', async () => {
  const here = await town();
  await here.agent.exchange();
  const offline = await generateKey();
  await here.stopServer();
  await moveNoticeKeyOffline(here.serverDir, { noticeKey: offline.publicKey, overlapDays: 0, now: here.clock.now() });
  await here.startServer();
  await here.agent.exchange();
  await expect(publish(here.server, noticeOf(here.municipality))).rejects.toThrow('no notice key');
  const jws = await publish(here.server, noticeOf(here.municipality, {}, here.clock.now()), offline);
  await here.agent.exchange();
  expect(here.published().notices).toEqual([jws]);
  await here.stopServer();
  const another = { noticeKey: (await generateKey()).publicKey, overlapDays: 0, now: here.clock.now() };
  await expect(moveNoticeKeyOffline(here.serverDir, another)).rejects.toThrow('--recovery-key');
});

test('whatever comes in place of words, the last good ones stay in force', async () => {
  const here = await town();
  const jws = await publish(here.server, noticeOf(here.municipality, {}, here.clock.now()));
  await setPolicy(here.server.context, here.deviceKey, { checkInSeconds: 300 });
  await here.agent.exchange();
  const { trust } = here.agent.store.readWords();
  const nonsense = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constant(jws),
    fc.tuple(fc.base64String(), fc.base64String(), fc.base64String()).map((parts) => parts.join('.')),
  );
  const part = fc.oneof(nonsense, fc.array(nonsense, { maxLength: 3 }));
  const words = fc.record({ keys: part, policy: part, notices: part, answer: part }, { requiredKeys: [] });
  await fc.assert(
    fc.asyncProperty(words, async (instead) => {
      meddleWithCheckIns(here, (response) => ({ ...response, ...instead }));
      // The server takes six check-ins a minute from one device.
      here.clock.pass(11_000);
      const failed = await here.agent.exchange().then(
        () => undefined,
        (error: Error) => error.name,
      );
      expect([undefined, 'ServerUnreachable']).toContain(failed);
      expect(here.agent.words.inForce()).toMatchObject({ policy: { version: 1 }, notices: [jws] });
      expect(here.agent.store.readWords().trust).toEqual(trust);
    }),
    { numRuns: tries(100) },
  );
  leaveAlone(here);
  await here.agent.exchange();
  expect(refusedBy(here)).toEqual([]);
});
