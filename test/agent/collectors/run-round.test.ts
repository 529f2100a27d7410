import { expect, test } from 'vitest';
import { CollectError, type Collector } from '../../../agent/collectors/collector.ts';
import { runRound } from '../../../agent/collectors/run-round.ts';
import { sectionIds } from '../../../agent/contract/facts/index.ts';
import { type KnownSection, section } from '../../../agent/contract/report.ts';
import { systemClock } from '../../../agent/platform/clock.ts';
import { canonicalHash } from '../../../agent/signing/canonical.ts';
import { recordedMachine } from '../../fakes/recorded-machine.ts';
import { collectors, contextOf } from './context.ts';

const facts = { totalBytes: 5 };
const good: Collector<'memory'> = {
  id: 'memory',
  platforms: ['linux'],
  timeoutMs: 5000,
  round: 'full',
  collect: async () => facts,
};
const named = (id: string, change: Partial<Collector>): Collector =>
  ({ ...good, ...change, id: id as 'memory' }) as Collector;

/** A round of the given collectors beside a good one; every section must fit the contract. */
async function round(...others: Collector[]): Promise<ReadonlyMap<string, KnownSection>> {
  const sections = await runRound([...others, good], contextOf(recordedMachine({})), {
    clock: systemClock,
    concurrency: 2,
  });
  for (const one of sections) expect(section.safeParse(one).success).toBe(true);
  const byId = new Map(sections.map((one) => [one.id as string, one]));
  expect(byId.get('memory')).toMatchObject({
    state: 'complete',
    data: facts,
    hash: canonicalHash(facts),
    problems: [],
  });
  return byId;
}

test('a collector that hangs and ignores its signal is left behind', async () => {
  let aborted = false;
  const hanging = named('cpu', {
    timeoutMs: 20,
    collect: ({ signal }) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise(() => undefined);
    },
  });
  const section = (await round(hanging)).get('cpu');
  expect(section).toMatchObject({ state: 'missing', problems: [{ code: 'timeout' }], hash: canonicalHash(null) });
  expect(section).not.toHaveProperty('data');
  expect(aborted).toBe(true);
});

test.each([
  ['an error', () => Promise.reject(new TypeError('no such thing')), 'bug'],
  ['something that is no error', () => Promise.reject('words'), 'bug'],
  ['something that has no words', () => Promise.reject(Object.create(null)), 'bug'],
  [
    'a synchronous error',
    () => {
      throw new RangeError('early');
    },
    'bug',
  ],
  ['its own word', () => Promise.reject(new CollectError('denied', 'root only')), 'denied'],
  ['facts of another shape', () => Promise.resolve({ totalBytes: -1 }), 'invalid'],
  ['no facts', () => Promise.resolve(undefined), 'invalid'],
  [
    'a lone surrogate',
    () => Promise.resolve({ totalBytes: 1, modules: [{ locator: '\ud800', sizeBytes: 1 }] }),
    'invalid',
  ],
])('a collector that gives %s makes its own section missing and no other', async (_name, collect, code) => {
  const memory = named('memory', { collect: collect as Collector['collect'] });
  const [bad] = await runRound([memory], contextOf(recordedMachine({})), { clock: systemClock });
  expect(bad).toMatchObject({ state: 'missing', problems: [{ code }], hash: canonicalHash(null) });
  await round(named('cpu', { collect: collect as Collector['collect'] }));
});

test('facts with a noted gap are partial; what is noted after the end is not', async () => {
  let late: (() => void) | undefined;
  const memory = named('memory', {
    collect: async ({ problem }) => {
      problem('denied', `${'x'.repeat(600)}`);
      late = () => problem('bug', 'too late');
      return facts;
    },
  });
  const [partial] = await runRound([memory], contextOf(recordedMachine({})), { clock: systemClock });
  late?.();
  expect(partial).toMatchObject({ state: 'partial', data: facts });
  expect(partial?.problems).toHaveLength(1);
  expect(partial?.problems[0]?.detail).toHaveLength(500);
});

test('a flood of problems stays within the contract', async () => {
  const noisy = named('cpu', {
    collect: async ({ problem }) => {
      for (let index = 0; index < 1000; index += 1) problem('denied', `\ud800 ${index}`);
      return {} as never;
    },
  });
  expect((await round(noisy)).get('cpu')?.problems).toHaveLength(64);
});

test('why a section is missing is said, however much was noted before', async () => {
  const noisy = named('cpu', {
    collect: async ({ problem }) => {
      for (let index = 0; index < 100; index += 1) problem('denied', `${index}`);
      throw new CollectError('unreadable', 'the reason');
    },
  });
  const problems = (await round(noisy)).get('cpu')?.problems;
  expect(problems).toHaveLength(64);
  expect(problems?.at(-1)).toEqual({ code: 'unreadable', detail: 'the reason' });
});

test('no more than the given number run at a time, and the order of the report is that of the ids', async () => {
  let running = 0;
  let most = 0;
  const slow = (id: string): Collector =>
    named(id, {
      collect: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        throw new CollectError('not-present', id);
      },
    });
  const sections = await runRound(['usb', 'cpu', 'os', 'agent', 'memory'].map(slow), contextOf(recordedMachine({})), {
    clock: systemClock,
    concurrency: 2,
  });
  expect(most).toBe(2);
  expect(sections.map(({ id }) => id)).toEqual(['agent', 'cpu', 'memory', 'os', 'usb']);
});

test('collectors of another platform are not run', async () => {
  expect(
    await runRound([named('cpu', { platforms: ['win32'] })], contextOf(recordedMachine({})), { clock: systemClock }),
  ).toEqual([]);
});

test('every section of the contract has a collector on Linux, and none has two on one platform', () => {
  const on = (platform: 'linux' | 'win32'): string[] =>
    collectors.filter(({ platforms }) => platforms.includes(platform)).map(({ id }) => id);
  expect(on('linux').sort()).toEqual([...sectionIds].sort());
  expect(new Set(on('win32')).size).toBe(on('win32').length);
});

test('on a machine that shows nothing at all, nothing is a complete section but the agent itself', async () => {
  const sections = await runRound(collectors, contextOf(recordedMachine({})), { clock: systemClock });
  expect(sections).toHaveLength(sectionIds.length);
  for (const one of sections) {
    expect(
      one.problems.map(({ code }) => code),
      one.id,
    ).not.toContain('bug');
    if (one.id !== 'agent') expect(one.state, one.id).not.toBe('complete');
  }
});
