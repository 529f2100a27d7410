import { describe, expect, test } from 'vitest';
import type { AgentFacts } from '../../../agent/contract/facts/operation.ts';
import { problemCodes } from '../../../agent/contract/report.ts';
import type { EvidenceSection } from '../../../agent/rules/rule.ts';
import { day, earlier, goodFacts, hour, input, judge, now, section } from './input.ts';

const collectedAt = earlier(hour);
const judgeAgent = (change: Partial<AgentFacts>, others: Readonly<Record<string, EvidenceSection>> = {}) =>
  judge(
    'agent-healthy',
    input({ agent: section('agent', { ...goodFacts.agent, ...change }, { collectedAt }), ...others }),
  );
const waitingSince = (ms: number) => ({
  queue: { waiting: 3, refused: 0, oldestAt: new Date(Date.parse(collectedAt) - ms).toISOString() },
});

test('nothing wrong is met', () => {
  expect(judgeAgent({})).toMatchObject({
    verdict: 'met',
    reason: 'agent-works',
    de: 'Der KITS Agent (Version 0.1.0) arbeitet fehlerfrei.',
  });
});

describe('each complaint is a warning with evidence', () => {
  test('refused reports', () => {
    expect(judgeAgent({ queue: { waiting: 0, refused: 1 } })).toMatchObject({
      verdict: 'not-met',
      severity: 'warning',
      reason: 'reports-refused',
      evidence: [{ section: 'agent', path: 'queue.refused', value: 1 }],
      de: '1 Bericht dieses Geräts wurde vom KITS-Server endgültig abgelehnt.',
    });
    expect(judgeAgent({ queue: { waiting: 0, refused: 2 } })?.en).toBe(
      '2 reports of this device were refused for good by the KITS server.',
    );
  });

  test('reports that do not get through', () => {
    expect(judgeAgent({ queue: { waiting: 0, refused: 0, aside: 2 } })).toMatchObject({
      verdict: 'not-met',
      severity: 'warning',
      reason: 'reports-aside',
      evidence: [{ section: 'agent', path: 'queue.aside', value: 2 }],
      de: '2 Berichte dieses Geräts kommen nicht bis zum KITS-Server durch. Sie sind zurückgestellt und werden täglich neu versucht.',
    });
    expect(judgeAgent({ queue: { waiting: 0, refused: 0, aside: 1 } })?.en).toBe(
      '1 report of this device does not get through to the KITS server; set aside and tried again every day.',
    );
  });

  test.each([
    [day, 'met', 'agent-works'],
    [day + 1, 'not-met', 'reports-waiting'],
    [-5 * 60_000, 'met', 'agent-works'],
    [-5 * 60_000 - 1, 'not-met', 'reports-waiting'],
  ])('oldest report waiting for %i ms when the facts were read: %s', (ms, verdict, reason) => {
    expect(judgeAgent(waitingSince(ms))).toMatchObject({ verdict, reason });
  });

  test('waiting reports of unknown age', () => {
    expect(judgeAgent({ queue: { waiting: 1, refused: 0 } })).toMatchObject({
      reason: 'reports-waiting',
      values: { waiting: 1 },
      de: '1 Bericht wartet auf die Übertragung; seit wann, ist nicht erkennbar.',
    });
    expect(judgeAgent(waitingSince(3 * day))?.de).toBe(
      '3 Berichte warten auf die Übertragung, der älteste seit 3 Tagen.',
    );
  });

  test('missing rights', () => {
    expect(judgeAgent({ privileged: false })).toMatchObject({
      severity: 'warning',
      reason: 'rights-missing',
      evidence: [{ section: 'agent', path: 'privileged', value: false }],
    });
  });

  test('settings that were not taken', () => {
    expect(judgeAgent({ settingsProblems: ['checkInSeconds: 5'] })).toMatchObject({
      severity: 'warning',
      reason: 'settings-ignored',
      evidence: [{ section: 'agent', path: 'settingsProblems[0]', value: 'checkInSeconds: 5' }],
      de: 'Eine Einstellung des KITS Agent ist ungültig: checkInSeconds: 5.',
    });
    expect(judgeAgent({ settingsProblems: ['a', 'b'] })?.de).toBe(
      '2 Einstellungen des KITS Agent sind ungültig, darunter: a.',
    );
  });

  test('words of the server that were not accepted', () => {
    expect(judgeAgent({ refusedWords: ['policy: signature', 'notice: audience'] })).toMatchObject({
      severity: 'warning',
      reason: 'words-refused',
      values: { count: 2, first: 'policy: signature' },
      evidence: [
        { section: 'agent', path: 'refusedWords[0]', value: 'policy: signature' },
        { section: 'agent', path: 'refusedWords[1]', value: 'notice: audience' },
      ],
    });
  });

  test('a policy that has run out; one that has not is none', () => {
    const policyUntil = (policyExpiresAt: string) => judgeAgent({ policyVersion: 7, policyExpiresAt });
    const hours = (count: number) => new Date(now.getTime() + count * 3_600_000).toISOString();
    expect(policyUntil(hours(1))?.verdict).toBe('met');
    expect(policyUntil(hours(0))).toMatchObject({ severity: 'warning', reason: 'policy-expired' });
    expect(policyUntil('2026-10-01T00:00:00Z')?.de).toBe(
      'Die Richtlinie (Version 7) ist am 01.10.2026 abgelaufen und gilt weiter, bis der KITS-Server eine neue schickt.',
    );
  });

  test('sections that fail', () => {
    const failing = (id: string) =>
      section(id, undefined, {
        state: 'missing',
        problems: [
          { code: 'denied', detail: '' },
          { code: 'bug', detail: '' },
        ],
      });
    expect(judgeAgent({}, { usb: failing('usb') })).toMatchObject({
      severity: 'warning',
      reason: 'sections-failing',
      evidence: [{ section: 'usb', path: 'problems[1].code', value: 'bug' }],
      de: 'Der Abschnitt usb des Berichts konnte wegen eines Fehlers nicht richtig gelesen werden.',
    });
    expect(judgeAgent({}, { usb: failing('usb'), cpu: failing('cpu') })?.en).toBe(
      '2 sections of the report could not be read properly because of a fault: usb, cpu.',
    );
  });

  test.each(problemCodes)('a section with the problem %s', (code) => {
    const problems = [{ code, detail: 'x' }];
    const partial = judgeAgent({}, { usb: section('usb', {}, { state: 'partial', problems }) });
    const missing = judgeAgent({}, { usb: section('usb', undefined, { state: 'missing', problems }) });
    expect(partial?.verdict).toBe(['bug', 'timeout'].includes(code) ? 'not-met' : 'met');
    expect(missing?.verdict).toBe(['bug', 'timeout', 'invalid'].includes(code) ? 'not-met' : 'met');
  });
});

test('a long list of failing sections is cut to what the contract allows', () => {
  const ids = Array.from({ length: 20 }, (_, index) => `section-${'x'.repeat(28)}-${index}`);
  const failing = (id: string) => section(id, {}, { state: 'partial', problems: [{ code: 'timeout', detail: '' }] });
  const verdict = judgeAgent({}, Object.fromEntries(ids.map((id) => [id, failing(id)])));
  expect(verdict?.values['sections']).toHaveLength(260);
  expect(verdict?.values['count']).toBe(20);
});

test('tells the first complaint and gives the evidence of all', () => {
  const settingsProblems = Array.from({ length: 32 }, (_, index) => `key-${index}`);
  const verdict = judgeAgent(
    { ...waitingSince(2 * day), privileged: false, settingsProblems },
    { usb: section('usb', {}, { state: 'partial', problems: [{ code: 'timeout', detail: '' }] }) },
  );
  expect(verdict?.reason).toBe('reports-waiting');
  const paths = verdict?.evidence.map(({ section: id, path }) => `${id}.${path}`);
  expect(paths).toEqual(expect.arrayContaining(['agent.queue.oldestAt', 'agent.privileged', 'usb.problems[0].code']));
});

test('without its own section the agent is unknown', () => {
  expect(judge('agent-healthy', input({ agent: undefined }))).toMatchObject({
    verdict: 'unknown',
    reason: 'facts-missing',
    values: { section: 'agent', code: 'not-collected' },
  });
});
