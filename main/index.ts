/** Entry of the Electron main process: a tray icon that shows what the service says. It needs no rights and can be ended at any time. */
import { app, Menu, nativeImage, Tray } from 'electron';
import { readStatus } from './agent-link/read-status.ts';
import { stateIcon } from './tray/state-icon.ts';
import { trayView } from './tray/tray-view.ts';

const pollMs = 15_000;

/** `--status-file=PATH` is for running from source; an installed tray reads the one place the installer protects. */
function statusFile(): string {
  const option = process.argv.find((argument) => argument.startsWith('--status-file='));
  if (option !== undefined && !app.isPackaged) return option.slice('--status-file='.length);
  return process.platform === 'win32'
    ? `${process.env['ProgramData'] ?? 'C:\\ProgramData'}\\KITS\\Agent\\public\\status.json`
    : '/var/lib/kits-agent/public/status.json';
}

function icon(state: Parameters<typeof stateIcon>[0]): Electron.NativeImage {
  const image = nativeImage.createFromBitmap(stateIcon(state, 16), { width: 16, height: 16 });
  image.addRepresentation({ scaleFactor: 2, width: 32, height: 32, buffer: stateIcon(state, 32) });
  return image;
}

async function run(): Promise<void> {
  app.enableSandbox();
  app.disableHardwareAcceleration();
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  // Without a listener Electron ends with the last window; this program lives in the tray.
  app.on('window-all-closed', () => undefined);
  await app.whenReady();
  const file = statusFile();
  const tray = new Tray(icon('unknown'));
  let shown = '';
  const refresh = async (): Promise<void> => {
    const view = trayView(await readStatus(file, new Date()));
    const key = JSON.stringify(view);
    if (key === shown) return;
    shown = key;
    tray.setImage(icon(view.state));
    tray.setToolTip(view.tooltip);
    tray.setContextMenu(Menu.buildFromTemplate(view.lines.map((label) => ({ label, enabled: false }))));
  };
  await refresh();
  setInterval(() => void refresh(), pollMs);
}

await run();
