import { describe, expect, test } from 'vitest';
import { compareVersions, isVersion } from '../../../agent/contract/version-order.ts';
import {
  failureOf,
  maxAttempts,
  nextStep,
  type Observed,
  proofWithinMs,
  type Trial,
} from '../../../agent/upgrade/trial.ts';
import { fc, tries } from '../../fixtures/properties.ts';

const now = Date.parse('2026-11-25T12:00:00Z');
const versions = ['1.0.0', '1.1.0', '1.2.0'] as const;
const version = fc.constantFrom(...versions);
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });

const trial: fc.Arbitrary<Trial> = fc
  .record({
    to: version,
    from: maybe(version),
    state: fc.constantFrom('trial' as const, 'proven' as const, 'failed' as const, 'rolled-back' as const),
    startedAt: maybe(
      fc.constantFrom(now - 60_000, now - 2 * proofWithinMs, now + 60_000).map((at) => new Date(at).toISOString()),
    ),
    attempts: fc.integer({ min: 0, max: maxAttempts + 2 }),
  })
  .map(({ from, startedAt, ...rest }) => ({
    format: 1,
    ...rest,
    ...(from === undefined ? {} : { from }),
    ...(startedAt === undefined ? {} : { startedAt }),
  }));
const observed: fc.Arbitrary<Observed> = fc.record({
  current: maybe(version),
  proven: maybe(version),
  present: fc.uniqueArray(version, { minLength: 1 }).map((list) => list.toSorted(compareVersions)),
  trial: maybe(trial),
  running: fc.boolean(),
  now: fc.constant(now),
});

/** What a step does to the machine, as far as the next decision sees it. A version that has started counts. */
function after(state: Observed): Observed {
  const next = nextStep(state);
  switch (next.step) {
    case 'begin': {
      const startedAt = state.trial?.startedAt ?? new Date(now).toISOString();
      return { ...state, running: true, trial: state.trial && { ...state.trial, startedAt, attempts: 1 } };
    }
    case 'start':
      return { ...state, running: true };
    case 'switch': {
      const failed = state.trial?.state === 'trial' && state.trial.to === state.current;
      return {
        ...state,
        current: next.to,
        running: true,
        ...(failed && state.trial !== undefined ? { trial: { ...state.trial, state: 'failed' } } : {}),
      };
    }
    case 'close':
      return { ...state, trial: state.trial && { ...state.trial, state: 'rolled-back' } };
    case 'settle':
      return { ...state, proven: state.current };
    case 'none':
    case 'lost':
      return state;
  }
}

describe('whatever is found', () => {
  test('a few steps end with a version that is here and runs', () => {
    fc.assert(
      fc.property(observed, (start) => {
        let state = start;
        for (let step = 0; step < 8 && nextStep(state).step !== 'none'; step += 1) state = after(state);
        expect(nextStep(state).step).toBe('none');
        expect(state.running).toBe(true);
        expect(state.present).toContain(state.current);
      }),
      { numRuns: tries(2000) },
    );
  });

  test('it never goes to a version that is not here, nor away from the last proven one', () => {
    fc.assert(
      fc.property(observed, (state) => {
        const next = nextStep(state);
        if (next.step !== 'switch') return;
        expect(state.present).toContain(next.to);
        const knowsProven = state.proven !== undefined && state.present.includes(state.proven);
        if (knowsProven) expect(next.to).toBe(state.proven);
      }),
      { numRuns: tries(2000) },
    );
  });

  test('a version stays without proof only while its trial has time left', () => {
    fc.assert(
      fc.property(observed, (state) => {
        const { current, proven, present, trial: record } = state;
        fc.pre(proven !== undefined && present.includes(proven) && current !== undefined && current !== proven);
        if (!['none', 'start', 'begin'].includes(nextStep(state).step)) return;
        expect(record).toMatchObject({ to: current, state: 'trial' });
        expect(record === undefined ? 'no record' : failureOf(record, now)).toBeUndefined();
      }),
      { numRuns: tries(2000) },
    );
  });
});

test.each([
  ['the time is over', { startedAt: new Date(now - proofWithinMs).toISOString(), attempts: 1 }],
  ['the clock was set back behind the start', { startedAt: new Date(now + 1000).toISOString(), attempts: 1 }],
  ['the time is none', { startedAt: 'yesterday', attempts: 1 }],
  ['it was started too often', { startedAt: new Date(now).toISOString(), attempts: maxAttempts + 1 }],
  ['the count is none', { startedAt: new Date(now).toISOString(), attempts: Number.NaN }],
])('a trial has failed when %s', (_name, record) => {
  expect(failureOf({ format: 1, to: '1.1.0', from: '1.0.0', state: 'trial', ...record }, now)).toContain('1.1.0');
});

describe('versions', () => {
  test('are ordered as numbers, and what comes before a release is older', () => {
    const ordered = ['0.9.9', '0.10.0-rc.1', '0.10.0-rc.2', '0.10.0-rc.10', '0.10.0', '1.0.0', '1.0.1', '1.10.0'];
    expect(
      fc.sample(fc.shuffledSubarray(ordered, { minLength: ordered.length }), 1)[0]?.toSorted(compareVersions),
    ).toEqual(ordered);
  });
  test.each([
    '',
    '1',
    '1.2',
    '1.2.3.4',
    '../1.2.3',
    '1.2.3/..',
    '1.2.3-',
    '1.2.3-A',
    'v1.2.3',
    '1.2.3\n',
    '999999.0.0',
    `1.0.0-${'a'.repeat(40)}`,
  ])('%j is none, and cannot be compared', (text) => {
    expect(isVersion(text)).toBe(false);
    expect(() => compareVersions(text, '1.0.0')).toThrow(RangeError);
  });
});
