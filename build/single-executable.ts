/** `kits-agent` as one file: Node with our bundle inside, which runs that bundle and nothing else. */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { inject } from 'postject';
import { bundleAgent } from './bundle.ts';
import { type LicensedPackage, nodeLicence } from './licences.ts';
import { nodeBinary, type Platform } from './node-binary.ts';
import { runTool } from './run-tool.ts';
import { signForWindows } from './sign-windows.ts';
import { withIdentity, withoutSignature } from './windows-resources.ts';

const root = join(import.meta.dirname, '..');
const resourceName = 'NODE_SEA_BLOB';
const sentinelFuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
/** What Windows' PowerShell runs; it wants files, so the agent writes them out where only administrators write. */
const powershellScripts = ['collect.ps1', 'search-updates.ps1'] as const;

const partsFolder = 'parts';
/**
 * For a process that is idle nearly always: a small young generation, one helper thread instead of four and one compiler instead
 * of three need less memory and no more CPU. The old generation may grow to what a round needs before it is looked through;
 * afterwards the service gives back what the round took.
 */
export const memoryFlags = [
  '--max-semi-space-size=1',
  '--initial-old-space-size=32',
  '--v8-pool-size=1',
  '--no-maglev',
  '--no-sparkplug',
  '--expose-gc',
] as const;

export interface SingleExecutable {
  readonly platform: Platform;
  readonly version: string;
  readonly outFile: string;
}

/** The same source and version give the same bytes, up to the signature. Returns what it is made of. */
export async function buildSingleExecutable({
  platform,
  version,
  outFile,
}: SingleExecutable): Promise<LicensedPackage[]> {
  const work = `${outFile}.work`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  try {
    const packages = await bundleAgent(join(work, partsFolder), version);
    const file = join(work, platform === 'win32' ? 'kits-agent.exe' : 'kits-agent');
    const content = blob(work, platform);
    if (platform === 'win32') {
      writeFileSync(file, withoutSignature(readFileSync(nodeBinary(platform))));
      await inject(file, resourceName, content, { sentinelFuse });
      // Afterwards: the injector does not understand the layout this writes.
      const identity = { version, description: 'KITS Agent (Dienst)', fileName: 'kits-agent.exe' };
      writeFileSync(file, withIdentity(readFileSync(file), identity));
      signForWindows(file, 'KITS Agent');
    } else {
      // Before: afterwards strip would damage what was injected.
      runTool('strip', ['--strip-all', '-o', file, nodeBinary(platform)]);
      await inject(file, resourceName, content, { sentinelFuse });
    }
    chmodSync(file, 0o755);
    mkdirSync(dirname(outFile), { recursive: true });
    renameSync(file, outFile);
    return [nodeLicence(), ...packages];
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The bundle as Node reads it. The blob does not depend on the platform, so that Linux can make the one for Windows. */
function blob(work: string, platform: Platform): Buffer {
  const scripts = join(root, 'agent/platform/windows');
  const parts = readdirSync(join(work, partsFolder)).sort();
  copyFileSync(join(import.meta.dirname, 'load-parts.cjs'), join(work, 'load-parts.cjs'));
  const config = {
    // Relative: the blob carries the path, and the place of the build is no part of the product.
    main: 'load-parts.cjs',
    output: 'kits-agent.blob',
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    useCodeCache: false,
    execArgv: [
      '--disable-warning=ExperimentalWarning',
      // SIGUSR1 would open a debugger.
      '--disable-sigusr1',
      // OPENSSL_CONF would name a file, and that a library to be loaded into this process; so would a file of the machine.
      `--openssl-config=${platform === 'win32' ? 'NUL' : '/dev/null'}`,
      ...memoryFlags,
    ],
    // Neither NODE_OPTIONS nor the command line reach Node: this program is no interpreter for anybody.
    execArgvExtension: 'none',
    assets: Object.fromEntries([
      ...parts.map((name) => [`./${name}`, join(partsFolder, name)]),
      ...(platform === 'win32' ? powershellScripts.map((name) => [name, join(scripts, name)]) : []),
    ]),
  };
  writeFileSync(join(work, 'sea.json'), JSON.stringify(config));
  runTool(nodeBinary(process.platform === 'win32' ? 'win32' : 'linux'), ['--experimental-sea-config', 'sea.json'], {
    cwd: work,
  });
  return readFileSync(join(work, 'kits-agent.blob'));
}
