/**
 * `npm run dist:linux`: the Debian packages, into dist/.
 *
 * `--version V` builds the same source as another version, `--fast` packs large and quickly: both for tests.
 */
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { sourceVersion } from './bundle.ts';
import { licenceText } from './licences.ts';
import { buildAgentPackage } from './linux/agent-package.ts';
import { buildSingleExecutable } from './single-executable.ts';
import { sourceDate } from './source-date.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: { version: { type: 'string' }, fast: { type: 'boolean' }, out: { type: 'string' } },
});
const version = values.version ?? sourceVersion();
const outDir = values.out ?? join(root, 'dist');
const executable = join(root, 'dist/bin/linux-x64', version, 'kits-agent');
const licences = licenceText(await buildSingleExecutable({ platform: 'linux', version, outFile: executable }));
const outFile = buildAgentPackage({
  version,
  executable,
  licences,
  outFile: join(outDir, `kits-agent_${version}_amd64.deb`),
  compression: values.fast === true ? 'fast' : 'small',
  sourceDate: sourceDate(),
});
process.stdout.write(`${outFile}\n`);
