/**
 * An upgrade is killed at every step, in real processes: whatever is cut off, the guard ends with a running service of a
 * version that has proven itself, and the upgrade can be done again.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../../agent/store/agent-store.ts';
import type { UpgradePoint } from '../../../agent/upgrade/reconcile.ts';
import type { TrialPoint } from '../../../agent/upgrade/trial-run.ts';

type Behaviour = 'works' | 'ends-at-once' | 'changes-store-and-fails';

/** More than a hundred processes are started: as one file each costs a third. */
const bundle = mkdtempSync(join(tmpdir(), 'kits-upgrade-bundle-'));
beforeAll(() =>
  build({
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: join(import.meta.dirname, '../../fakes/upgrade-stand-in.ts'),
      outDir: bundle,
      minify: false,
      // Named as what it is: else Node reads all of it at each start to find out.
      rolldownOptions: { output: { entryFileNames: 'upgrade-stand-in.mjs' } },
    },
  }),
);
const ends: (() => void)[] = [() => rmSync(bundle, { recursive: true, force: true })];

/** What a version did and how it ended, printed at the end. */
const table: { killed: string; at: string; ranOn: string; afterAgain: string }[] = [];
afterAll(() => {
  for (const end of ends) end();
  const rows = table.map(({ killed, at, ranOn, afterAgain }) => `| ${killed} | ${at} | ${ranOn} | ${afterAgain} |`);
  process.stdout.write(`\n| killed | at | runs, proven | upgraded again |\n|---|---|---|---|\n${rows.join('\n')}\n`);
});

interface Place {
  run(
    version: string,
    command: string,
    ...args: string[]
  ): Promise<{ signal: string | null; code: number | null; out: string }>;
  deliver(version: string, behaviour: Behaviour): void;
  serviceDiesAt(point: TrialPoint): void;
  /** The version of the service that has its store open, once the one systemd started is up or gone. */
  running(): Promise<string | undefined>;
  links(): { current: string; proven: string };
  readonly base: string;
}

function place(): Place {
  const base = mkdtempSync(join(tmpdir(), 'kits-upgrade-'));
  for (const folder of ['root', 'payload', 'data/private']) mkdirSync(join(base, folder), { recursive: true });
  const pidFile = join(base, 'pid');
  // What systemd does, as far as an upgrade asks for it; who started the service is gone at once, as there.
  writeFileSync(
    join(base, 'systemctl'),
    `#!/bin/sh
# In the words of the shell itself: it is asked hundreds of times, and each program it starts costs more than the answer.
alive() {
  read -r pid 2>/dev/null <${pidFile} || return 1
  while read -r key state rest; do
    case "$key $state" in
      'State: '[ZX]) return 1 ;;
      'State: '?) return 0 ;;
    esac
  done 2>/dev/null <"/proc/$pid/status"
  return 1
}
case "$1" in
  is-active) alive ;;
  restart)
    if alive; then kill -9 "$pid"; while alive; do :; done; fi
    [ -x ${base}/root/current/kits-agent ] || exit 1
    setsid ${base}/root/current/kits-agent run </dev/null >>${base}/service.log 2>&1 &
    echo $! >${pidFile} ;;
esac
`,
  );
  chmodSync(join(base, 'systemctl'), 0o755);
  const servicePid = (): number => Number(existsSync(pidFile) ? readFileSync(pidFile, 'utf8') : 0);
  const alive = (): boolean => {
    try {
      return /^State:\s*[^ZX]/m.test(readFileSync(`/proc/${servicePid()}/status`, 'utf8'));
    } catch {
      return false;
    }
  };
  ends.unshift(() => {
    if (alive()) process.kill(servicePid(), 'SIGKILL');
    rmSync(base, { recursive: true, force: true });
  });
  return {
    base,
    run: async (version, command, ...args) => {
      const child = spawn(join(base, 'payload', version), [command, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
      });
      const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
      return { code, signal, out };
    },
    deliver: (version, behaviour) => {
      const file = join(base, 'payload', version);
      writeFileSync(
        file,
        `#!/bin/sh\nexport NODE_COMPILE_CACHE=${bundle}/cache\nexec ${process.execPath} ${bundle}/upgrade-stand-in.mjs ${base} ${version} ${behaviour} "$@"\n`,
      );
      chmodSync(file, 0o755);
    },
    serviceDiesAt: (point) => writeFileSync(join(base, 'service-dies-at'), point),
    running: async () => {
      const runs = join(base, 'runs');
      // A process that was killed says nothing: it can only be looked at again.
      for (;;) {
        const [pid, version] = existsSync(runs) ? readFileSync(runs, 'utf8').split(' ') : [];
        if (!alive()) return undefined;
        if (Number(pid) === servicePid()) return version;
        await setTimeout(20);
      }
    },
    links: () => ({
      current: readlinkSync(join(base, 'root/current')),
      proven: readlinkSync(join(base, 'root/proven')),
    }),
  };
}

/** Version 1.0.0 is installed and has proven itself. */
async function installed(): Promise<Place> {
  const here = place();
  here.deliver('1.0.0', 'works');
  const { code, out } = await here.run('1.0.0', 'activate');
  expect({ code, ...JSON.parse(out) }).toEqual({ code: 0, result: 'active', version: '1.0.0' });
  return here;
}

async function settled(here: Place, guardian = '1.0.0'): Promise<string | undefined> {
  // The timer of the guard comes again and again; a version that fails needs its time to be over.
  for (let turn = 0; turn < 2; turn += 1) {
    expect((await here.run(guardian, 'guard')).signal).toBeNull();
    await here.running();
  }
  return here.running();
}

function expectProven(here: Place, version: string | undefined): void {
  expect(here.links()).toEqual({ current: `versions/${version}`, proven: `versions/${version}` });
}

/** A hundred processes on two cores that others use as well. */
const patient = { timeout: 240_000 };

describe('the upgrade to a version that works', patient, () => {
  const points: readonly UpgradePoint[] = [
    'begun',
    'draft-written',
    'self-tested',
    'put-in-place',
    'trial-recorded',
    'service-switched',
    'trial-begun',
    'service-started',
    'guard-moved',
    'old-removed',
  ];
  const keepsOld: readonly UpgradePoint[] = points.slice(0, 5);

  test.concurrent.each(points)('activate killed at %s', async (point) => {
    const here = await installed();
    here.deliver('1.1.0', 'works');
    expect((await here.run('1.1.0', 'activate', '--die-at', point)).signal).toBe('SIGKILL');
    const version = await settled(here);
    expect(version).toBe(keepsOld.includes(point) ? '1.0.0' : '1.1.0');
    expectProven(here, version);
    const again = await here.run('1.1.0', 'activate');
    expect(JSON.parse(again.out)).toMatchObject({ result: 'active', version: '1.1.0' });
    expect(await here.running()).toBe('1.1.0');
    expectProven(here, '1.1.0');
    table.push({ killed: 'activate', at: point, ranOn: version ?? 'nothing', afterAgain: '1.1.0' });
  });

  const lives: readonly TrialPoint[] = ['attempt-counted', 'store-copied', 'proof-recorded', 'copy-removed'];
  test.concurrent.each(lives)('the service killed at %s', async (point) => {
    const here = await installed();
    here.deliver('1.1.0', 'works');
    here.serviceDiesAt(point);
    await here.run('1.1.0', 'activate', '--die-at', 'service-started');
    await here.running();
    const version = await settled(here);
    expect(existsSync(join(here.base, 'service-dies-at'))).toBe(false);
    expect(version).toBe('1.1.0');
    expectProven(here, version);
    table.push({ killed: 'service', at: point, ranOn: version ?? 'nothing', afterAgain: '-' });
  });
});

describe('the upgrade to a version that does not run', patient, () => {
  const points: readonly UpgradePoint[] = ['failure-recorded', 'switched-back', 'service-started', 'way-back-recorded'];

  test.concurrent.each(['ends-at-once', 'changes-store-and-fails'] as const)(
    '%s is taken back by activate',
    async (behaviour) => {
      const here = await installed();
      here.deliver('1.1.0', behaviour);
      const { code, out } = await here.run('1.1.0', 'activate');
      expect({ code, ...JSON.parse(out) }).toMatchObject({ code: 1, result: 'rolled-back', stays: '1.0.0' });
      expect(await here.running()).toBe('1.0.0');
      expectProven(here, '1.0.0');
      expect(existsSync(join(here.base, 'data/private/agent.db.newer-1.1.0'))).toBe(behaviour !== 'ends-at-once');
    },
  );

  test.concurrent.each(points)('the guard killed at %s', async (point) => {
    const here = await installed();
    here.deliver('1.1.0', 'changes-store-and-fails');
    await here.run('1.1.0', 'activate', '--die-at', 'service-started');
    await here.running();
    const overdue = await here.run('1.0.0', 'guard', '--later', '16', '--die-at', point);
    expect(overdue.signal).toBe('SIGKILL');
    const version = await settled(here);
    expect(version).toBe('1.0.0');
    expectProven(here, version);
    table.push({ killed: 'guard', at: point, ranOn: version ?? 'nothing', afterAgain: '-' });
  });

  const ways: readonly TrialPoint[] = ['copy-prepared', 'newer-aside', 'store-back'];
  test.concurrent.each(ways)('the older service killed at %s', async (point) => {
    const here = await installed();
    here.deliver('1.1.0', 'changes-store-and-fails');
    const before = identityOf(here);
    await here.run('1.1.0', 'activate', '--die-at', 'service-started');
    await here.running();
    here.serviceDiesAt(point);
    await here.run('1.0.0', 'guard', '--later', '16');
    const version = await settled(here);
    expect(existsSync(join(here.base, 'service-dies-at'))).toBe(false);
    expect(version).toBe('1.0.0');
    expectProven(here, version);
    expect(existsSync(join(here.base, 'data/private/agent.db.newer-1.1.0'))).toBe(true);
    expect(identityOf(here)).toBe(before);
    table.push({ killed: 'older service', at: point, ranOn: version ?? 'nothing', afterAgain: '-' });
  });
});

test('a version that is older than the installed one is refused and nothing changes', async () => {
  const here = await installed();
  here.deliver('0.9.0', 'works');
  const { code } = await here.run('0.9.0', 'activate');
  expect(code).not.toBe(0);
  expect(await here.running()).toBe('1.0.0');
  expectProven(here, '1.0.0');
});

/** The store that was there before is the one that is there now: it keeps its epoch. */
function identityOf(here: Place): string {
  const copy = mkdtempSync(join(tmpdir(), 'kits-upgrade-look-'));
  try {
    writeFileSync(join(copy, 'agent.db'), readFileSync(join(here.base, 'data/private/agent.db')));
    const wal = join(here.base, 'data/private/agent.db-wal');
    if (existsSync(wal)) writeFileSync(join(copy, 'agent.db-wal'), readFileSync(wal));
    const store = openStore(copy);
    const { epoch } = store;
    store.close();
    return epoch;
  } finally {
    rmSync(copy, { recursive: true });
  }
}
