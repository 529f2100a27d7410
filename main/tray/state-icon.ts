/** Draws the tray icon of a state: the states differ in shape as well as in colour. */
import type { TrayState } from './tray-view.ts';

type Rgb = readonly [red: number, green: number, blue: number];

const colours: Record<TrayState, Rgb> = {
  ok: [31, 138, 76],
  attention: [201, 122, 0],
  critical: [196, 43, 28],
  unknown: [107, 107, 107],
  offline: [107, 107, 107],
};

/** x and y from -1 to 1, y downwards. */
const shapes: Record<TrayState, (x: number, y: number) => boolean> = {
  ok: (x, y) => x * x + y * y <= 0.8,
  attention: (x, y) => y <= 0.8 && y >= -0.85 && Math.abs(x) <= (y + 0.85) * 0.58,
  critical: (x, y) => Math.abs(x) + Math.abs(y) <= 0.95,
  unknown: (x, y) => Math.max(Math.abs(x), Math.abs(y)) <= 0.75,
  offline: (x, y) => {
    const distance = Math.hypot(x, y);
    return distance <= 0.9 && distance >= 0.55;
  },
};

/** Bitmap of `size` × `size` pixels, four bytes each in the order blue, green, red, alpha, as Electron's `createFromBitmap` takes it. */
export function stateIcon(state: TrayState, size: number): Buffer {
  const bitmap = Buffer.alloc(size * size * 4);
  const [red, green, blue] = colours[state];
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const inside = shapes[state](((column + 0.5) / size) * 2 - 1, ((row + 0.5) / size) * 2 - 1);
      if (inside) bitmap.set([blue, green, red, 255], (row * size + column) * 4);
    }
  }
  return bitmap;
}
