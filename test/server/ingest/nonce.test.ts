import { randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { makeNonce, nonceLifetimeMs, readNonce } from '../../../server/ingest/nonce.ts';

const key = randomBytes(32);
const device = randomUUID();
const issued = Date.parse('2026-11-24T08:00:00Z');
const nonce = makeNonce(key, device, issued);
const minuteMs = 60_000;

test('a nonce gives back when it was issued', () => {
  expect(readNonce(key, device, nonce, issued + minuteMs, 0)).toBe(issued);
});

test.each([
  ['up to the end of its life', nonceLifetimeMs - 1, issued],
  ['not at its end', nonceLifetimeMs, undefined],
  ['5 minutes before it was issued: server processes may differ', -5 * minuteMs, issued],
  ['not earlier than that', -5 * minuteMs - 1, undefined],
])('it is good %s', (_name, after, expected) => {
  expect(readNonce(key, device, nonce, issued + after, 0)).toBe(expected);
});

test('one from the future is good for a device that has used such a one already', () => {
  expect(readNonce(key, device, nonce, issued - nonceLifetimeMs, issued - minuteMs)).toBe(issued);
});

test('it is good for one device and one server only', () => {
  expect(readNonce(key, randomUUID(), nonce, issued, 0)).toBeUndefined();
  expect(readNonce(randomBytes(32), device, nonce, issued, 0)).toBeUndefined();
});

test.each(['', 'none', nonce.slice(0, -4), `${nonce}AAAA`, `B${nonce.slice(1)}`, 'ü'.repeat(32)])(
  '"%s" is none',
  (text) => {
    expect(readNonce(key, device, text, issued, 0)).toBeUndefined();
  },
);
