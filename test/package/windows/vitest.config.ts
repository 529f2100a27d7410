import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('../../..', import.meta.url).pathname,
    include: ['test/package/windows/**/*.wine.ts'],
    alias: { electron: new URL('../../fakes/electron.ts', import.meta.url).pathname },
    // One machine after the other; a step installs 90 MB in wine.
    fileParallelism: false,
    testTimeout: 800_000,
    hookTimeout: 1_200_000,
  },
});
