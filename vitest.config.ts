import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What is built and installed for real has commands of its own: npm run test:package, npm run test:wine.
    exclude: ['test/package/**'],
    // Importing the real package in plain Node tries to download Electron's binary.
    alias: { electron: new URL('./test/fakes/electron.ts', import.meta.url).pathname },
    // Many tests wait for programs, browsers and servers of their own: on two cores one worker alone would leave one idle.
    maxWorkers: Math.max(3, availableParallelism()),
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
