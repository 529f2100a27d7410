/**
 * `npm run build`: bundles every program into dist/.
 *
 * `npm run build -- agent [--platform linux|win32] [--version V] [--out FILE]` builds the single executable of one platform.
 */
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { build } from 'vite';
import { bundleAgent, bundleForNode, sourceVersion } from './bundle.ts';
import { buildSingleExecutable } from './single-executable.ts';
import { stageTrayApp } from './tray-app.ts';

const root = join(import.meta.dirname, '..');

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { platform: { type: 'string' }, version: { type: 'string' }, out: { type: 'string' } },
});
const version = values.version ?? sourceVersion();
if (!/^\d+\.\d+\.\d+(-[a-z0-9.]+)?$/.test(version)) throw new Error(`--version ${version}: expected three numbers`);

/** Each program in a folder of its own below dist/. The server finds its console where the source has it. */
async function bundleAll(): Promise<void> {
  await bundleAgent(join(root, 'dist/agent'), version);
  await stageTrayApp(join(root, 'dist/tray-app'), version);
  const server = { entry: 'server/cli.ts', outDir: join(root, 'dist/server/bin'), fileName: 'kits-server.mjs' };
  await bundleForNode({ ...server, format: 'es', version, isProgram: true });
  await build({
    configFile: join(root, 'server/console/vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: join(root, 'dist/server/dist/console'), emptyOutDir: true },
  });
  for (const place of ['dist/agent/kits-agent.cjs', 'dist/tray-app/app', 'dist/server/bin/kits-server.mjs']) say(place);
}

if (positionals.length === 0) await bundleAll();
for (const what of positionals) {
  if (what !== 'agent') throw new Error(`there is nothing called "${what}" to build`);
  const platform = values.platform ?? process.platform;
  if (platform !== 'linux' && platform !== 'win32') throw new Error(`--platform ${platform}: expected linux or win32`);
  const name = platform === 'win32' ? 'kits-agent.exe' : 'kits-agent';
  const outFile = values.out ?? join(root, 'dist/bin', `${platform}-x64`, name);
  await buildSingleExecutable({ platform, version, outFile });
  say(outFile);
}
