/**
 * Stands in for the package `electron` in every test: the binary cannot be had where the tests run, and importing the
 * real package in plain Node starts a download. Typed against the real declarations.
 */
import type * as Electron from 'electron';

type Picked<T, K extends keyof T> = Pick<T, K>;

/** What the stand-in saw, for tests to look at; `reset` before each test. */
export const seen = {
  trays: [] as { tooltip: string; menu: string[]; images: number }[],
  quit: 0,
  sandboxed: false,
  hasLock: true,
  reset(): void {
    this.trays = [];
    this.quit = 0;
    this.sandboxed = false;
    this.hasLock = true;
  },
};

type AppUnderTest = Picked<
  Electron.App,
  'enableSandbox' | 'disableHardwareAcceleration' | 'requestSingleInstanceLock' | 'quit' | 'whenReady' | 'isPackaged'
> & { on(event: string, listener: () => void): unknown };

export const app: AppUnderTest = {
  isPackaged: false,
  enableSandbox: () => {
    seen.sandboxed = true;
  },
  disableHardwareAcceleration: () => undefined,
  requestSingleInstanceLock: () => seen.hasLock,
  quit: () => {
    seen.quit += 1;
  },
  whenReady: () => Promise.resolve(),
  on: () => undefined,
};

interface BitmapImage {
  addRepresentation(options: Electron.AddRepresentationOptions): void;
}

export const nativeImage: { createFromBitmap(buffer: Buffer, options: Electron.CreateFromBitmapOptions): BitmapImage } =
  {
    createFromBitmap(buffer, { width, height }) {
      if (buffer.length !== width * height * 4) throw new Error('the bitmap has another size than it says');
      return { addRepresentation: () => undefined };
    },
  };

export const Menu = {
  buildFromTemplate: (items: Electron.MenuItemConstructorOptions[]) => items.map(({ label }) => label ?? ''),
};

export class Tray {
  readonly #record = { tooltip: '', menu: [] as string[], images: 0 };

  constructor(_image: BitmapImage) {
    seen.trays.push(this.#record);
  }

  setImage(_image: BitmapImage): void {
    this.#record.images += 1;
  }

  setToolTip(text: string): void {
    this.#record.tooltip = text;
  }

  setContextMenu(menu: string[]): void {
    this.#record.menu = menu;
  }
}
