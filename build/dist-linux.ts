/**
 * `npm run dist:linux`: the Debian packages, into dist/.
 *
 * Without Electron's binary (npm's package downloads it where it can) `--stand-in` makes a package of the tray that is marked, and
 * that no later step takes for a real one. `--version V` builds the same source as another version, `--fast` packs large and quickly: both for tests.
 */
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { sourceVersion } from './bundle.ts';
import { licenceText } from './licences.ts';
import { buildAgentPackage } from './linux/agent-package.ts';
import { buildTrayPackage, hasElectron } from './linux/tray-package.ts';
import { outFolder } from './out-folder.ts';
import { buildSingleExecutable } from './single-executable.ts';
import { sourceDate } from './source-date.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    version: { type: 'string' },
    fast: { type: 'boolean' },
    out: { type: 'string' },
    'stand-in': { type: 'boolean' },
  },
});
const version = values.version ?? sourceVersion();
const compression = values.fast === true ? 'fast' : 'small';
const outDir = outFolder(values.out ?? join(root, 'dist'));
const executable = join(root, 'dist/bin/linux-x64', version, 'kits-agent');
const licences = licenceText(await buildSingleExecutable({ platform: 'linux', version, outFile: executable }));
const outFile = buildAgentPackage({
  version,
  executable,
  licences,
  outFile: join(outDir, `kits-agent_${version}_amd64.deb`),
  compression,
  sourceDate: sourceDate(),
});
process.stdout.write(`${outFile}\n`);

const standIn = values['stand-in'] === true || !hasElectron();
if (standIn && values['stand-in'] !== true) {
  process.stdout.write(
    "Electron's binary is not here (node_modules/electron/dist); the package of the tray holds a marked stand-in.\n",
  );
}
const tray = await buildTrayPackage({ version, outDir, compression, sourceDate: sourceDate(), standIn });
process.stdout.write(`${tray}\n`);
