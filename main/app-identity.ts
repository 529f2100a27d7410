/**
 * Names by which the system knows the tray. Program, installer and packages must say the same, so that they stand here
 * alone; build scripts import this file. None of them may change once shipped: a toast finds its way back by them.
 */

/** Also `appId` of electron-builder, whose shortcut in the start menu carries it. */
export const appUserModelId = 'de.kits.agent';

/** COM class that Windows calls for a click on a toast whose program has ended. */
export const toastActivatorClsid = '{7C0D9A52-3E5B-4B0F-9B37-5C1E2A64D8F1}';

export const productName = 'KITS Agent';

/**
 * File beside `app.asar` in the folder of resources that holds the version of the tray which is installed, one line. The
 * build writes it; a tray that runs and finds another version than its own starts itself anew.
 */
export const installedVersionFile = 'tray-version';
