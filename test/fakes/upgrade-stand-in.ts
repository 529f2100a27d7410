/**
 * Stands in for `kits-agent` where the single executable is not needed: the real upgrade, trial and store, with a version and a
 * behaviour given by whoever made it. `upgrade-stand-in.ts BASE VERSION BEHAVIOUR COMMAND [--die-at POINT] [--later MINUTES]`.
 *
 * The service ends itself at the point named in BASE/service-dies-at, once.
 */
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import type { Agent } from '../../agent/agent.ts';
import { createLog } from '../../agent/log.ts';
import { knownStoreVersion, openStore } from '../../agent/store/agent-store.ts';
import { activate } from '../../agent/upgrade/activate.ts';
import { createLinuxVersions } from '../../agent/upgrade/linux-versions.ts';
import { reconcile } from '../../agent/upgrade/reconcile.ts';
import { holdUpgrade } from '../../agent/upgrade/trial-file.ts';
import { enterTrial } from '../../agent/upgrade/trial-run.ts';

const [, , base = '', version = '', behaviour = '', command = '', ...rest] = process.argv;
const option = (name: string): string | undefined => {
  const at = rest.indexOf(name);
  return at === -1 ? undefined : rest[at + 1];
};
const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  // The signal is on its way.
  for (;;);
};
const dieAt = option('--die-at');
const dataDir = join(base, 'data');
const log = createLog('info', (line) => appendFileSync(join(base, 'log'), line));
const later = Number(option('--later') ?? 0) * 60_000;
const upgrade = {
  dataDir,
  versions: createLinuxVersions({
    root: join(base, 'root'),
    systemctl: [join(base, 'systemctl')],
    isUp: () => true,
    owner: process.geteuid?.() ?? 0,
    objection: () => undefined,
  }),
  log,
  now: () => new Date(Date.now() + later),
  reached: (point: string) => void (point === dieAt && die()),
};

switch (command) {
  case 'activate': {
    const hold = holdUpgrade(dataDir);
    const activated = await activate({
      ...upgrade,
      version,
      file: join(base, 'payload', version),
      selfTest: async (file) => (existsSync(file) ? undefined : 'gone'),
      waitMs: 60_000,
      goneMs: 300,
      signal: new AbortController().signal,
    });
    hold.release();
    process.stdout.write(JSON.stringify(activated));
    process.exitCode = activated.result === 'active' ? 0 : 1;
    break;
  }
  case 'guard': {
    const hold = holdUpgrade(dataDir);
    const { steps } = await reconcile(upgrade);
    hold.release();
    process.stdout.write(JSON.stringify(steps.map(({ step }) => step)));
    break;
  }
  case 'run': {
    const plan = join(base, 'service-dies-at');
    const serviceDiesAt = existsSync(plan) ? readFileSync(plan, 'utf8') : undefined;
    const reached = (point: string): void => {
      if (point !== serviceDiesAt) return;
      rmSync(plan);
      die();
    };
    if (behaviour === 'ends-at-once') process.exit(1);
    const trial = enterTrial({ dataDir, version, log, now: () => new Date(), reached });
    const privateDir = join(dataDir, 'private');
    if (behaviour === 'changes-store-and-fails') {
      const db = new DatabaseSync(join(privateDir, 'agent.db'));
      db.exec(`CREATE TABLE later (a TEXT) STRICT; PRAGMA user_version = ${knownStoreVersion + 1}`);
      db.close();
      process.exit(1);
    }
    const store = openStore(privateDir);
    const enrolment = (): undefined => undefined;
    const agent = trial?.watch({ store, enrolment, round: async () => ({}) } as unknown as Agent);
    await agent?.round('full');
    // The store is open and stays so: this is what "runs" means.
    writeFileSync(join(base, 'runs'), `${process.pid} ${version}`);
    setInterval(() => store.epoch, 60_000);
    break;
  }
  default:
    throw new Error(`no command ${command}`);
}
