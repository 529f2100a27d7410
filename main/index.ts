/**
 * Entry of the Electron main process: a tray icon that shows what the service says, and a window on demand. It needs no
 * rights and can be ended at any time. Everything of Electron is handed in from here.
 */
import { watch } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { app, BrowserWindow, dialog, ipcMain, Menu, nativeImage, nativeTheme, protocol, session, Tray } from 'electron';
import { createAgentLink } from './agent-link/agent-link.ts';
import { appUserModelId, toastActivatorClsid } from './app-identity.ts';
import type { PageName } from './ipc/channels.ts';
import { serve } from './ipc/serve.ts';
import { createFrameTrust } from './ipc/trusted-frame.ts';
import { iconScales, stateIcon, type TrayTheme } from './tray/state-icon.ts';
import { type TrayState, type TrayView, trayView } from './tray/tray-view.ts';
import { lockDownContents, lockDownSession } from './window/lock-down.ts';
import { createStatusWindow } from './window/status-window.ts';
import { serveUiFiles, uiScheme } from './window/ui-files.ts';

const pollMs = 15_000;
/** Several changes of the directory come together; they are one reading. */
const settleMs = 200;

/** `--status-file=PATH` is for running from source; an installed tray reads the one place the installer protects. */
function statusFile(): string {
  const option = process.argv.find((argument) => argument.startsWith('--status-file='));
  if (option !== undefined && !app.isPackaged) return option.slice('--status-file='.length);
  return process.platform === 'win32'
    ? `${process.env['ProgramData'] ?? 'C:\\ProgramData'}\\KITS\\Agent\\public\\status.json`
    : '/var/lib/kits-agent/public/status.json';
}

function theme(): TrayTheme {
  const tone = nativeTheme.shouldUseDarkColors ? 'dark' : 'light';
  return nativeTheme.shouldUseHighContrastColors ? `contrast-${tone}` : tone;
}

function icon(state: TrayState): Electron.NativeImage {
  const image = nativeImage.createEmpty();
  for (const scaleFactor of iconScales) {
    const size = 16 * scaleFactor;
    image.addRepresentation({ scaleFactor, width: size, height: size, buffer: stateIcon(state, size, theme()) });
  }
  return image;
}

const warn = (line: string): void => {
  process.stderr.write(`kits-tray: ${line}\n`);
};

async function run(): Promise<void> {
  app.enableSandbox();
  app.disableHardwareAcceleration();
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  app.setAppUserModelId(appUserModelId);
  // Early: a random one would be made up otherwise, and a click on an older toast would lead nowhere.
  if (process.platform === 'win32') app.setToastActivatorCLSID(toastActivatorClsid);
  protocol.registerSchemesAsPrivileged([{ scheme: uiScheme, privileges: { standard: true, secure: true } }]);
  lockDownContents(app, warn);
  // Without a listener Electron ends with the last window; this program lives in the tray.
  app.on('window-all-closed', () => undefined);
  Menu.setApplicationMenu(null);
  await app.whenReady();

  const appRoot = app.getAppPath();
  const devTools = !app.isPackaged;
  protocol.handle(uiScheme, serveUiFiles(join(appRoot, 'dist/tray')));
  lockDownSession(session.defaultSession, devTools);

  const file = statusFile();
  const link = createAgentLink({
    publicDir: dirname(file),
    memory: join(app.getPath('userData'), 'requests.json'),
    now: () => new Date(),
    saveFile,
    asked: () => refreshOrWarn(),
  });
  const frames = createFrameTrust();
  const window = createStatusWindow({
    create: (options) => new BrowserWindow(options),
    preload: join(appRoot, 'dist/tray/preload.cjs'),
    devTools,
    trust: (contents) => frames.add(contents),
    warn,
  });
  serve({
    ipcMain,
    handlers: link.handlers,
    isTrusted: (event) => frames.isTrusted(event),
    warn,
  });
  // A launcher entry starts a second instance: the tray icon is never the only way in. Nothing of its arguments counts.
  app.on('second-instance', () => window.open());

  const tray = new Tray(icon('unknown'));
  tray.on('click', () => window.open());
  let view: TrayView = { state: 'unknown', tooltip: '', lines: [] };
  let shown = '';

  async function refresh(): Promise<void> {
    const state = await link.refresh();
    view = trayView(state.service, new Date());
    const key = JSON.stringify(view);
    if (key !== shown) {
      shown = key;
      tray.setImage(icon(view.state));
      tray.setToolTip(view.tooltip);
      // Linux shows a changed menu only when it is set anew.
      tray.setContextMenu(Menu.buildFromTemplate(menuOf(view, (page) => window.open(page), checkNow)));
    }
    window.tell('view:changed', state.view);
  }

  function checkNow(): void {
    link.handlers['check:start']().catch((error: unknown) => warn(String(error)));
    window.open('status');
  }

  function refreshOrWarn(): void {
    refresh().catch((error: unknown) => warn(`the status could not be shown: ${String(error)}`));
  }
  nativeTheme.on('updated', () => tray.setImage(icon(view.state)));
  await refresh();
  watchFolder(dirname(file), refreshOrWarn);
  setInterval(refreshOrWarn, pollMs);
  if (!process.argv.includes('--hidden')) window.open();
}

function menuOf(
  view: TrayView,
  open: (page?: PageName) => void,
  checkNow: () => void,
): Electron.MenuItemConstructorOptions[] {
  return [
    ...view.lines.map((label) => ({ label, enabled: false })),
    { type: 'separator' },
    { label: 'Status anzeigen', click: () => open('status') },
    { label: 'Jetzt prüfen', click: checkNow },
    { label: 'Mitteilungen', click: () => open('notices') },
    { label: 'Was wird übermittelt?', click: () => open('sent') },
    { label: 'Hilfe und Verdacht melden', click: () => open('help') },
    { label: 'Über KITS Agent', click: () => open('about') },
  ];
}

async function saveFile(name: string, content: string): Promise<string | undefined> {
  const { canceled, filePath } = await dialog.showSaveDialog({ defaultPath: name });
  if (canceled || filePath === '') return undefined;
  await writeFile(filePath, content);
  return filePath;
}

/** A change shows at once; where a folder cannot be watched the slow poll still sees it. */
function watchFolder(folder: string, changed: () => void): void {
  let timer: NodeJS.Timeout | undefined;
  try {
    const watcher = watch(folder, { persistent: false }, (_event, name) => {
      if (name === 'requests') return;
      clearTimeout(timer);
      timer = setTimeout(changed, settleMs);
    });
    watcher.on('error', () => watcher.close());
  } catch {
    // Not there yet: the poll goes on asking.
  }
}

await run();
