/** The icon: picture, tooltip and menu of a view, drawn anew when one of them changes. */
import type { Menu, MenuItemConstructorOptions, NativeImage, Tray } from 'electron';
import type { Language, PageName } from '../ipc/channels.ts';
import { trayTexts } from './tray-texts.ts';
import type { TrayState, TrayView } from './tray-view.ts';

export interface TrayIconOptions {
  readonly create: (image: NativeImage) => Tray;
  /** In the colours the panel has at the moment. */
  readonly image: (state: TrayState) => NativeImage;
  readonly menu: (items: MenuItemConstructorOptions[]) => Menu;
  readonly open: (page?: PageName) => void;
  readonly checkNow: () => void;
}

export interface TrayIcon {
  /** `notices`: how many are waiting to be read. */
  show(view: TrayView, notices: number, language: Language): void;
  /** The panel has other colours now. */
  repaint(): void;
  /**
   * Makes it again. On Linux an icon is lost with the panel that showed it and nobody tells; Windows says so to every
   * program, and Electron puts the icon back by itself.
   */
  renew(): void;
}

export function createTrayIcon({ create, image, menu, open, checkNow }: TrayIconOptions): TrayIcon {
  let shown: { view: TrayView; notices: number; language: Language } | undefined;
  let tray = make();

  function make(): Tray {
    const made = create(image(shown?.view.state ?? 'unknown'));
    made.on('click', () => open());
    return made;
  }

  function draw(): void {
    if (shown === undefined) return;
    const { view, notices, language } = shown;
    tray.setImage(image(view.state));
    tray.setToolTip(view.tooltip);
    // Linux shows a changed menu only when it is set anew.
    tray.setContextMenu(menu(itemsOf(view, notices, language)));
  }

  function itemsOf({ lines }: TrayView, notices: number, language: Language): MenuItemConstructorOptions[] {
    const t = trayTexts[language];
    const page = (name: PageName, label: string = t.pages[name]): MenuItemConstructorOptions => ({
      label,
      click: () => open(name),
    });
    return [
      ...lines.map((label) => ({ label: label.replaceAll('&', '&&'), enabled: false })),
      { type: 'separator' },
      page('status'),
      { label: t.checkNow, click: checkNow },
      page('notices', notices === 0 ? t.pages.notices : t.noticesWithCount(notices)),
      page('sent'),
      page('help'),
      page('about'),
    ];
  }

  return {
    show: (view, notices, language) => {
      const next = { view, notices, language };
      if (JSON.stringify(next) === JSON.stringify(shown)) return;
      shown = next;
      draw();
    },
    repaint: () => tray.setImage(image(shown?.view.state ?? 'unknown')),
    renew: () => {
      tray.destroy();
      tray = make();
      draw();
    },
  };
}
