/**
 * Stands in for the package `electron` in every test: the binary cannot be had where the tests run, and importing the
 * real package in plain Node starts a download. Each part is typed against the real declarations, so that a change of
 * Electron breaks the type check here. With `seen.screen` (electron/chromium.ts) its windows are real pages.
 */
import { app, crashReporter, powerMonitor } from './electron/app.ts';
import { FakeNotification, FakeNotification as Notification } from './electron/notification.ts';
import { contextBridge, ipcRenderer } from './electron/renderer.ts';
import { clipboard, dialog, ipcMain, protocol, screen, session, shell } from './electron/services.ts';
import { Menu, nativeImage, nativeTheme, Tray } from './electron/tray.ts';
import { FakeWindow as BrowserWindow } from './electron/window.ts';

export { appEvents, ipcRendererEvents, seen } from './electron/seen.ts';
export {
  app,
  BrowserWindow,
  clipboard,
  contextBridge,
  crashReporter,
  dialog,
  FakeNotification,
  ipcMain,
  ipcRenderer,
  Menu,
  Notification,
  nativeImage,
  nativeTheme,
  powerMonitor,
  protocol,
  screen,
  session,
  shell,
  Tray,
};
