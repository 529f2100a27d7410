/** Signed words on their way from a real server to a real agent, with a middleman who can hold back and forge. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { type Agent, openAgent } from '../../../agent/agent.ts';
import { explainSettingsCommand } from '../../../agent/commands/inspect.ts';
import { trustFile } from '../../../agent/contract/keys.ts';
import { status } from '../../../agent/contract/status.ts';
import { type CheckInResponse, jwsTypes } from '../../../agent/contract/wire.ts';
import { createLog } from '../../../agent/log.ts';
import type { Clock } from '../../../agent/platform/clock.ts';
import { loadSettings } from '../../../agent/settings/settings.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import { generateKey, type SigningKey } from '../../../agent/signing/keys.ts';
import { verifyNotice } from '../../../agent/signing/words.ts';
import { moveNoticeKeyOffline, rotateServerKey } from '../../../server/key-rotation.ts';
import { createServer, type KitsServer } from '../../../server/server.ts';
import { standBetween } from '../../fakes/middleman.ts';
import { groupOf, noticeOf, publish, setPolicy } from '../../fakes/office-words.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { startTestServer } from '../../fakes/test-server.ts';
import { vm } from '../../fixtures/vm.ts';

const dayMs = 86_400_000;

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'kits-words-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** One time for both sides; it moves when it is told to. */
function sharedTime(): Clock & { pass(ms: number): void } {
  let ahead = 0;
  return {
    now: () => new Date(Date.now() + ahead),
    monotonicMs: () => performance.now() + ahead,
    sinceBootMs: () => performance.now() + ahead,
    pass: (ms) => {
      ahead += ms;
    },
  };
}

async function town(pins: { recoveryKey?: string } = {}) {
  const clock = sharedTime();
  const serverDir = join(folder(), 'server');
  const first = await startTestServer({ dataDir: serverDir, now: clock.now });
  let server: KitsServer = first;
  let running = true;
  onTestFinished(() => (running ? server.close() : undefined));
  const between = await standBetween(server.url);
  const dataDir = join(folder(), 'agent');
  const open = async (): Promise<Agent> =>
    openAgent({
      dataDir,
      settings: loadSettings(),
      machine: recordedMachine(vm, { hostname: 'rathaus-07' }),
      log: createLog('error', () => undefined),
      clock,
    });
  let agent = await open();
  onTestFinished(() => agent.close());
  const { token, municipalityId } = first;
  await agent.enrol({ server: between.url, token, serverKey: server.keyThumbprint, ...pins });
  return {
    clock,
    serverDir,
    dataDir,
    between,
    municipality: municipalityId,
    addMunicipality: first.addMunicipality,
    token,
    get server(): KitsServer & { dataDir: string } {
      return { ...server, dataDir: serverDir };
    },
    get agent(): Agent {
      return agent;
    },
    deviceKey: `device-${agent.enrolment()?.deviceId}`,
    published: () => status.parse(JSON.parse(readFileSync(join(dataDir, 'public', 'status.json'), 'utf8'))),
    trustFile: () => trustFile.parse(JSON.parse(readFileSync(join(dataDir, 'public', 'trust.json'), 'utf8'))),
    restartAgent: async () => {
      agent.close();
      agent = await open();
    },
    stopServer: async () => {
      await server.close();
      running = false;
    },
    startServer: async () => {
      server = await createServer({ dataDir: serverDir, now: clock.now, logLevel: 'silent' });
      running = true;
      between.target = server.url;
    },
  };
}
type Town = Awaited<ReturnType<typeof town>>;

/** Changes what check-ins bring on their way. */
function meddleWithCheckIns({ between }: Town, change: (response: CheckInResponse) => object): void {
  between.meddle = (path, answer) =>
    path === '/agent/v1/check-in' ? Buffer.from(JSON.stringify(change(JSON.parse(answer.toString())))) : 'forward';
}
const leaveAlone = ({ between }: Town): void => {
  between.meddle = () => 'forward';
};

const settingsOf = ({ agent }: Town) => agent.settings().settings;
const refusedBy = ({ agent }: Town) => agent.words.inForce().refused;

test('a policy is in force with the check-in that brings it, is reported back, and survives a restart', async () => {
  const here = await town();
  await setPolicy(here.server.context, here.deviceKey, {
    checkInSeconds: 300,
    fullRoundMinutes: 60,
    withoutSections: ['usb'],
    thresholds: { screenLockSeconds: 300 },
  });
  expect(settingsOf(here)).toMatchObject({ checkInSeconds: 900, withoutSections: [] });
  await here.agent.exchange();
  const expected = {
    checkInSeconds: 300,
    fullRoundMinutes: 60,
    withoutSections: ['usb'],
    thresholds: { screenLockSeconds: 300, securityUpdateWarningDays: 7 },
  };
  expect(settingsOf(here)).toMatchObject(expected);
  expect(here.agent.store.readExchange().checkInSeconds).toBe(300);
  expect(here.agent.settings().origins).toMatchObject({
    checkInSeconds: 'server-policy',
    cheapRoundMinutes: 'default',
    'thresholds.screenLockSeconds': 'server-policy',
    'thresholds.securityUpdateWarningDays': 'default',
  });
  const { sections } = await here.agent.round('full');
  expect(sections.map(({ id }) => id)).not.toContain('usb');
  expect(sections.find(({ id }) => id === 'agent')?.data).toMatchObject({ policyVersion: 1 });
  await here.agent.exchange();
  const device = await here.server.context.db.selectFrom('devices').select('policy_version').executeTakeFirstOrThrow();
  expect(device.policy_version).toBe(1);

  await here.stopServer();
  await here.restartAgent();
  expect(settingsOf(here)).toMatchObject(expected);
  const lines: string[] = [];
  const options = { 'data-dir': here.dataDir };
  await explainSettingsCommand({
    options,
    out: (line) => lines.push(line),
    err: () => undefined,
    signal: new AbortController().signal,
  });
  expect(lines.join('\n')).toMatch(/Server policy: version 1, until /);
  expect(lines.join('\n')).toMatch(/checkInSeconds +server-policy +300/);
  expect(lines.join('\n')).toMatch(/thresholds\.screenLockSeconds +server-policy +300/);
  expect(lines.join('\n')).toMatch(/thresholds\.restartWarningDays +default +3/);
});

test('a section the policy takes away is not judged by what was read of it before', async () => {
  const here = await town();
  await here.agent.round('full');
  here.agent.publishStatus();
  const judged = () => here.published().verdicts.find(({ ruleId }) => ruleId === 'os-supported');
  expect(judged()).toMatchObject({ verdict: 'met' });
  await setPolicy(here.server.context, here.deviceKey, { withoutSections: ['os'] });
  await here.agent.exchange();
  expect(judged()).toMatchObject({ verdict: 'unknown' });
});

test('a policy is asked for anew at half its life; one that ran out stays in force and says so', async () => {
  const here = await town();
  await setPolicy(here.server.context, here.deviceKey, { thresholds: { screenLockSeconds: 300 } });
  await here.agent.exchange();
  const first = here.agent.words.inForce().policy!;
  here.clock.pass(29 * dayMs);
  await here.agent.exchange();
  expect(here.agent.words.inForce().policy).toEqual(first);
  here.clock.pass(2 * dayMs);
  await here.agent.exchange();
  const second = here.agent.words.inForce().policy!;
  expect(second).toMatchObject({ version: 1, settings: first.settings });
  expect(Date.parse(second.issuedAt)).toBeGreaterThan(Date.parse(first.issuedAt));

  await here.stopServer();
  here.clock.pass(61 * dayMs);
  await here.agent.round('full');
  here.agent.publishStatus();
  expect(settingsOf(here).thresholds.screenLockSeconds).toBe(300);
  expect(here.published().verdicts.find(({ ruleId }) => ruleId === 'agent-healthy')?.evidence).toContainEqual({
    section: 'agent',
    path: 'policyExpiresAt',
    value: second.expiresAt,
  });
});

test('whom to turn to in an emergency stands in the status, without the server too, and follows the policy', async () => {
  const here = await town();
  const municipality = `municipality-${here.municipality}` as const;
  const hotline = { labelDe: 'KITS-Hotline', phone: '03693 485-0', hoursDe: 'Mo bis Fr 7 bis 17 Uhr' };
  await setPolicy(here.server.context, municipality, {
    contacts: [hotline, { labelDe: 'Leitung', labelEn: 'Head', mail: 'kits@lra.example' }],
  });
  here.agent.publishStatus();
  expect(here.published().contacts).toBeUndefined();
  await here.agent.exchange();
  const { policy } = here.agent.words.inForce();
  const expected = {
    asOf: policy?.issuedAt,
    policyVersion: 1,
    entries: [
      {
        label: { de: 'KITS-Hotline', en: 'KITS-Hotline' },
        phone: '03693 485-0',
        hours: { de: 'Mo bis Fr 7 bis 17 Uhr', en: 'Mo bis Fr 7 bis 17 Uhr' },
      },
      { label: { de: 'Leitung', en: 'Head' }, mail: 'kits@lra.example' },
    ],
  };
  expect(here.published().contacts).toEqual(expected);

  await here.stopServer();
  await here.restartAgent();
  here.clock.pass(200 * dayMs);
  here.agent.publishStatus();
  expect(here.published().contacts).toEqual(expected);

  await here.startServer();
  await setPolicy(here.server.context, municipality, { contacts: [] });
  await here.agent.exchange();
  expect(here.agent.words.inForce().policy?.version).toBe(2);
  expect(here.published().contacts).toBeUndefined();
});

test('an exception excuses on the device as it does on the server, and only until its end', async () => {
  const here = await town();
  await here.agent.round('full');
  here.agent.publishStatus();
  const before = here
    .published()
    .verdicts.find(({ verdict, ruleId }) => verdict === 'not-met' && ruleId !== 'agent-healthy')!;
  expect(before).toBeDefined();
  const now = here.clock.now();
  await here.server.context.db
    .insertInto('exceptions')
    .values({
      id: '5f0c0b52-5d5b-4a55-9f0a-6f1f0a9b8c7d',
      rule_id: before.ruleId,
      municipality_id: here.municipality,
      device_id: null,
      reason: 'wird ersetzt',
      approved_by: 'Amtsleitung',
      approved_at: now.toISOString(),
      expires_at: new Date(now.getTime() + 10 * dayMs).toISOString(),
      entered_by: 'test',
    })
    .execute();
  const found = () => here.published().verdicts.find(({ ruleId }) => ruleId === before.ruleId);
  here.clock.pass(1000);
  await here.agent.exchange();
  expect(found()).toMatchObject({ verdict: 'exempt', reason: 'exception' });
  here.clock.pass(11 * dayMs);
  await here.agent.round('full');
  here.agent.publishStatus();
  expect(found()).toMatchObject({ verdict: 'not-met', values: { exceptionApprovedBy: 'Amtsleitung' } });
});

test('a policy that is held back, forged, meant for another or old changes nothing and is reported', async () => {
  const here = await town();
  let first: string | undefined;
  await setPolicy(here.server.context, here.deviceKey, { checkInSeconds: 300 });
  meddleWithCheckIns(here, (response) => {
    first = response.policy;
    return response;
  });
  await here.agent.exchange();
  await setPolicy(here.server.context, here.deviceKey, { checkInSeconds: 600 });
  const version = () => here.agent.words.inForce().policy?.version;
  const { signingKey } = here.server.context;
  const change = async (key: SigningKey, audience: object = {}) => {
    const said = here.agent.words.inForce().policy!;
    const forged = {
      ...said,
      version: 9,
      audience: { ...said.audience, ...audience },
      settings: { checkInSeconds: 60 },
    };
    return signJws(jwsTypes.policy, forged, key);
  };
  const strange = '11111111-1111-4111-8111-111111111111';
  for (const [reason, policy] of [
    ['withheld', undefined],
    ['malformed', 'a.b.c'],
    ['key', await change(await generateKey())],
    ['audience', await change(signingKey, { device: strange })],
    ['audience', await change(signingKey, { municipality: strange })],
  ] as const) {
    meddleWithCheckIns(here, (response) => ({ ...response, policy }));
    await here.agent.exchange();
    expect([version(), settingsOf(here).checkInSeconds, refusedBy(here)]).toEqual([1, 300, [`policy: ${reason}`]]);
  }
  const { sections } = await here.agent.round(['agent']);
  expect(sections.find(({ id }) => id === 'agent')?.data).toMatchObject({ refusedWords: ['policy: audience'] });

  leaveAlone(here);
  await here.agent.exchange();
  expect([version(), settingsOf(here).checkInSeconds, refusedBy(here)]).toEqual([2, 600, []]);
  meddleWithCheckIns(here, (response) => ({ ...response, policy: first }));
  await here.agent.exchange();
  expect([version(), settingsOf(here).checkInSeconds, refusedBy(here)]).toEqual([2, 600, ['policy: older']]);
});

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
    { numRuns: 100 },
  );
  leaveAlone(here);
  await here.agent.exchange();
  expect(refusedBy(here)).toEqual([]);
});
