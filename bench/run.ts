/**
 * `npm run bench`: the figures of the design that depend on time or size, measured on this machine. Prints a table and
 * writes bench/results.json. Judge by it on a quiet machine only; `npm test` never does.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { measureAgent } from './agent-cost.ts';
import type { WindowFigures } from './first-paint.ts';
import { measureWire } from './wire-size.ts';

const here = import.meta.dirname;
const seconds = 15;
const connections = 64;
const targetPerSecond = 1500;
const listeners = 5000;
const publishes = 5;
/** Characters of the payload of a notice: a long one with both languages. */
const noticeCharacters = 4000;

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Met at or below; for a rate at or above. */
  readonly target?: number;
  readonly atLeast?: true;
}
const figures: Figure[] = [];

async function serve(devices: number) {
  const child = fork(join(here, 'serve.ts'), [String(devices)]);
  const [{ url, fleetFile }] = (await once(child, 'message')) as [{ url: string; fleetFile: string }];
  const ask = async <T>(message: unknown): Promise<T> => {
    child.send(message as object);
    return ((await once(child, 'message')) as [T])[0];
  };
  return {
    url,
    fleetFile,
    cpuMs: async () => {
      const { user, system } = await ask<NodeJS.CpuUsage>('cpu');
      return (user + system) / 1000;
    },
    publish: () => ask<{ publishedAt: number }>({ publish: noticeCharacters }),
    end: async () => {
      child.send('end');
      await once(child, 'exit');
    },
  };
}
type Served = Awaited<ReturnType<typeof serve>>;

function load(server: Served, ...args: (string | number)[]): { child: ChildProcess; line: () => Promise<unknown> } {
  const [mode, ...numbers] = args.map(String);
  const child = spawn(process.execPath, [join(here, 'load.ts'), mode ?? '', server.url, server.fleetFile, ...numbers], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, line: async () => JSON.parse(String((await lines.next()).value)) as unknown };
}

interface Measured {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

async function checkIns(server: Served, perSecond?: number): Promise<Measured & { cpuMs: number }> {
  const { child, line } = load(
    server,
    'check-ins',
    seconds,
    connections,
    ...(perSecond === undefined ? [] : [perSecond]),
  );
  // Each device has been judged with its first check-in; from here on it is the steady state.
  await line();
  const before = await server.cpuMs();
  const measured = (await line()) as Measured;
  const cpuMs = ((await server.cpuMs()) - before) / measured.requests;
  await once(child, 'exit');
  if (measured.failed > 0) throw new Error(`${measured.failed} check-ins were refused`);
  return { ...measured, cpuMs: Math.round(cpuMs * 100) / 100 };
}

async function notices(server: Served): Promise<number[]> {
  const { child, line } = load(server, 'listen');
  const { greeted } = (await line()) as { greeted: number };
  if (greeted !== listeners) throw new Error(`${greeted} of ${listeners} devices listen`);
  const delays: number[] = [];
  for (let round = 0; round < publishes; round += 1) {
    const { publishedAt } = await server.publish();
    await pause(8000);
    child.stdin?.write('\n');
    const { arrived } = (await line()) as { arrived: number[] };
    if (arrived.length !== listeners) throw new Error(`the notice reached ${arrived.length} of ${listeners} devices`);
    delays.push(...arrived.map((at) => at - publishedAt));
  }
  child.stdin?.end();
  await once(child, 'exit');
  return delays.sort((a, b) => a - b);
}

/** On the stand-in for Electron: a page of the same engine, made through a debugger, which Electron does faster. */
async function trayWindow(): Promise<WindowFigures> {
  const child = fork(join(here, 'first-paint.ts'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [measured] = (await once(child, 'message')) as [WindowFigures];
  return measured;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const loadBefore = loadavg()[0] ?? Number.NaN;
say(
  `${cpus().length} cores (${cpus()[0]?.model ?? ''}), Node ${process.version}, load ${loadBefore.toFixed(1)} before`,
);
if (loadBefore > 0.5) say('Others are working on this machine: the figures are too bad. Repeat them when it is quiet.');

// Enough of them that none checks in more often than a device may.
const one = await serve(5000);
const most = await checkIns(one);
const half = await checkIns(one, targetPerSecond / 2);
await one.end();
figures.push(
  {
    name: 'signed check-ins on one server process',
    value: most.perSecond,
    unit: '/s',
    target: targetPerSecond,
    atLeast: true,
  },
  { name: `… p99 with ${connections} at a time, as fast as they can`, value: most.p99Ms, unit: 'ms' },
  { name: '… CPU of the server for one', value: most.cpuMs, unit: 'ms' },
  {
    name: `… p99 at ${targetPerSecond / 2}/s (reached ${half.perSecond}/s)`,
    value: half.p99Ms,
    unit: 'ms',
    target: 100,
  },
);

const many = await serve(listeners);
const delays = await notices(many);
await many.end();
const quantile = (share: number): number => delays[Math.floor(delays.length * share)] ?? Number.NaN;
figures.push(
  { name: `notice to ${listeners} streams, p95`, value: quantile(0.95), unit: 'ms', target: 2000 },
  { name: '… slowest', value: quantile(0.999999), unit: 'ms' },
);

const wire = await measureWire();
figures.push(
  { name: 'unchanged check-in, HTTP both ways', value: wire.checkIn, unit: 'bytes', target: 1000 },
  { name: '… inside TLS', value: wire.checkInTls, unit: 'bytes' },
  { name: 'first full report of this machine', value: wire.firstReport, unit: 'bytes', target: 30_000 },
  { name: '… before compression', value: wire.firstReportExpanded, unit: 'bytes' },
);

const { clickToPaintMs, pageToPaintMs, gzipBytes } = await trayWindow();
const median = (values: readonly number[]): number =>
  Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN);
figures.push(
  { name: 'window of the tray, click to first paint, median', value: median(clickToPaintMs), unit: 'ms', target: 300 },
  { name: '… slowest of 20', value: Math.round(Math.max(...clickToPaintMs)), unit: 'ms' },
  { name: '… of that the page itself, median', value: median(pageToPaintMs), unit: 'ms' },
  { name: '… its files, gzip', value: gzipBytes, unit: 'bytes', target: 40 * 1024 },
);

const tenth = (value: number): number => Math.round(value * 10) / 10;
/** Of the whole process, as the targets; those of GLPI Agent were measured on another day: 840 ms, 79 MiB, 87 children. */
const glpiCpuMs = 840;
for (const cost of process.platform === 'linux' ? await measureAgent() : []) {
  const packed = cost.program === 'single executable';
  figures.push(
    {
      name: `collect, ${cost.program}, CPU, median`,
      value: Math.round(cost.collectCpuMs),
      unit: 'ms',
      target: glpiCpuMs / 4,
    },
    { name: '… smallest', value: Math.round(cost.collectCpuMsSmallest), unit: 'ms' },
    { name: '… largest resident size', value: tenth(cost.collectPeakMiB), unit: 'MiB', target: packed ? 75 : 60 },
    ...(cost.collectChildren === undefined
      ? []
      : [{ name: '… child processes', value: cost.collectChildren, unit: '', target: 10 }]),
    { name: '… idle service, anonymous memory', value: tenth(cost.idleAnonymousMiB), unit: 'MiB', target: 40 },
    {
      name: '… idle service, resident size',
      value: tenth(cost.idleResidentMiB),
      unit: 'MiB',
      target: packed ? 85 : 70,
    },
    {
      name: '… idle service, share of a core',
      value: Math.round(cost.idleCorePercent * 1000) / 1000,
      unit: '%',
      target: 0.05,
    },
  );
}

const isMet = ({ value, target, atLeast }: Figure): boolean | undefined =>
  target === undefined ? undefined : atLeast === true ? value >= target : value <= target;
const width = Math.max(...figures.map(({ name }) => name.length));
for (const figure of figures) {
  const met = isMet(figure);
  const target = figure.target === undefined ? '' : `${figure.atLeast === true ? '≥' : '≤'} ${figure.target}`;
  const verdict = met === undefined ? '' : met ? 'met' : 'NOT MET';
  say(
    `${figure.name.padEnd(width)}  ${String(figure.value).padStart(8)} ${figure.unit.padEnd(5)}  ${target.padEnd(8)} ${verdict}`,
  );
}
const loadAfter = loadavg()[0] ?? Number.NaN;
const results = {
  at: new Date().toISOString(),
  node: process.version,
  cores: cpus().length,
  loadBefore,
  loadAfter,
  figures,
};
writeFileSync(join(here, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
