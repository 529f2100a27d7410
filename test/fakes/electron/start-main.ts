/**
 * Starts the real main process as Electron does: it is ready once the entry has been evaluated to its end and never before,
 * so that an entry which awaits `whenReady` at its top would wait for ever (github.com/electron/electron/issues/40719).
 */
export async function startMain(): Promise<void> {
  // Looked up at each call: a test that resets its modules gets a new program on a new stand-in.
  const { seen } = await import('../electron.ts');
  const { started } = await import('../../../main/index.ts');
  seen.isReady = true;
  seen.readiness.resolve();
  await started;
}
