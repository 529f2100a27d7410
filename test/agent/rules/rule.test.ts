import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { problemCodes, type Verdict } from '../../../agent/contract/report.ts';
import { controls } from '../../../agent/rules/controls.ts';
import {
  type EvidenceSection,
  evaluateRules,
  explain,
  overallState,
  ruleById,
  rules,
  worstOf,
} from '../../../agent/rules/rule.ts';
import { sharedReasons } from '../../../agent/rules/shared-reasons.ts';
import { day, earlier, goodFacts, input, judge, now, section } from './input.ts';

const verdict = (ruleId: string, kind: Verdict['verdict'], severity: Verdict['severity'] = 'info'): Verdict => ({
  ruleId,
  verdict: kind,
  severity,
  reason: 'any',
  values: {},
  evidence: [],
});

describe('facts that cannot be used are unknown', () => {
  const judgeStorage = (change: Partial<EvidenceSection>, by = {}) =>
    judge('storage-free', input({ storage: section('storage', goodFacts.storage, change) }, by));

  test.each(problemCodes)('missing with the code %s', (code) => {
    const missing = section('storage', undefined, { state: 'missing', problems: [{ code, detail: 'x' }] });
    expect(judge('storage-free', input({ storage: missing }))).toMatchObject({
      verdict: 'unknown',
      severity: 'warning',
      reason: 'facts-missing',
      values: { section: 'storage', code },
      evidence: [{ section: 'storage', path: 'problems[0].code', value: code }],
      de: expect.stringMatching(/^Es liegen keine Angaben zu den Laufwerken vor: [A-Z][^_]+\.$/),
    });
  });

  test.each([
    ['missing', goodFacts.storage],
    ['complete', undefined],
    ['complete', null],
  ] as const)('state %s with data %s', (state, data) => {
    const found = judge('storage-free', input({ storage: section('storage', data, { state }) }));
    expect(found).toMatchObject({ verdict: 'unknown', reason: 'facts-missing', values: { code: 'not-collected' } });
  });

  test.each([
    [3 * day, 'storage-enough'],
    [3 * day + 1, 'facts-stale'],
    [-5 * 60_000, 'storage-enough'],
    [-5 * 60_000 - 1, 'facts-from-future'],
  ])('%i ms old: %s', (ms, reason) => {
    expect(judgeStorage({ collectedAt: earlier(ms) })).toMatchObject({ reason });
  });

  test('stale ones say how old they are', () => {
    expect(judgeStorage({ collectedAt: earlier(9 * day) })).toMatchObject({
      de: 'Die letzten Angaben zu den Laufwerken sind 9 Tage alt und sagen nichts mehr über heute.',
      evidence: [{ section: 'storage', path: 'collectedAt', value: earlier(9 * day) }],
    });
  });

  test('on the server the known offset of the device is taken out, on the device it is not', () => {
    const collectedAt = earlier(-3_600_000);
    const ahead = { clockOffsetSeconds: 3600 };
    const heard = { lastAt: now };
    expect(judgeStorage({ collectedAt }, { ...ahead, heard })).toMatchObject({ verdict: 'met' });
    expect(judgeStorage({ collectedAt }, { heard })).toMatchObject({ reason: 'facts-from-future' });
    expect(judgeStorage({ collectedAt }, ahead)).toMatchObject({ reason: 'facts-from-future' });
    expect(judgeStorage({}, { clockOffsetSeconds: Number.NaN, heard })).toMatchObject({
      reason: 'facts-stale',
      de: 'Wie alt die Angaben zu den Laufwerken sind, ist nicht erkennbar.',
    });
  });

  test('a clock that was set since does not make them young: on the server the offset of then is taken out', () => {
    const heard = { lastAt: now };
    const by = (collectedAt: string, offsetThen: number, offsetNow: number) => {
      const storage = { ...section('storage', goodFacts.storage), collectedAt, clockOffsetSeconds: offsetThen };
      return judge('storage-free', input({ storage }, { clockOffsetSeconds: offsetNow, heard }));
    };
    const days = 40 * 86_400;
    // 40 days ahead when they were collected, 40 days ago.
    expect(by(earlier(0), days, 0)).toMatchObject({ reason: 'facts-stale' });
    expect(by(earlier(-days * 1000), days, 0)).toMatchObject({ verdict: 'met' });
    expect(by(earlier(days * 1000), -days, 0)).toMatchObject({ verdict: 'met' });
    expect(by(earlier(0), 0, days)).toMatchObject({ verdict: 'met' });
    expect(by(earlier(0), Number.NaN, 0)).toMatchObject({ reason: 'facts-stale' });
  });

  test('with a wrong value, named by its path', () => {
    const volumes = [goodFacts.storage.volumes[0], { ...goodFacts.storage.volumes[0], freeBytes: -1 }];
    const found = judge('storage-free', input({ storage: section('storage', { disks: [], volumes }) }));
    expect(found).toMatchObject({
      verdict: 'unknown',
      reason: 'facts-invalid',
      evidence: [{ section: 'storage', path: 'volumes[1].freeBytes', value: null }],
    });
    expect(judge('storage-free', input({ storage: section('storage', 'text') }))?.evidence[0]?.path).toBe('data');
  });

  test('in a section that is none itself', () => {
    expect(judgeStorage({ collectedAt: 'yesterday' })).toMatchObject({ verdict: 'unknown', reason: 'facts-invalid' });
  });
});

describe('evaluateRules', () => {
  test('gives one verdict per rule that applies, sorted, and leaves out what only the server knows', () => {
    const ids = (by = {}) => evaluateRules(input({}, by)).map(({ ruleId }) => ruleId);
    const server = { heard: {}, deviceState: 'active' };
    expect(ids(server)).toEqual(ids(server).toSorted());
    expect(new Set(ids(server)).size).toBe(ids(server).length);
    expect(ids(server).filter((id) => !ids().includes(id))).toEqual(['device-heard', 'device-trusted']);
  });

  test('a rule that fails is unknown and does not take the others along', () => {
    const broken = { ...section('usb', {}), problems: undefined } as unknown as EvidenceSection;
    const verdicts = evaluateRules(input({ usb: broken }));
    expect(verdicts.find(({ ruleId }) => ruleId === 'agent-healthy')).toMatchObject({
      verdict: 'unknown',
      reason: 'rule-failed',
    });
    expect(verdicts.find(({ ruleId }) => ruleId === 'storage-free')).toMatchObject({ verdict: 'met' });
  });

  test('at a time that is none nothing is met', () => {
    const verdicts = evaluateRules(input({}, { now: new Date(Number.NaN), clockOffsetSeconds: 0 }));
    expect(new Set(verdicts.map(({ reason }) => reason))).toEqual(new Set(['rule-failed']));
  });

  test('one red and one unknown from facts', () => {
    const full = { disks: [], volumes: [{ ...goodFacts.storage.volumes[0], freeBytes: 0 }] };
    const verdicts = evaluateRules(input({ storage: section('storage', full), os: undefined }));
    const kindOf = (id: string) => verdicts.find(({ ruleId }) => ruleId === id)?.verdict;
    expect(['agent-healthy', 'clock-correct', 'os-supported', 'storage-free'].map(kindOf)).toEqual([
      'met',
      'unknown',
      'unknown',
      'not-met',
    ]);
    expect(overallState(verdicts)).toBe('critical');
    expect(worstOf(verdicts)?.ruleId).toBe('storage-free');
  });

  test('all is well only when each rule could judge', () => {
    expect(overallState(evaluateRules(input({}, { clockOffsetSeconds: 1, heard: { lastAt: now } })))).toBe('ok');
    expect(overallState(evaluateRules(input({}, { heard: { lastAt: now } })))).toBe('unknown');
  });
});

describe('overallState and worstOf', () => {
  const met = verdict('met', 'met');
  const unknown = verdict('unknown', 'unknown', 'warning');
  const info = verdict('info', 'not-met', 'info');
  const warning = verdict('warning', 'not-met', 'warning');
  const critical = verdict('critical', 'not-met', 'critical');
  const exempt = verdict('exempt', 'exempt', 'critical');
  const strange = { ...met, ruleId: 'strange', verdict: 'splendid' } as unknown as Verdict;

  test.each([
    ['nothing', [], 'unknown', undefined],
    ['only exemptions', [exempt], 'unknown', undefined],
    ['met', [met], 'ok', undefined],
    ['met and exempt', [met, exempt], 'ok', undefined],
    ['met and a hint', [met, info], 'ok', 'info'],
    ['met and unknown', [met, unknown], 'unknown', 'unknown'],
    ['a hint before unknown', [info, unknown], 'unknown', 'unknown'],
    ['unknown and warning', [unknown, warning], 'attention', 'warning'],
    ['everything', [met, info, unknown, warning, critical, exempt], 'critical', 'critical'],
    ['a verdict that does not exist', [met, strange], 'unknown', undefined],
  ])('%s', (_, verdicts, state, worst) => {
    expect(overallState(verdicts)).toBe(state);
    expect(overallState(verdicts.toReversed())).toBe(state);
    expect(worstOf(verdicts)?.ruleId).toBe(worst);
    expect(worstOf(verdicts.toReversed())?.ruleId).toBe(worst);
  });

  test('among equals the first', () => {
    expect(worstOf([met, { ...critical, ruleId: 'a' }, { ...critical, ruleId: 'b' }])?.ruleId).toBe('a');
  });
});

describe('explain', () => {
  test('names a rule and a reason of a newer version by their codes', () => {
    expect(explain({ ...verdict('disk-shredded', 'not-met'), reason: 'no-key' })).toEqual({
      title: { de: 'Regel „disk-shredded“', en: 'Rule “disk-shredded”' },
      explanation: {
        de: 'Ergebnis: nicht erfüllt (Grund: no-key). Diese Fassung kennt dafür noch keinen erklärenden Text.',
        en: 'Result: not met (reason: no-key). This version has no explanation for it yet.',
      },
    });
  });

  test.each(['constructor', 'to-string', 'valueof'])('the reason %s of a known rule has no words', (reason) => {
    const { title, explanation } = explain({ ...verdict('storage-free', 'unknown'), reason });
    expect(title).toEqual(ruleById('storage-free')?.title);
    expect(explanation.de).toContain(`Grund: ${reason}`);
  });

  test('missing values are called unknown', () => {
    expect(explain({ ...verdict('storage-free', 'not-met', 'critical'), reason: 'storage-full' }).explanation).toEqual({
      de: 'Auf dem Laufwerk unbekannt sind nur noch unbekannt % frei (unbekannt von unbekannt).',
      en: 'Drive unknown has only unknown % left (unknown of unknown).',
    });
  });

  test('a value without a visible character is called unknown', () => {
    const found = { ...verdict('storage-free', 'unknown'), reason: 'volume-implausible' };
    const values = { mountPoint: '\u0000\u200B\uD800' };
    expect(explain({ ...found, values }).explanation.en).toContain('about drive unknown cannot');
  });

  test('hostile values are one line of plain text', () => {
    const values = {
      mountPoint: '/a\n\u202E<b>\u0000\u2028',
      freePercent: Number.NaN,
      freeBytes: 1e300,
      sizeBytes: '5',
    };
    const { de } = explain({ ...verdict('storage-free', 'not-met'), reason: 'storage-full', values }).explanation;
    expect(de).toBe('Auf dem Laufwerk /a <b> sind nur noch unbekannt % frei (unbekannt von unbekannt).');
  });
});

describe('words and controls', () => {
  /** Reasons as they are written in the files: the first string after the call that makes a finding, or a ternary's. */
  const written = (file: string): string[] => {
    const source = readFileSync(new URL(`../../../agent/rules/${file}`, import.meta.url), 'utf8');
    const body = source.slice(Math.max(0, source.lastIndexOf('  evaluate(')));
    const before = source.slice(0, source.indexOf('export const'));
    const calls = `${before}${body}`.matchAll(
      /(?:\b(?:met|unknown|exempt)\(\s*|notMet\(\s*(?:'\w+'|\w+|\w+ \? '\w+' : '\w+'),\s*|reason: )(?:[^'(){};]*\? )?'([a-z0-9-]+)'(?: : '([a-z0-9-]+)')?/g,
    );
    return [...calls].flatMap(([, one, other]) => [one!, ...(other === undefined ? [] : [other])]);
  };

  test.each(rules.map(({ id }) => [id]))(
    'each reason that %s can give has a sentence, and no sentence is idle',
    (id) => {
      const rule = ruleById(id)!;
      const file = readdirSync(new URL('../../../agent/rules', import.meta.url)).find((name) =>
        readFileSync(new URL(`../../../agent/rules/${name}`, import.meta.url), 'utf8').includes(`  id: '${id}',`),
      );
      expect(new Set(written(file!))).toEqual(new Set(Object.keys(rule.words)));
    },
  );

  test('so has each reason that all rules share', () => {
    expect(new Set([...written('reading.ts'), ...written('exceptions.ts'), 'rule-failed'])).toEqual(
      new Set(Object.keys(sharedReasons)),
    );
  });

  test('every sentence is whole in both languages, and own reasons do not hide shared ones', () => {
    for (const { id, title, words } of rules) {
      expect([title.de, title.en].every((text) => text.length > 2)).toBe(true);
      for (const reason of [...Object.keys(words), ...Object.keys(sharedReasons)]) {
        const { explanation } = explain({ ...verdict(id, 'unknown'), reason });
        expect(explanation.de, `${id} ${reason}`).toMatch(/^[A-ZÄÖÜ0-9ub].{20,}\.$/);
        expect(explanation.en, `${id} ${reason}`).toMatch(/^[A-Z0-9u].{20,}\.$/);
        expect(explanation.de).not.toContain('Diese Fassung kennt');
        expect(explanation.de).not.toBe(explanation.en);
      }
      expect(Object.keys(words).filter((reason) => Object.hasOwn(sharedReasons, reason))).toEqual([]);
    }
  });

  test('rules are sorted by ids that the contract allows, and cite controls that are known', () => {
    const ids = rules.map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted());
    for (const rule of rules) {
      expect(rule.id).toMatch(/^[a-z][a-z0-9-]{0,59}$/);
      expect(rule.controls.length).toBeGreaterThan(0);
      expect(rule.controls.filter((control) => !Object.hasOwn(controls, control))).toEqual([]);
    }
  });
});
