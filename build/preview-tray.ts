/** `npm run preview:tray`: the window of the tray in a browser, bound to the real status of this machine. */
import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { accountName } from '../main/agent-link/account-name.ts';
import { createAgentLink } from '../main/agent-link/agent-link.ts';
import { buildPreviewBridge, buildTray } from './build-tray.ts';
import { startPreview } from './preview-server.ts';

const root = join(import.meta.dirname, '..');
const pollMs = 5000;

const { values } = parseArgs({
  options: {
    'public-dir': { type: 'string', default: join(root, '.kits/agent/public') },
    port: { type: 'string', default: '7481' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

if (values.help || !/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535) {
  say('npm run preview:tray -- [--public-dir DIR] [--port P]');
  say(
    'Shows the window of the tray in a browser, with what the service on this machine says. "npm start" makes it say something.',
  );
  process.exit(values.help ? 0 : 2);
}

const folder = join(root, 'dist/tray');
await buildTray(folder);
await buildPreviewBridge(folder);
const own = join(root, '.kits/tray');
mkdirSync(own, { recursive: true, mode: 0o700 });
const link = createAgentLink({
  publicDir: resolve(values['public-dir']),
  userDir: own,
  now: () => new Date(),
  // Only the name of the contract's handler ever comes here; a browser has no dialogue of ours.
  saveFile: async (name, content) => {
    const file = join(own, name);
    await writeFile(file, content, { mode: 0o600 });
    return file;
  },
  // There is no desktop behind it on whose behalf to open anything.
  openLink: async (url) => say(`Would open: ${url}`),
  accountName: accountName(),
  systemLanguages: [Intl.DateTimeFormat().resolvedOptions().locale],
  warn: say,
  asked: () => void refresh(),
});
const preview = await startPreview({ folder, link, port: Number(values.port) });

async function refresh(): Promise<void> {
  preview.tell((await link.refresh()).view);
}

const timer = setInterval(() => void refresh(), pollMs);
say(`Window:  ${preview.url}`);
say(`Status:  ${resolve(values['public-dir'])}`);
say('End with Ctrl+C.');
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    clearInterval(timer);
    void preview[Symbol.asyncDispose]();
  });
}
