/**
 * What the agent costs on this machine, as processes of their own: the bundle on plain Node and the single executable. Linux only,
 * from /proc and from what the shell says of a process that has ended.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { bundleAgent, sourceVersion } from '../build/bundle.ts';
import { nodeBinary } from '../build/node-binary.ts';
import { runTool } from '../build/run-tool.ts';
import { buildSingleExecutable, memoryFlags } from '../build/single-executable.ts';
import { startTestServer, type TestServer } from '../test/fakes/test-server.ts';

const runs = 11;
/** Two looks at what is due fall into it. The kernel counts CPU in hundredths of a second: 0.008 % of this. */
const idleSeconds = 120;
/** After the first report: then what follows from it is done. */
const settleSeconds = 30;
const ticksPerSecond = 100;

export interface AgentCost {
  readonly program: string;
  /** Of `collect`: user and system time with all children. */
  readonly collectCpuMs: number;
  readonly collectCpuMsSmallest: number;
  /** Largest resident size of the agent's own process. */
  readonly collectPeakMiB: number;
  /** Programs started; undefined where strace is not installed. */
  readonly collectChildren: number | undefined;
  /** Of the service, from half a minute after its first report was accepted, for two minutes. */
  readonly idleResidentMiB: number;
  readonly idleAnonymousMiB: number;
  readonly idleCorePercent: number;
}

type Program = readonly [file: string, ...args: string[]];

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/**
 * As after a start of the machine: what is in memory of a file that has just been written lies in larger pieces, and each
 * piece a program touches counts into its resident size: 15 to 30 MiB more of the same program.
 */
function readFromDiskNextTime(file: string): void {
  runTool('sync', [file]);
  runTool('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
}

/** Kilobytes in /proc/PID/status; undefined when the process has gone. */
function kilobytes(pid: number, field: 'VmHWM' | 'VmRSS' | 'RssAnon'): number | undefined {
  try {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return found === null ? undefined : Number(found[1]);
  } catch {
    return undefined;
  }
}

function childOf(pid: number): number | undefined {
  try {
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return first === undefined || first === '' ? undefined : Number(first);
  } catch {
    return undefined;
  }
}

/** One run from start to exit. The high-water mark is read until the process is gone: it only ever rises. */
async function collectOnce(program: Program): Promise<{ cpuMs: number; peakMiB: number }> {
  const script = 'TIMEFORMAT="%3U %3S"; time "$@" 2>/dev/null';
  const shell = spawn('/bin/bash', ['-c', script, 'bash', ...program, 'collect'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let peak = 0;
  const look = setInterval(() => {
    const agent = childOf(shell.pid ?? 0);
    if (agent !== undefined) peak = Math.max(peak, kilobytes(agent, 'VmHWM') ?? 0);
  }, 2);
  const [printed, times] = await Promise.all([text(shell.stdout), text(shell.stderr), once(shell, 'close')]);
  clearInterval(look);
  const { sections } = JSON.parse(printed) as { sections: unknown[] };
  const [user, system] = times.trim().split(' ').map(Number);
  const cpuMs = ((user ?? Number.NaN) + (system ?? Number.NaN)) * 1000;
  if (sections.length === 0 || !(cpuMs > 0) || peak === 0)
    throw new Error(`${program.join(' ')}: nothing was measured`);
  return { cpuMs, peakMiB: peak / 1024 };
}

function childrenOf(program: Program, folder: string): number | undefined {
  const record = join(folder, 'strace');
  try {
    // Exit code 6 says that a section is not complete, which depends on the machine.
    runTool('bash', [
      '-c',
      'strace -f -qq -e trace=execve -o "$0" "$@" >/dev/null; [ $? = 0 -o $? = 6 ]',
      record,
      ...program,
      'collect',
    ]);
  } catch {
    return undefined;
  }
  // The first is the agent itself.
  return (
    readFileSync(record, 'utf8')
      .split('\n')
      .filter((line) => /execve(\(| resumed).* = 0$/.test(line)).length - 1
  );
}

function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  // proc_pid_stat(5): utime, stime, and those of the children it has waited for.
  return fields.slice(11, 15).reduce((sum, value) => sum + Number(value), 0);
}

/** What the installed service is started with. */
function unitEnvironment(): Record<string, string> {
  const unit = readFileSync(join(import.meta.dirname, '../build/linux/agent/kits-agent.service'), 'utf8');
  const lines = [...unit.matchAll(/^Environment=(.*)$/gm)].flatMap(([, line = '']) => line.split(' '));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

async function idle(program: Program, server: TestServer, folder: string) {
  const [file, ...args] = program;
  const dataDir = mkdtempSync(join(folder, 'agent-'));
  const config = join(dataDir, 'agent.json');
  writeFileSync(config, '{}');
  const place = ['--data-dir', dataDir, '--config', config];
  const enrolment = ['--server', server.url, '--token', server.token, '--server-key', server.keyThumbprint];
  const enrol = spawn(file, [...args, 'enrol', ...enrolment, ...place], { stdio: ['ignore', 'ignore', 'inherit'] });
  await once(enrol, 'exit');
  const env = { ...process.env, ...unitEnvironment() };
  const service = spawn(file, [...args, 'run', ...place], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const { pid } = service;
  try {
    let accepted = false;
    for await (const line of createInterface({ input: service.stderr })) {
      const { event, accepted: reports } = JSON.parse(line) as { event: string; accepted?: number };
      accepted = event === 'reported' && (reports ?? 0) > 0;
      if (accepted) break;
    }
    if (!accepted || pid === undefined) throw new Error(`${program.join(' ')}: the service reported nothing`);
    await pause(settleSeconds * 1000);
    const before = cpuTicks(pid);
    await pause(idleSeconds * 1000);
    const ticks = cpuTicks(pid) - before;
    return {
      idleResidentMiB: (kilobytes(pid, 'VmRSS') ?? Number.NaN) / 1024,
      idleAnonymousMiB: (kilobytes(pid, 'RssAnon') ?? Number.NaN) / 1024,
      idleCorePercent: (ticks / ticksPerSecond / idleSeconds) * 100,
    };
  } finally {
    service.kill('SIGTERM');
    if (service.exitCode === null && service.signalCode === null) await once(service, 'exit');
  }
}

export async function measureAgent(): Promise<AgentCost[]> {
  // On disk: what lies in memory only cannot be read anew.
  const folder = mkdtempSync(join('/var/tmp', 'kits-cost-'));
  const server = await startTestServer();
  try {
    const bundle = join(folder, 'bundle');
    const executable = join(folder, 'kits-agent');
    await bundleAgent(bundle, sourceVersion());
    await buildSingleExecutable({ platform: 'linux', version: sourceVersion(), outFile: executable });
    const programs: [name: string, program: Program][] = [
      [
        'plain Node',
        [nodeBinary('linux'), '--disable-warning=ExperimentalWarning', ...memoryFlags, join(bundle, 'kits-agent.cjs')],
      ],
      ['single executable', [executable]],
    ];
    for (const [, [file]] of programs) readFromDiskNextTime(file);
    const collected: { cpuMs: number; peakMiB: number }[][] = programs.map(() => []);
    // By turns: what else the machine does falls on both. The first run reads from disk and does not count.
    for (let run = 0; run <= runs; run += 1) {
      for (const [index, [, program]] of programs.entries()) {
        const measured = await collectOnce(program);
        if (run > 0) collected[index]?.push(measured);
      }
    }
    const idling = await Promise.all(programs.map(([, program]) => idle(program, server, folder)));
    return programs.map(([name, program], index) => {
      const cpu = (collected[index] ?? []).map(({ cpuMs }) => cpuMs);
      return {
        program: name,
        collectCpuMs: median(cpu),
        collectCpuMsSmallest: Math.min(...cpu),
        collectPeakMiB: median((collected[index] ?? []).map(({ peakMiB }) => peakMiB)),
        collectChildren: childrenOf(program, folder),
        ...(idling[index] ?? {
          idleResidentMiB: Number.NaN,
          idleAnonymousMiB: Number.NaN,
          idleCorePercent: Number.NaN,
        }),
      };
    });
  } finally {
    await server.close();
    rmSync(folder, { recursive: true });
  }
}
