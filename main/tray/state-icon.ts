/** Draws the tray icon of a state: the states differ in shape as well as in colour. */
import type { TrayState } from './tray-view.ts';

type Rgb = readonly [red: number, green: number, blue: number];

/** What the panel behind the icon looks like; with high contrast the shape alone tells the states apart. */
export const trayThemes = ['light', 'dark', 'contrast-light', 'contrast-dark'] as const;
export type TrayTheme = (typeof trayThemes)[number];

const grey = { light: [82, 93, 110], dark: [169, 179, 193] } as const;
const colours: Record<'light' | 'dark', Record<TrayState, Rgb>> = {
  light: {
    ok: [26, 107, 60],
    attention: [138, 79, 0],
    critical: [179, 33, 26],
    unknown: grey.light,
    offline: grey.light,
  },
  dark: {
    ok: [116, 207, 155],
    attention: [239, 184, 98],
    critical: [255, 154, 144],
    unknown: grey.dark,
    offline: grey.dark,
  },
};

function colourOf(state: TrayState, theme: TrayTheme): Rgb {
  switch (theme) {
    case 'contrast-light':
      return [0, 0, 0];
    case 'contrast-dark':
      return [255, 255, 255];
    default:
      return colours[theme][state];
  }
}

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

/** Pixels at 100, 125, 150, 200 and 300 % of a 16-pixel icon. */
export const iconScales = [1, 1.25, 1.5, 2, 3] as const;

/** Points looked at in each direction within a pixel: edges are soft instead of stepped. */
const samples = 4;

/** How much of a pixel the shape covers, 0 to 255. */
function coverage(inside: (x: number, y: number) => boolean, size: number, row: number, column: number): number {
  let hits = 0;
  for (let down = 0; down < samples; down++) {
    for (let across = 0; across < samples; across++) {
      const x = ((column + (across + 0.5) / samples) / size) * 2 - 1;
      const y = ((row + (down + 0.5) / samples) / size) * 2 - 1;
      if (inside(x, y)) hits += 1;
    }
  }
  return Math.round((hits * 255) / (samples * samples));
}

/** As `stateIcon`, in the order red, green, blue, alpha and not multiplied, as PNG has it. */
export function stateIconRgba(state: TrayState, size: number, theme: TrayTheme = 'light'): Buffer {
  const bitmap = Buffer.alloc(size * size * 4);
  const colour = colourOf(state, theme);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const alpha = coverage(shapes[state], size, row, column);
      if (alpha > 0) bitmap.set([...colour, alpha], (row * size + column) * 4);
    }
  }
  return bitmap;
}

/**
 * Bitmap of `size` × `size` pixels, four bytes each in the order blue, green, red, alpha, colours multiplied by alpha, as
 * Electron's `addRepresentation` takes it.
 */
export function stateIcon(state: TrayState, size: number, theme: TrayTheme = 'light'): Buffer {
  const bitmap = stateIconRgba(state, size, theme);
  for (let at = 0; at < bitmap.length; at += 4) {
    const [red = 0, green = 0, blue = 0, alpha = 0] = bitmap.subarray(at, at + 4);
    const multiplied = (value: number): number => Math.round((value * alpha) / 255);
    bitmap.set([multiplied(blue), multiplied(green), multiplied(red)], at);
  }
  return bitmap;
}
