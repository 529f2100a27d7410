import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWatchdog } from '../../../agent/platform/watchdog.ts';

let folder: string;
let program: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kits-watchdog-'));
  program = join(folder, 'notify');
  writeFileSync(program, `#!/bin/sh\necho "$1 $NOTIFY_SOCKET" >>'${folder}/said'\n`);
  chmodSync(program, 0o755);
  writeFileSync(join(folder, 'said'), '');
});
afterEach(() => rmSync(folder, { recursive: true }));

const said = (): string => readFileSync(join(folder, 'said'), 'utf8');

test('says it at once, and again after a third of the time systemd waits', async () => {
  let nowMs = 5000;
  const environment = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '1800000000' };
  const turned = createWatchdog({ environment, monotonicMs: () => nowMs, program: [program] });
  const word = 'WATCHDOG=1 /run/systemd/notify\n';
  await turned();
  expect(said()).toBe(word);
  nowMs += 599_999;
  await turned();
  expect(said()).toBe(word);
  nowMs += 1;
  await turned();
  expect(said()).toBe(word + word);
});

test.each([
  { environment: {} },
  { environment: { NOTIFY_SOCKET: '/run/systemd/notify' } },
  { environment: { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: 'soon' } },
  { environment: { WATCHDOG_USEC: '1800000000' } },
])('says nothing where nobody waits for it: $environment', async ({ environment }) => {
  await createWatchdog({ environment, monotonicMs: () => 0, program: [program] })();
  expect(said()).toBe('');
});

test('a program that is not there is no reason to stop', async () => {
  const environment = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '1000000' };
  await createWatchdog({ environment, monotonicMs: () => 0, program: [join(folder, 'none')] })();
  expect(said()).toBe('');
});
