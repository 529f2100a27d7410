import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import type { Status } from '../../../agent/contract/status.ts';
import { publishStatus } from '../../../agent/status/publish-status.ts';

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'kits-status-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return join(dir, 'public');
}

const value: Status = {
  contractVersion: 1,
  writtenAt: '2026-11-24T09:00:00.000Z',
  validUntil: '2026-11-24T09:15:00.000Z',
  agentVersion: '0.1.0',
  device: { hostname: 'rathaus-07', state: 'not-enrolled' },
  overall: 'unknown',
  verdicts: [],
  reporting: { waiting: 0 },
  notices: [],
  handledRequests: [],
};

test('every user may read the status, whatever the umask of the service; no draft is left', () => {
  const dir = folder();
  const before = process.umask(0o077);
  onTestFinished(() => void process.umask(before));
  publishStatus(dir, value);
  publishStatus(dir, { ...value, overall: 'ok' });
  expect(JSON.parse(readFileSync(join(dir, 'status.json'), 'utf8'))).toEqual({ ...value, overall: 'ok' });
  expect(statSync(join(dir, 'status.json')).mode & 0o777).toBe(0o644);
  expect(statSync(dir).mode & 0o777).toBe(0o755);
  expect(readdirSync(dir)).toEqual(['status.json']);
});

test('contacts are bounded and never a list of nobody', () => {
  const dir = folder();
  const entry = { label: { de: 'Hotline', en: 'Hotline' }, phone: '110' };
  const contacts = (entries: unknown[]) =>
    ({ ...value, contacts: { asOf: value.writtenAt, policyVersion: 1, entries } }) as Status;
  publishStatus(dir, contacts([entry]));
  for (const wrong of [[], Array.from({ length: 9 }, () => entry), [{ ...entry, phone: '<a href>' }]]) {
    expect(() => publishStatus(dir, contacts(wrong))).toThrow();
  }
});

test('a status the tray would refuse is not written', () => {
  const dir = folder();
  publishStatus(dir, value);
  expect(() => publishStatus(dir, { ...value, writtenAt: 'yesterday' })).toThrow();
  expect(JSON.parse(readFileSync(join(dir, 'status.json'), 'utf8'))).toEqual(value);
});
