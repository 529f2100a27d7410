/** What the agent makes of a clock that is set, is wrong, or stands against a certificate. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createLog } from '../../../agent/log.ts';
import { createClockWatch, readClockJumps } from '../../../agent/report/clock-jumps.ts';
import { knownOffsetSeconds, knownServerTime } from '../../../agent/report/known-time.ts';
import { clockOrCertificate } from '../../../agent/report/tls-clock.ts';
import { openStore } from '../../../agent/store/agent-store.ts';

const now = new Date('2026-11-24T09:00:00Z');
const day = 86_400_000;
const plus = (days: number): Date => new Date(now.getTime() + days * day);

function watched() {
  const dir = mkdtempSync(join(tmpdir(), 'kits-clock-'));
  const time = { wall: now.getTime(), boot: 5_000_000 };
  const clock = { now: () => new Date(time.wall), monotonicMs: () => time.boot, sinceBootMs: () => time.boot };
  const log = createLog('error', () => undefined);
  const self = { store: openStore(dir), time, look: (): void => undefined, restart: (): void => undefined };
  const begin = (): void => {
    self.look = createClockWatch(self.store, clock, log).look;
    self.look();
  };
  self.restart = () => {
    self.store.close();
    self.store = openStore(dir);
    begin();
  };
  begin();
  onTestFinished(() => {
    self.store.close();
    rmSync(dir, { recursive: true });
  });
  return {
    self,
    /** Time goes by, asleep or awake. */
    pass: (ms: number): void => {
      time.wall += ms;
      time.boot += ms;
    },
    set: (ms: number): void => {
      time.wall += ms;
    },
    jumps: () => readClockJumps(self.store).map(({ seconds, noticed }) => [seconds, noticed]),
  };
}

describe('a clock that is set', () => {
  test('is noticed while running, either way; sleep, small steps and time that passes are no jump', () => {
    const { self, pass, set, jumps } = watched();
    pass(60_000);
    self.look();
    pass(9 * 3_600_000);
    self.look();
    set(29_000);
    self.look();
    expect(jumps()).toEqual([]);
    set(3600_000);
    self.look();
    set(-400 * day);
    pass(1000);
    self.look();
    expect(jumps()).toEqual([
      [3600, 'running'],
      [-400 * 86_400, 'running'],
    ]);
  });

  test('is noticed at the next start when it was set back; forward it cannot be told from being off', () => {
    const { self, set, jumps } = watched();
    set(day);
    self.time.boot = 1000;
    self.restart();
    expect(jumps()).toEqual([]);
    set(-3 * day);
    self.time.boot = 1000;
    self.restart();
    expect(jumps()).toEqual([[-3 * 86_400, 'restart']]);
  });

  test('moves what is known of the server’s time along; the last eight are kept', () => {
    const { self, set, jumps } = watched();
    self.store.changeExchange({ clockOffsetSeconds: 5, serverTimeFloor: now.getTime() });
    for (let jump = 1; jump <= 9; jump += 1) {
      set(jump * 60_000);
      self.look();
    }
    expect(self.store.readExchange().clockOffsetSeconds).toBe(5 + 45 * 60);
    expect(jumps()).toHaveLength(8);
    expect(jumps()[0]).toEqual([120, 'running']);
  });
});

describe('the server’s time', () => {
  test('is the clock less its offset, and never before what the server has said', () => {
    expect(knownServerTime({ serverTimeFloor: 0 }, now)).toBeUndefined();
    const floor = plus(-1).getTime();
    expect(knownServerTime({ serverTimeFloor: floor, clockOffsetSeconds: 3600 }, now)).toEqual(
      new Date(now.getTime() - 3_600_000),
    );
    expect(knownServerTime({ serverTimeFloor: floor, clockOffsetSeconds: 5 }, plus(-4000))).toEqual(new Date(floor));
  });

  test('shows that a clock has fallen behind although it was right when it was last compared', () => {
    const floor = plus(-1).getTime();
    expect(knownOffsetSeconds({ serverTimeFloor: floor, clockOffsetSeconds: 0 }, now)).toBe(0);
    expect(knownOffsetSeconds({ serverTimeFloor: floor, clockOffsetSeconds: 0 }, plus(-11))).toBe(-10 * 86_400);
    expect(knownOffsetSeconds({ serverTimeFloor: floor }, now)).toBeUndefined();
  });
});

describe('a certificate the clock does not like', () => {
  const valid = (from: number, to: number) => ({ from: plus(from), to: plus(to) });
  const floor = (days: number): number => plus(days).getTime();

  test.each([
    [
      'not yet valid: the clock is behind',
      'CERT_NOT_YET_VALID',
      valid(10, 100),
      { serverTimeFloor: 0 },
      'clock-blocks-tls',
    ],
    [
      'it ended before a time the server has named',
      'CERT_HAS_EXPIRED',
      valid(-90, -3),
      { serverTimeFloor: floor(-2) },
      'tls-expired',
    ],
    [
      'that, and the clock is years ahead',
      'CERT_HAS_EXPIRED',
      valid(-4000, -3000),
      { serverTimeFloor: floor(-2999) },
      'tls-expired',
    ],
    [
      'it ended yesterday, last contact before',
      'CERT_HAS_EXPIRED',
      valid(-90, -1),
      { serverTimeFloor: floor(-2) },
      'tls-expired',
    ],
    [
      'it ended years ago by this clock, and was good at the last contact',
      'CERT_HAS_EXPIRED',
      valid(-4000, -3900),
      { serverTimeFloor: floor(-3950) },
      'clock-blocks-tls',
    ],
    [
      'years ago, and the server was never heard of',
      'CERT_HAS_EXPIRED',
      valid(-4000, -3900),
      { serverTimeFloor: 0 },
      'clock-blocks-tls',
    ],
    [
      'measured: the server’s time is before its end',
      'CERT_HAS_EXPIRED',
      valid(-90, -1),
      { serverTimeFloor: floor(-5), serverTime: plus(-4) },
      'clock-blocks-tls',
    ],
    [
      'measured: the server’s time is past its end',
      'CERT_HAS_EXPIRED',
      valid(-90, -40),
      { serverTimeFloor: floor(-50), serverTime: plus(-39) },
      'tls-expired',
    ],
    ['nothing could be read of it', 'CERT_HAS_EXPIRED', undefined, { serverTimeFloor: floor(-2) }, 'tls-expired'],
    [
      'its dates are nonsense',
      'CERT_HAS_EXPIRED',
      { from: new Date(Number.NaN), to: new Date(Number.NaN) },
      { serverTimeFloor: 0 },
      'tls-expired',
    ],
  ] as const)('%s', (_name, raw, validity, knowledge, expected) => {
    expect(clockOrCertificate(raw, validity, { now, ...knowledge })).toBe(expected);
  });
});
