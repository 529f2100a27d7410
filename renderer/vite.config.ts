/** Builds the window into dist/tray: names without hashes, because the main process serves a fixed list of files. */

const here = decodeURIComponent(new URL('.', import.meta.url).pathname);

export default {
  root: here,
  base: './',
  build: {
    outDir: '../dist/tray',
    emptyOutDir: true,
    target: 'es2023',
    /** A `data:` URL in a style would be refused by the CSP. */
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { entryFileNames: 'index.js', assetFileNames: 'index[extname]' } },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
};
