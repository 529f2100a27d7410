/** The real service as a process of its own, with its mailbox as an installer leaves it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Status, status } from '../../agent/contract/status.ts';
import { kill, withCache, writeSettings } from '../faults/town.ts';

const cli = join(import.meta.dirname, '../../agent/cli.ts');
/** Waiting times are drawn at random up to minutes: the shortest is drawn always, so that nobody has to wait for it. */
const luck = 'data:text/javascript,Math.random = () => 0.0001';

export interface ServiceProcess {
  readonly publicDir: string;
  enrol(server: string, token: string): Promise<void>;
  start(): void;
  kill(): Promise<void>;
  /** What it last wrote for the people at the PC; undefined before that. */
  status(): Status | undefined;
}

/** Ends with the test. */
export function createService(dataDir: string): ServiceProcess {
  mkdirSync(dataDir, { recursive: true });
  const common = ['--data-dir', dataDir, '--config', writeSettings(dataDir), '--log-level', 'error'];
  const run = (...args: string[]): ChildProcess =>
    spawn(process.execPath, ['--import', luck, cli, ...args, ...common], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: withCache(),
    });
  const publicDir = join(dataDir, 'public');
  mkdirSync(publicDir, { recursive: true });
  writeFileSync(join(publicDir, 'requests'), '', { mode: 0o622 });
  let child: ChildProcess | undefined;
  const end = async (): Promise<void> => {
    if (child !== undefined) await kill(child);
  };
  onTestFinished(end);
  return {
    publicDir,
    enrol: async (server, token) => {
      const [code] = (await once(run('enrol', '--server', server, '--token', token), 'exit')) as [number];
      if (code !== 0) throw new Error(`enrolment ended with ${code}`);
    },
    start: () => {
      child = run('run');
    },
    kill: end,
    status: () => {
      try {
        return status.parse(JSON.parse(readFileSync(join(publicDir, 'status.json'), 'utf8')));
      } catch {
        return undefined;
      }
    },
  };
}
