import { availableParallelism, tmpdir } from 'node:os';
import { env } from 'node:process';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** No state of the process, no clock or module replaced: they share a process, which spares two seconds of CPU for each file. */
const shared = [
  'test/contract/**/*.test.ts',
  'test/renderer/**/*.test.ts',
  'test/agent/rules/**/*.test.ts',
  'test/agent/backup/**/*.test.ts',
  'test/agent/collectors/**/*.test.ts',
  'test/agent/signing/**/*.test.ts',
  'test/agent/report/**/*.test.ts',
  'test/agent/settings/**/*.test.ts',
  'test/agent/schedule/**/*.test.ts',
  'test/agent/mailbox.test.ts',
  'test/agent/commands/!(cli).test.ts',
  'test/agent/status/!(publish-status).test.ts',
  'test/agent/upgrade/!(interrupted).test.ts',
  'test/server/console/**/*.test.ts',
  'test/server/api/**/*.test.ts',
  'test/server/ingest/**/*.test.ts',
  'test/server/push/**/*.test.ts',
  'test/server/releases/**/*.test.ts',
  'test/server/http/**/*.test.ts',
  'test/server/staff/**/*.test.ts',
  'test/server/store/**/*.test.ts',
  'test/server/fleet/!(evaluate).test.ts',
];
const faults = ['test/faults/**/*.test.ts'];
const browser = ['test/e2e/**/*.test.ts'];

/**
 * The first two mostly wait, and for minutes; the others are short texts that take long, and the runner begins with the longest
 * text: whatever began last would have to be waited for by itself.
 */
const longest = [
  '/test/faults/kill.test.ts',
  '/test/faults/network.test.ts',
  '/test/e2e/backups.test.ts',
  '/test/agent/backup/linux/real-borg.test.ts',
  '/test/build/start.test.ts',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const first = longest.flatMap((path) => sorted.filter(({ moduleId }) => moduleId.endsWith(path)));
    return [...first, ...sorted.filter((file) => !first.includes(file))];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      { extends: true, test: { name: 'shared', include: shared, isolate: false, pool: 'threads' } },
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          // What is built and installed for real has commands of its own: npm run test:package, npm run test:wine.
          exclude: ['test/package/**', ...shared, ...faults, ...browser],
        },
      },
      {
        extends: true,
        test: {
          name: 'faults',
          include: faults,
          globalSetup: 'test/faults/bundle-drivers.ts',
          // Where others may write to memory, these stay on the disk: who is killed shall be in the middle of a write as often as there.
          env: { TMPDIR: env['KITS_ON_DISK'] ?? tmpdir() },
        },
      },
      { extends: true, test: { name: 'browser', include: browser, globalSetup: 'test/e2e/build-pages.ts' } },
    ],
    // Importing the real package in plain Node tries to download Electron's binary.
    alias: { electron: new URL('./test/fakes/electron.ts', import.meta.url).pathname },
    // Many tests wait for programs, browsers and servers of their own: on two cores three workers leave them idle at times.
    maxWorkers: Math.max(4, availableParallelism()),
    // Bounds against what hangs: beside the other tests, each wait and each start of a program takes its time.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
