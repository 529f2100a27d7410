/** Before the fault tests: both drivers as one file each. They are started hundreds of times, and source takes three times as long. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { bundleForNode, sourceVersion } from '../../build/bundle.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder with `agent-driver.mjs` and `server-driver.mjs`. */
    drivers: string;
  }
}

const outDir = mkdtempSync(join(tmpdir(), 'kits-drivers-'));

export async function setup(project: TestProject): Promise<void> {
  const version = sourceVersion();
  for (const name of ['agent-driver', 'server-driver']) {
    await bundleForNode({ entry: `test/faults/${name}.ts`, outDir, fileName: `${name}.mjs`, format: 'es', version });
  }
  project.provide('drivers', outDir);
}

export function teardown(): void {
  rmSync(outDir, { recursive: true, force: true });
}
