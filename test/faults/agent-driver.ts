/**
 * A real agent as a process of its own: `agent-driver.ts DATA-DIR REPORTS`. Makes reports as fast as it can and exchanges
 * with the server in between, until it holds REPORTS of them and none waits; then it ends with code 0. Prints a line when
 * it works, and the id of each report once it is in the outbox.
 */
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { openAgent } from '../../agent/agent.ts';
import { createLog } from '../../agent/log.ts';
import { createLinuxMachine } from '../../agent/platform/linux-machine.ts';
import { loadSettings } from '../../agent/settings/settings.ts';

const [, , dataDir = '', wanted = '0'] = process.argv;
const loaded = loadSettings({ configFile: join(dataDir, 'agent.json') });
const log = createLog('error', (line) => void process.stderr.write(line));
const agent = await openAgent({ dataDir, settings: loaded, machine: createLinuxMachine(), log });
process.stdout.write('ready\n');
// Node keeps what it compiled at its end, and this process is killed.
flushCompileCache();
const made = (): number => {
  const { sequence } = agent.store.nextPlace();
  return sequence - 1;
};
for (let round = 0; ; round += 1) {
  if (made() < Number(wanted)) {
    const { report } = await agent.round('cheap');
    if (report !== undefined) process.stdout.write(`${report.envelope.reportId}\n`);
  }
  const done = made() >= Number(wanted);
  // In between reports wait, as they do in life.
  if (!done && round % 4 !== 0) continue;
  try {
    await agent.exchange();
  } catch {
    // The server is gone or was killed on the way: what waits stays.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (done && agent.store.queue().waiting === 0) break;
}
agent.close();
