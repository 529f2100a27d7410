/** Backup products there are on Linux only; one line each. */
import type { BackupProduct } from '../product.ts';
import { detectedOnLinux } from './detected.ts';
import { rsnapshot } from './rsnapshot.ts';
import { timeshift } from './timeshift.ts';

export const linuxProducts: readonly BackupProduct[] = [rsnapshot, timeshift, ...detectedOnLinux];
