/** Builds the console into dist/console: `vite build -c server/console/vite.config.ts`. Only files, nothing inline, so that the strict CSP holds. */

const here = decodeURIComponent(new URL('.', import.meta.url).pathname);

export default {
  root: here,
  base: '/',
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    target: 'es2023',
    /** A `data:` URL in a style would be refused by the CSP. */
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
};
