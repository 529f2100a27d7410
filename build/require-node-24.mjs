/**
 * Stops an npm script with one clear sentence on a Node older than 24.
 *
 * Plain JavaScript that Node 18 can read: it runs before the first TypeScript file is loaded.
 */
const major = Number(process.versions.node.split('.')[0]);
if (!(major >= 24)) {
  process.stderr.write(
    `KITS Agent needs Node.js 24 or newer, but this is ${process.version}. ` +
      'Run "npm ci" without --omit=optional: it brings Node 24 with it for every npm script.\n',
  );
  process.exit(1);
}
