/** A real server as a process of its own: `server-driver.ts DATA-DIR PORT [CONSOLE-DIR]`. Its limits are those of a whole fleet for one device. */
import { flushCompileCache } from 'node:module';
import { createServer } from '../../server/server.ts';

const [, , dataDir = '', port = '0', consoleDir] = process.argv;
const rate = { burst: 1_000_000, perMinute: 1_000_000 };
const line = { atOnce: 16, maxWaiting: 500 };
const server = await createServer({
  dataDir,
  port: Number(port),
  ...(consoleDir === undefined ? {} : { consoleDir }),
  logLevel: 'silent',
  ingestLimits: {
    reports: { device: rate, municipality: rate, line },
    checkIns: { device: rate, municipality: rate, line },
    streams: { device: rate },
    releases: { device: rate, municipality: rate },
    enrolments: { address: rate, token: rate },
  },
});
process.stdout.write(`${JSON.stringify({ url: server.url })}\n`);
// Node keeps what it compiled at its end, and this process is killed.
flushCompileCache();
process.once('SIGTERM', () => void server.close());
