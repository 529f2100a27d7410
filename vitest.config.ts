import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Importing the real package in plain Node tries to download Electron's binary.
    alias: { electron: new URL('./test/fakes/electron.ts', import.meta.url).pathname },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
