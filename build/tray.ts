/** `npm run tray`: builds the tray from source and starts it in Electron, bound to the service that "npm start" runs. */
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { buildTray } from './build-tray.ts';
import { electronBinary, hasDesktop, howToGetElectron } from './electron-binary.ts';

const root = join(import.meta.dirname, '..');

const { values } = parseArgs({
  options: {
    'public-dir': { type: 'string', default: join(root, '.kits/agent/public') },
    hidden: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function end(line: string, code: number): never {
  process.stdout.write(`${line}\n`);
  process.exit(code);
}

if (values.help) {
  end(
    'npm run tray -- [--public-dir DIR] [--hidden]\nStarts the icon beside the clock; --hidden without its window.',
    0,
  );
}
const binary = electronBinary();
if (binary === undefined) end(howToGetElectron, 1);
if (!hasDesktop()) end('There is no desktop session on this machine for the tray to live in.', 1);
await buildTray();
const args = [root, `--status-file=${resolve(values['public-dir'], 'status.json')}`];
const child = spawn(binary, [...args, ...(values.hidden ? ['--hidden'] : [])], { stdio: 'inherit' });
child.on('error', (error) => end(`Electron could not be started: ${error.message}`, 1));
child.on('exit', (code) => process.exit(code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal));
