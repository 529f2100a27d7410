/** `npm run test:electron`: the tray in the real Electron, with the steps of the suite in Chromium. Not part of `npm test`. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { electronBinary } from './electron-binary.ts';

const root = join(import.meta.dirname, '..');
const binary = electronBinary();
if (binary === undefined) {
  process.stdout.write('skipped: no Electron binary\n');
  process.exit(0);
}
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', '--config', 'test/electron/vitest.config.ts'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, KITS_ELECTRON: binary },
});
process.exit(status ?? 1);
