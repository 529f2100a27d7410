/**
 * Entry of the Electron main process: a tray icon that shows what the service says, toasts, and a window on demand. It needs
 * no rights and can be ended at any time. Everything of Electron is handed in from here.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  Notification,
  nativeImage,
  nativeTheme,
  powerMonitor,
  protocol,
  session,
  shell,
  Tray,
} from 'electron';
import { accountName } from './agent-link/account-name.ts';
import { createAgentLink } from './agent-link/agent-link.ts';
import { watchFolder } from './agent-link/watch-folder.ts';
import { appUserModelId, installedVersionFile, toastActivatorClsid } from './app-identity.ts';
import { serve } from './ipc/serve.ts';
import { createFrameTrust } from './ipc/trusted-frame.ts';
import { createAnnouncer } from './notices/announcer.ts';
import { watchPresence } from './notices/presence.ts';
import { createRenewal, versionIn } from './renewal.ts';
import { answerStart, claimSession, type StartData } from './single-instance.ts';
import { iconScales, stateIcon, type TrayTheme } from './tray/state-icon.ts';
import { createTrayIcon } from './tray/tray-icon.ts';
import { type TrayState, trayView } from './tray/tray-view.ts';
import { createWaking } from './waking.ts';
import { lockDownContents, lockDownSession } from './window/lock-down.ts';
import { createStatusWindow } from './window/status-window.ts';
import { serveUiFiles, uiScheme } from './window/ui-files.ts';

const pollMs = 15_000;

/** `--status-file=PATH` is for running from source; an installed tray reads the one place the installer protects. */
function statusFile(): string {
  const option = process.argv.find((argument) => argument.startsWith('--status-file='));
  if (option !== undefined && !app.isPackaged) return option.slice('--status-file='.length);
  return process.platform === 'win32'
    ? `${process.env['ProgramData'] ?? 'C:\\ProgramData'}\\KITS\\Agent\\public\\status.json`
    : '/var/lib/kits-agent/public/status.json';
}

function theme(): TrayTheme {
  // Windows colours its taskbar apart from its windows.
  const isDark =
    process.platform === 'win32'
      ? nativeTheme.shouldUseDarkColorsForSystemIntegratedUI
      : nativeTheme.shouldUseDarkColors;
  const tone = isDark ? 'dark' : 'light';
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

/** What is remembered is about this PC: a profile that follows its user to another one must not take it along. */
function folderOfUser(): string {
  const local = process.env['LOCALAPPDATA'];
  return process.platform === 'win32' && local !== undefined ? join(local, 'KITS Agent') : app.getPath('userData');
}

function takeFolder(folder: string, data: StartData): boolean {
  app.setPath('userData', folder);
  return app.requestSingleInstanceLock(data);
}

async function run(isFirst: boolean): Promise<void> {
  if (!isFirst) {
    app.quit();
    return;
  }
  app.on('second-instance', (_event, _argv, _folder, data) => answerStart(app.getPath('userData'), data));
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

  const now = (): Date => new Date();
  const waking = createWaking(now());
  const folder = dirname(statusFile());
  const link = createAgentLink({
    publicDir: folder,
    userDir: app.getPath('userData'),
    now,
    saveFile,
    openLink: (url) => shell.openExternal(url),
    accountName: accountName(),
    systemLanguages: app.getPreferredSystemLanguages(),
    asked: () => refreshOrWarn(),
    warn,
    isWaking: waking.isWaking,
  });
  const frames = createFrameTrust();
  const window = createStatusWindow({
    create: (options) => new BrowserWindow(options),
    preload: join(appRoot, 'dist/tray/preload.cjs'),
    devTools,
    trust: (contents) => frames.add(contents),
    warn,
  });
  serve({ ipcMain, handlers: link.handlers, isTrusted: (event) => frames.isTrusted(event), warn });
  const icons = createTrayIcon({
    create: (image) => new Tray(image),
    image: icon,
    menu: (items) => Menu.buildFromTemplate(items),
    open: (page) => window.open(page),
    checkNow: () => {
      link.handlers['check:start']().catch((error: unknown) => warn(String(error)));
      window.open('status');
    },
  });
  const announcer = createAnnouncer({
    link,
    presence: watchPresence(powerMonitor, () => refreshOrWarn()),
    isSupported: () => Notification.isSupported(),
    create: (options) => new Notification(options),
    open: (notice) => window.open('notices', notice?.id),
    now: link.time,
    warn,
  });
  const renewal = createRenewal({
    own: app.getVersion(),
    installed: () => (app.isPackaged ? installedVersion() : Promise.resolve(undefined)),
    isWindowOpen: window.isOpen,
    args: process.argv.slice(1),
    restart: (args) => {
      app.relaunch({ args });
      app.exit(0);
    },
  });

  async function refresh(): Promise<void> {
    const reading = await link.refresh();
    const open = reading.view.notices.filter(({ isOpen }) => isOpen).length;
    const language = link.language.current();
    icons.show(trayView(reading.service, now(), language), open, language);
    window.tell('view:changed', reading.view);
    announcer.update(reading);
  }

  /** One after the other: two readings at a time would each announce the same notice. */
  let refreshing = Promise.resolve();
  function refreshOrWarn(): void {
    refreshing = refreshing.then(refresh).catch((error: unknown) => warn(`the status could not be shown: ${error}`));
  }

  // A launcher entry starts a second instance: the tray icon is never the only way in. One that an installer or a logon
  // started asks for nothing; nothing else of its arguments counts.
  app.on('second-instance', (_event, argv) => {
    if (process.platform === 'linux') icons.renew();
    if (!argv.includes('--hidden')) window.open();
  });
  powerMonitor.on('resume', () => {
    waking.woke(now());
    if (process.platform === 'linux') icons.renew();
    refreshOrWarn();
  });
  nativeTheme.on('updated', icons.repaint);
  if (process.platform === 'win32') {
    // A toast from before a restart has nobody else who listens. Its buttons mean nothing then: it only shows.
    Notification.handleActivation(({ type }) => {
      if (type === 'click' || !announcer.hasAny()) window.open('notices');
    });
  }
  const watching = watchFolder(folder, refreshOrWarn);
  refreshOrWarn();
  await refreshing;
  watching.renew();
  setInterval(() => {
    waking.looked(now());
    watching.renew();
    refreshOrWarn();
    renewal.look(now()).catch((error: unknown) => warn(String(error)));
  }, pollMs);
  if (!process.argv.includes('--hidden')) window.open();
}

async function installedVersion(): Promise<string | undefined> {
  try {
    return versionIn(await readFile(join(process.resourcesPath, installedVersionFile), 'utf8'));
  } catch {
    return undefined;
  }
}

async function saveFile(name: string, content: string): Promise<string | undefined> {
  const { canceled, filePath } = await dialog.showSaveDialog({ defaultPath: name });
  if (canceled || filePath === '') return undefined;
  await writeFile(filePath, content);
  return filePath;
}

app.enableSandbox();
app.disableHardwareAcceleration();
const isFirst = await claimSession({ folder: folderOfUser(), take: takeFolder });
/**
 * Not awaited here: Electron is ready only once this module has been evaluated to its end, and `run` waits for that. What has
 * to come before, it does in one go.
 */
export const started = run(isFirst);
started.catch((error: unknown) => {
  // Without an icon it would only keep the place of the next one.
  warn(`the tray could not start: ${String(error)}`);
  app.exit(1);
});
