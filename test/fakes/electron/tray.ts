/** `Tray`, `Menu`, `nativeImage`, `nativeTheme`: what stands beside the clock. */
import { EventEmitter } from 'node:events';
import type * as Electron from 'electron';
import { seen } from './seen.ts';

type Bitmap = Pick<Electron.NativeImage, 'addRepresentation' | 'isEmpty' | 'getSize' | 'toBitmap'>;

function imageOf(size: Electron.Size = { width: 0, height: 0 }, bitmap: Buffer = Buffer.alloc(0)): Bitmap {
  const scales = new Map<number, { size: Electron.Size; bitmap: Buffer }>();
  if (bitmap.length > 0) scales.set(1, { size, bitmap });
  return {
    addRepresentation: ({ scaleFactor = 1, width = 0, height = 0, buffer = Buffer.alloc(0) }) => {
      if (buffer.length !== width * height * 4) throw new Error('the bitmap has another size than it says');
      scales.set(scaleFactor, { size: { width, height }, bitmap: buffer });
    },
    isEmpty: () => scales.size === 0,
    getSize: (scale = 1) => scales.get(scale)?.size ?? { width: 0, height: 0 },
    toBitmap: ({ scaleFactor = 1 } = {}) => scales.get(scaleFactor)?.bitmap ?? Buffer.alloc(0),
  };
}

export const nativeImage: {
  [K in 'createEmpty' | 'createFromBitmap']: (...args: Parameters<(typeof Electron.nativeImage)[K]>) => Bitmap;
} = {
  createEmpty: () => imageOf(),
  createFromBitmap: (buffer, { width, height }) => imageOf({ width, height }, buffer),
};

/** A test changes the fields and emits "updated". */
export const nativeTheme = Object.assign(new EventEmitter(), {
  shouldUseDarkColors: false,
  shouldUseDarkColorsForSystemIntegratedUI: false,
  shouldUseHighContrastColors: false,
} satisfies Partial<Electron.NativeTheme>);

export const Menu = {
  setApplicationMenu: (_menu: Electron.Menu | null) => undefined,
  buildFromTemplate: (items: Electron.MenuItemConstructorOptions[]) => items,
} satisfies { [K in keyof typeof Electron.Menu]?: unknown };

export interface TrayRecord {
  readonly tooltip: string;
  readonly menu: string[];
  /** Times the picture was changed. */
  readonly images: number;
  /** Of 16 × 16 pixels. */
  readonly bitmap: Buffer;
  readonly destroyed: boolean;
  /** Chooses an entry of the menu; throws when it is not there or cannot be chosen. */
  click(label: string | RegExp): void;
  /** The icon itself. */
  press(): void;
}

type TrayUnderTest = Omit<
  Pick<Electron.Tray, 'setImage' | 'setToolTip' | 'setContextMenu' | 'destroy' | 'isDestroyed'>,
  'setImage' | 'setContextMenu'
>;

export class Tray extends EventEmitter implements TrayUnderTest {
  #items: Electron.MenuItemConstructorOptions[] = [];
  readonly #record: { -readonly [K in keyof TrayRecord]: TrayRecord[K] };

  constructor(image: Bitmap) {
    super();
    if (image.isEmpty()) throw new Error('the icon is empty: nobody could see it');
    this.#record = {
      tooltip: '',
      menu: [],
      images: 0,
      bitmap: image.toBitmap(),
      destroyed: false,
      click: (label) => {
        const fits = (text: string): boolean => (typeof label === 'string' ? text === label : label.test(text));
        const item = this.#items.find((one) => fits(one.label ?? ''));
        if (item?.click === undefined || item.enabled === false) throw new Error(`the menu has no ${label} to click`);
        (item.click as () => void)();
      },
      press: () => void this.emit('click'),
    };
    seen.trays.push(this.#record);
  }

  setImage(image: Bitmap): void {
    this.#record.images += 1;
    this.#record.bitmap = image.toBitmap();
  }

  setToolTip(text: string): void {
    this.#record.tooltip = text;
  }

  setContextMenu(items: Electron.MenuItemConstructorOptions[] | null): void {
    this.#items = items ?? [];
    this.#record.menu = this.#items.map(({ label }) => label ?? '');
  }

  destroy(): void {
    this.#record.destroyed = true;
  }

  isDestroyed(): boolean {
    return this.#record.destroyed;
  }
}
