import { tray } from '../main/tray.ts';
export const icon = tray;
