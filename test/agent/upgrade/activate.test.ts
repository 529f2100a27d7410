/** What an installer is told where the service does not come up in time; kills and real processes are in interrupted.test.ts. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createLog } from '../../../agent/log.ts';
import { type Activated, activate } from '../../../agent/upgrade/activate.ts';
import type { InstalledVersions } from '../../../agent/upgrade/installed-versions.ts';
import { changeTrial } from '../../../agent/upgrade/trial-file.ts';

function machine() {
  const root = mkdtempSync(join(tmpdir(), 'kits-activate-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const dataDir = join(root, 'data');
  mkdirSync(join(dataDir, 'private'), { recursive: true });
  const executable = (version: string): string => join(root, version, 'kits-agent');
  let [current, proven]: (string | undefined)[] = [];
  let comesUp = true;
  /** Looks that find nothing running; at the next one the service has started by itself and made its round. */
  let looksUntilUp: number | undefined;
  // As the service does when it has made its round.
  const proves = (): void => {
    comesUp = true;
    changeTrial(dataDir, (record) =>
      record?.to === current && record?.state === 'trial' ? { ...record, attempts: 1, state: 'proven' } : undefined,
    );
  };
  const versions: InstalledVersions = {
    root,
    objection: async () => undefined,
    present: () => readdirSync(root).filter((name) => existsSync(executable(name))),
    executable,
    current: async () => current,
    proven: async () => proven,
    startServiceFrom: async (version) => {
      current = version;
    },
    startGuardFrom: async (version) => {
      proven = version;
    },
    isUp: () => true,
    isRunning: async () => {
      if (looksUntilUp === 0) proves();
      if (looksUntilUp !== undefined) looksUntilUp -= 1;
      return comesUp;
    },
    restart: async () => {
      if (comesUp) proves();
    },
    wakeGuard: async () => undefined,
    remove: () => undefined,
  };
  const install = (version: string, up: boolean | { readonly afterLooks: number }): Promise<Activated> => {
    comesUp = up === true;
    looksUntilUp = typeof up === 'boolean' ? undefined : up.afterLooks;
    const file = join(root, `delivered-${version}`);
    writeFileSync(file, version);
    chmodSync(file, 0o755);
    return activate({
      dataDir,
      versions,
      version,
      file,
      log: createLog('error', () => undefined),
      now: () => new Date(),
      reached: () => undefined,
      selfTest: async () => undefined,
      // Long enough for what comes up late, however busy the machine is.
      waitMs: looksUntilUp === undefined ? 1000 : 60_000,
      goneMs: looksUntilUp === undefined ? 100 : -1,
      signal: new AbortController().signal,
    });
  };
  return { install, current: () => current };
}

test('a first installation that is slow to start is an installation: nothing would be gained by undoing it', async () => {
  const { install, current } = machine();
  expect(await install('1.0.0', false)).toEqual({ result: 'unproven', version: '1.0.0' });
  expect(current()).toBe('1.0.0');
  // Once more, when the machine has less to do.
  expect(await install('1.0.0', true)).toMatchObject({ result: 'active', version: '1.0.0' });
});

test('a first installation is waited for also when nothing runs for a while; an upgrade has a way back and takes it', async () => {
  const { install, current } = machine();
  expect(await install('1.0.0', { afterLooks: 9 })).toMatchObject({ result: 'active', version: '1.0.0' });
  expect(await install('1.1.0', { afterLooks: 6 })).toMatchObject({ result: 'rolled-back', stays: '1.0.0' });
  expect(current()).toBe('1.0.0');
});

test('an upgrade that does not come up goes back', async () => {
  const { install, current } = machine();
  expect(await install('1.0.0', true)).toMatchObject({ result: 'active' });
  expect(await install('1.1.0', false)).toMatchObject({ result: 'rolled-back', stays: '1.0.0' });
  expect(current()).toBe('1.0.0');
});
