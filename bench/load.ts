/** The load generator: a process of its own, speaking plain HTTP/1.1 on raw sockets. Prints one line of JSON. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { checkInResponse, signedAnswer } from '../agent/contract/wire.ts';
import { shortHash } from '../agent/signing/canonical.ts';
import { membershipHash } from '../agent/signing/words.ts';
import { type BenchDevice, proofMaker } from './fleet.ts';

const [mode, url = '', fleetFile = '', ...numbers] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const fleet = (JSON.parse(readFileSync(fleetFile, 'utf8')) as { devices: BenchDevice[] }).devices;

/** Sends one request and settles with status and body of the answer. Answers here have a length. */
interface Connection {
  send(request: string): Promise<{ status: number; body: string }>;
  end(): void;
}

async function open(): Promise<Connection> {
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  await once(socket, 'connect');
  let text = '';
  let done: ((answer: { status: number; body: string }) => void) | undefined;
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    const head = text.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
    if (text.length < head + 4 + length) return;
    const answer = { status: Number(text.slice(9, 12)), body: text.slice(head + 4, head + 4 + length) };
    text = text.slice(head + 4 + length);
    done?.(answer);
  });
  return {
    send: (request) =>
      new Promise((resolve) => {
        done = resolve;
        socket.write(request);
      }),
    end: () => socket.destroy(),
  };
}

const checkInPath = '/agent/v1/check-in';

interface CheckIns {
  request(): string;
  /** Takes in what the server had to say, so that the next check-in finds nothing new: the steady state. */
  learn(body: string): void;
}

/** Makes the check-ins of one device, one after the other. */
function checkIns(device: BenchDevice): CheckIns {
  const prove = proofMaker(device);
  const said: Record<string, unknown> = {
    agentVersion: '0.1.0',
    storeEpoch: device.storeEpoch,
    sequence: 0,
  };
  const head = `POST ${checkInPath} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\n`;
  return {
    request: () => {
      const body = JSON.stringify(said);
      const proof = prove('POST', checkInPath, body);
      return `${head}content-length: ${body.length}\r\nkits-proof: ${proof}\r\n\r\n${body}`;
    },
    learn: (body) => {
      const { answer, keys } = checkInResponse.parse(JSON.parse(body));
      const payload: unknown = JSON.parse(Buffer.from(answer.split('.')[1] ?? '', 'base64url').toString());
      const { policyVersion, membership } = signedAnswer.parse(payload);
      said['policyVersion'] = policyVersion;
      const last = keys?.at(-1);
      if (last !== undefined) said['keys'] = shortHash(last);
      if (membership === undefined) return;
      const { municipality, groups } = membership;
      said['membership'] = membershipHash({ municipality: municipality.id, groups });
    },
  };
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

interface Measured {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

/** `perSecond` undefined: each connection sends as soon as it has its answer; otherwise at set times, late or not. */
async function run(seconds: number, connections: number, perSecond?: number): Promise<Measured> {
  const makers = fleet.map(checkIns);
  const pool = await Promise.all(Array.from({ length: connections }, open));
  let failed = 0;
  let next = 0;
  const one = async (connection: Connection, startedAt: number): Promise<number> => {
    const device = next % makers.length;
    next += 1;
    const { status, body } = await connection.send(makers[device]?.request() ?? '');
    if (status !== 200) failed += 1;
    else if (startedAt === 0) makers[device]?.learn(body);
    return performance.now() - startedAt;
  };
  // Each device is judged with its first check-in; that is not the steady state.
  await Promise.all(
    pool.map(async (connection) => {
      while (next < makers.length) await one(connection, 0);
    }),
  );
  failed = 0;
  process.stdout.write('"warm"\n');
  const times: number[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1000;
  let due = 0;
  await Promise.all(
    pool.map(async (connection) => {
      for (;;) {
        let from = performance.now();
        if (perSecond !== undefined) {
          from = startedAt + (due / perSecond) * 1000;
          due += 1;
          if (from > performance.now()) await pause(from - performance.now());
        }
        if (from >= endsAt) return;
        times.push(await one(connection, from));
      }
    }),
  );
  const lasted = (performance.now() - startedAt) / 1000;
  for (const connection of pool) connection.end();
  times.sort((a, b) => a - b);
  return {
    requests: times.length,
    perSecond: Math.round(times.length / lasted),
    p50Ms: round(quantile(times, 0.5)),
    p99Ms: round(quantile(times, 0.99)),
    failed,
  };
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** Opens a stream for each device; settles when all have been greeted. */
async function listen(onNotice: () => void): Promise<{ greeted: number; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  let greeted = 0;
  const queue = [...fleet];
  const work = async (): Promise<void> => {
    for (let device = queue.shift(); device !== undefined; device = queue.shift()) {
      const socket = connect(Number(port), hostname);
      sockets.push(socket);
      const path = '/agent/v1/events';
      socket.write(
        `GET ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\nkits-proof: ${proofMaker(device)('GET', path, '')}\r\n\r\n`,
      );
      await new Promise<void>((resolve, reject) => {
        let text = '';
        socket.setEncoding('latin1');
        socket.on('error', reject);
        socket.on('data', (chunk: string) => {
          text += chunk;
          // An event counts when it is here as a whole.
          for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
            const block = text.slice(0, end);
            text = text.slice(end + 2);
            if (block.includes('event: ready')) resolve();
            if (block.includes('event: notice')) onNotice();
          }
        });
      });
      greeted += 1;
    }
  };
  await Promise.all(Array.from({ length: 50 }, work));
  return { greeted, sockets };
}

if (mode === 'check-ins') {
  const [seconds = 10, connections = 32, perSecond] = numbers.map(Number);
  process.stdout.write(`${JSON.stringify(await run(seconds, connections, perSecond))}\n`);
} else {
  let arrived: number[] = [];
  const { greeted, sockets } = await listen(() => arrived.push(Date.now()));
  process.stdout.write(`${JSON.stringify({ greeted })}\n`);
  process.stdin.setEncoding('utf8').on('data', () => {
    // Asked for by the parent once all should be here.
    process.stdout.write(`${JSON.stringify({ arrived })}\n`);
    arrived = [];
  });
  process.stdin.on('end', () => {
    for (const socket of sockets) socket.destroy();
  });
}
