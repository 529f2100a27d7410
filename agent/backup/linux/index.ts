/** Backup products there are on Linux only; one line each. */
import type { BackupProduct } from '../product.ts';
import { borg } from './borg.ts';
import { detectedOnLinux } from './detected.ts';
import { restic } from './restic.ts';
import { rsnapshot } from './rsnapshot.ts';
import { timeshift } from './timeshift.ts';
import { vorta } from './vorta.ts';

export const linuxProducts: readonly BackupProduct[] = [borg, restic, rsnapshot, timeshift, vorta, ...detectedOnLinux];
