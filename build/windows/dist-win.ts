/**
 * `npm run dist:win [-- --stand-in] [--version V] [--out FOLDER]`: the installers for Windows, into dist/installers.
 *
 * Without --stand-in electron-builder downloads Electron and NSIS as usual. With it nothing is downloaded: a program that is not
 * Electron and stand-ins for the plugins take their places. What is made then says so in its name and in its files.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { standInMark } from '../../server/releases/stand-in.ts';
import { sourceVersion } from '../bundle.ts';
import { appIco } from '../icons.ts';
import { licenceText } from '../licences.ts';
import { emptyOutFolder } from '../out-folder.ts';
import { runTool } from '../run-tool.ts';
import { signForWindows } from '../sign-windows.ts';
import { buildSingleExecutable } from '../single-executable.ts';
import { sourceDate } from '../source-date.ts';
import { stageTrayApp } from '../tray-app.ts';
import { writePolicyDefinitions } from './admx.ts';
import { makeStandInElectron } from './electron-distribution.ts';
import { buildMsi } from './msi.ts';
import { standInNsis } from './nsis-tools.ts';

const root = join(import.meta.dirname, '../..');
const { values } = parseArgs({
  options: {
    'stand-in': { type: 'boolean', default: false },
    version: { type: 'string', default: sourceVersion() },
    out: { type: 'string', default: join(root, 'dist/installers') },
  },
});
const { version } = values;
const out = emptyOutFolder(values.out, 'artefacts.json');
const standIn = values['stand-in'];
// Windows Installer knows three numbers and nothing behind them.
if (!/^\d{1,3}\.\d{1,3}\.\d{1,5}$/.test(version)) throw new Error(`--version ${version}: expected three numbers`);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const work = join(root, 'dist/windows');
const delivered = join(work, 'agent/kits-agent.exe');
rmSync(join(work, 'agent'), { recursive: true, force: true });
mkdirSync(join(work, 'agent'), { recursive: true });
mkdirSync(join(work, 'build-resources'), { recursive: true });
const inside = await buildSingleExecutable({ platform: 'win32', version, outFile: delivered });
writeFileSync(join(work, 'agent/third-party-licences.txt'), licenceText(inside));
say(`Service:  ${delivered}`);
const staged = join(work, 'tray');
await stageTrayApp(staged, version);
writeFileSync(join(work, 'build-resources/icon.ico'), appIco());

const name = standIn ? `kits-agent-${version}-stand-in` : `kits-agent-${version}`;
const overrides: string[] = [`-c.directories.output=${out}`, `-c.nsis.artifactName=${name}-setup.\${ext}`];
let env: Record<string, string> = {};
if (standIn) {
  const electron = makeStandInElectron(join(work, 'stand-in-electron'));
  env = standInNsis(join(work, 'stand-in-nsis'));
  writeFileSync(join(staged, 'resources/STAND-IN.txt'), `${standInMark}: not for publishing.\n`);
  // To try it with, seconds count and bytes do not.
  overrides.push(`-c.electronDist=${electron}`, '-c.compression=store');
}
runTool(
  join(root, 'node_modules/.bin/electron-builder'),
  ['--win', 'nsis', '--x64', '--publish', 'never', '--projectDir', root, ...overrides],
  { cwd: root, env, timeoutMs: 1_800_000 },
);
const msi = join(out, `${name}.msi`);
buildMsi({
  folder: join(out, 'win-unpacked'),
  version,
  outFile: msi,
  work: join(work, 'msi'),
  sourceDate: sourceDate(),
  standIn,
});

writePolicyDefinitions(join(out, 'PolicyDefinitions'));

const artefacts = readdirSync(out).filter((file) => /\.(exe|msi)$/.test(file));
// Where the environment says how; the programs inside are signed before (the service) and by electron-builder (CSC_LINK).
for (const file of artefacts) signForWindows(join(out, file), 'KITS Agent');
const described = artefacts.map((file) => {
  const bytes = readFileSync(join(out, file));
  return { file, bytes: bytes.byteLength, sha256: createHash('sha256').update(bytes).digest('hex'), standIn };
});
writeFileSync(join(out, 'artefacts.json'), `${JSON.stringify(described, undefined, 2)}\n`);
for (const { file, bytes } of described) say(`${standIn ? 'Stand-in' : 'Artefact'}: ${file} (${bytes} bytes)`);
if (standIn) say('These hold no Electron: to try the installers with, not to publish.');
