import { describe, expect, test } from 'vitest';
import { defaultThresholds } from '../../../agent/contract/policy.ts';
import type { EvidenceSection } from '../../../agent/rules/rule.ts';
import { GiB, input, judge, section, type Volume, volume } from './input.ts';

const judgeVolumes = (volumes: Volume[], change: Partial<EvidenceSection> = {}, thresholds = defaultThresholds) =>
  judge('storage-free', input({ storage: section('storage', { disks: [], volumes }, change) }, { thresholds }));

const sized = (freeBytes: number, sizeBytes = 1000) => volume({ freeBytes, sizeBytes });

describe('limits, exactly', () => {
  test.each([
    [0, 'not-met', 'critical', 'storage-full'],
    [29, 'not-met', 'critical', 'storage-full'],
    [30, 'not-met', 'warning', 'storage-nearly-full'],
    [99, 'not-met', 'warning', 'storage-nearly-full'],
    [100, 'met', 'info', 'storage-enough'],
    [1000, 'met', 'info', 'storage-enough'],
  ])('%i of 1000 bytes free is %s %s %s', (free, verdict, severity, reason) => {
    expect(judgeVolumes([sized(free)])).toMatchObject({ verdict, severity, reason });
  });

  test('hold for sizes whose percentage is no exact binary fraction', () => {
    expect(judgeVolumes([sized(7, 70)])).toMatchObject({ verdict: 'met' });
    expect(judgeVolumes([sized(3 * 7, 700)])).toMatchObject({ reason: 'storage-nearly-full' });
    expect(judgeVolumes([sized(899_999_999_999, 9_000_000_000_000)])).toMatchObject({ reason: 'storage-nearly-full' });
  });
});

test('says in German and English how much is left, never more than there is', () => {
  const free = Math.floor(1.29 * GiB);
  const verdict = judgeVolumes([sized(free, 60 * GiB)]);
  expect(verdict).toMatchObject({
    de: 'Auf dem Laufwerk / sind nur noch 2,1 % frei (1,2 GiB von 60 GiB).',
    en: 'Drive / has only 2.1 % left (1.2 GiB of 60 GiB).',
    values: { mountPoint: '/', freePercent: 2.1, freeBytes: free, sizeBytes: 60 * GiB },
  });
  expect(judgeVolumes([sized(2999, 100_000)])?.de).toContain('2,9 % frei');
});

test('names the fullest volume and gives evidence for each that is too full, by its place in the facts', () => {
  const verdict = judgeVolumes([
    volume({ mountPoint: '/', freeBytes: 2 * GiB }),
    volume({ mountPoint: '/data', freeBytes: 80 * GiB }),
    volume({ mountPoint: '/home', freeBytes: 1 * GiB }),
  ]);
  expect(verdict).toMatchObject({ reason: 'storage-full', values: { mountPoint: '/home', freePercent: 1 } });
  expect(verdict?.evidence).toEqual([
    { section: 'storage', path: 'volumes[2].freeBytes', value: 1 * GiB },
    { section: 'storage', path: 'volumes[2].sizeBytes', value: 100 * GiB },
    { section: 'storage', path: 'volumes[0].freeBytes', value: 2 * GiB },
    { section: 'storage', path: 'volumes[0].sizeBytes', value: 100 * GiB },
  ]);
});

test('two hundred full volumes stay within the contract', () => {
  const volumes = Array.from({ length: 200 }, (_, index) => volume({ mountPoint: `/${index}`, freeBytes: 0 }));
  expect(judgeVolumes(volumes)?.evidence).toHaveLength(32);
});

describe('which volumes count', () => {
  test.each([['readOnly'], ['remote']] as const)('a full volume that is %s does not', (flag) => {
    expect(judgeVolumes([volume(), volume({ mountPoint: '/x', freeBytes: 0, [flag]: true })])).toMatchObject({
      verdict: 'met',
      values: { mountPoint: '/' },
    });
  });

  test.each([
    ['none at all', []],
    ['only a share', [volume({ remote: true })]],
    ['only read-only media', [volume({ readOnly: true })]],
  ])('%s is unknown', (_, volumes) => {
    expect(judgeVolumes(volumes)).toMatchObject({ verdict: 'unknown', reason: 'no-volume' });
  });
});

describe('gaps', () => {
  test('enough space on what was read is unknown while something could not be read', () => {
    const problems = [{ code: 'denied' as const, detail: '/home' }];
    expect(judgeVolumes([volume()], { state: 'partial', problems })).toMatchObject({
      verdict: 'unknown',
      reason: 'volumes-incomplete',
      evidence: [{ section: 'storage', path: 'problems[0].code', value: 'denied' }],
    });
    expect(judgeVolumes([volume()], { state: 'partial', problems: [] })).toMatchObject({ verdict: 'unknown' });
  });

  test('a full volume is full, whatever else could not be read', () => {
    const problems = [{ code: 'denied' as const, detail: '/home' }];
    expect(judgeVolumes([sized(0)], { state: 'partial', problems })).toMatchObject({ reason: 'storage-full' });
  });

  test('what the machine does not have is no gap', () => {
    const problems = [{ code: 'not-present' as const, detail: 'no disk' }];
    expect(judgeVolumes([volume()], { state: 'partial', problems })).toMatchObject({ verdict: 'met' });
  });
});

test('more free than there is room for is not believed', () => {
  expect(judgeVolumes([volume(), volume({ mountPoint: '/x', freeBytes: 101 * GiB })])).toMatchObject({
    verdict: 'unknown',
    reason: 'volume-implausible',
    values: { mountPoint: '/x' },
  });
});

describe('thresholds', () => {
  const judgeBy = (warning: number, critical: number, free: number) =>
    judgeVolumes(
      [sized(free)],
      {},
      {
        ...defaultThresholds,
        storageFreeWarningPercent: warning,
        storageFreeCriticalPercent: critical,
      },
    );

  test('the wrong way round: the stricter one holds', () => {
    expect(judgeBy(3, 10, 50)).toMatchObject({ verdict: 'not-met', severity: 'critical' });
    expect(judgeBy(3, 10, 100)).toMatchObject({ verdict: 'met' });
  });

  test.each([
    [Number.NaN, 3],
    [10, Number.NaN],
    [10, Number.POSITIVE_INFINITY],
  ])('%d and %d cannot be met', (warning, critical) => {
    expect(judgeBy(warning, critical, 900)).toMatchObject({ verdict: 'unknown', reason: 'limits-invalid' });
  });
});
