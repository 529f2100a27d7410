import { defineConfig } from 'vitest/config';

/** Builds packages and installs them: minutes, and root. One after the other, since each has the machine to itself. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/package/linux/*.test.ts'],
    maxWorkers: 1,
    testTimeout: 480_000,
    hookTimeout: 900_000,
  },
});
