/** The policy on its way from a real server to a real agent, and what the agent makes of it. */
import { expect, test } from 'vitest';
import { explainSettingsCommand } from '../../../agent/commands/inspect.ts';
import { jwsTypes } from '../../../agent/contract/wire.ts';
import { signJws } from '../../../agent/signing/jws.ts';
import { generateKey, type SigningKey } from '../../../agent/signing/keys.ts';
import { setPolicy } from '../../fakes/office-words.ts';
import { dayMs, leaveAlone, meddleWithCheckIns, refusedBy, settingsOf, town } from './words-town.ts';

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
