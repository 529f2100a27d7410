/** `app`: life of the program. Events come through `appEvents`. */
import { existsSync } from 'node:fs';
import type * as Electron from 'electron';
import { appEvents, mustNotBeReady, powerEvents, seen } from './seen.ts';

type Listener = (...args: never[]) => void;
const listening = (event: string, listener: Listener) => {
  appEvents.on(event, listener as (...args: unknown[]) => void);
  return app;
};

type AppUnderTest = Pick<
  Electron.App,
  | 'enableSandbox'
  | 'disableHardwareAcceleration'
  | 'requestSingleInstanceLock'
  | 'hasSingleInstanceLock'
  | 'releaseSingleInstanceLock'
  | 'quit'
  | 'exit'
  | 'whenReady'
  | 'isReady'
  | 'isPackaged'
  | 'setAppUserModelId'
  | 'setToastActivatorCLSID'
  | 'getAppPath'
  | 'getPath'
  | 'setPath'
  | 'relaunch'
  | 'getName'
  | 'getVersion'
  | 'getPreferredSystemLanguages'
> & {
  on(event: string, listener: Listener): unknown;
  once(event: string, listener: Listener): unknown;
};

export const app: AppUnderTest = {
  get isPackaged() {
    return seen.isPackaged;
  },
  enableSandbox: () => {
    mustNotBeReady('app.enableSandbox()');
    seen.sandboxed = true;
  },
  disableHardwareAcceleration: () => mustNotBeReady('app.disableHardwareAcceleration()'),
  requestSingleInstanceLock: (data) => {
    if (!seen.hasLock) seen.refused(seen.userData, data);
    return seen.hasLock;
  },
  hasSingleInstanceLock: () => seen.hasLock,
  releaseSingleInstanceLock: () => {
    seen.hasLock = false;
  },
  quit: () => {
    seen.quit += 1;
    appEvents.emit('before-quit', { preventDefault: () => undefined });
    for (const window of seen.windows) window.destroy();
    appEvents.emit('will-quit', { preventDefault: () => undefined });
    appEvents.emit('quit', {}, 0);
  },
  exit: (code) => {
    seen.exits.push(code);
    for (const window of seen.windows) window.destroy();
  },
  whenReady: () => seen.readiness.promise,
  isReady: () => seen.isReady,
  setAppUserModelId: (id) => {
    seen.appUserModelId = id;
  },
  setToastActivatorCLSID: (id) => {
    seen.clsid = id;
  },
  getAppPath: () => seen.appPath,
  getPath: () => seen.userData,
  setPath: (name, path) => {
    if (!existsSync(path)) throw new Error('Failed to set path');
    if (name === 'userData') seen.userData = path;
  },
  relaunch: (options) => {
    seen.relaunches.push(options);
  },
  getName: () => 'kits-agent',
  getVersion: () => seen.version,
  getPreferredSystemLanguages: () => seen.languages,
  on: listening,
  once: (event, listener) => {
    appEvents.once(event, listener as (...args: unknown[]) => void);
    return app;
  },
};

/** Lock screen, sleep and wake come as events that a test emits. */
export const powerMonitor = Object.assign(powerEvents, {
  getSystemIdleState: () => seen.idleState,
  getSystemIdleTime: () => 0,
  isOnBatteryPower: () => false,
} satisfies Partial<Electron.PowerMonitor>);

export const crashReporter: Pick<Electron.CrashReporter, 'start'> = { start: () => undefined };
