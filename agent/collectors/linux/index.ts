/** The collectors that read Linux; one line each. */
import { batteryCollector } from '../battery.ts';
import type { Collector } from '../collector.ts';
import { cpuCollector } from '../cpu.ts';
import { displayCollector } from '../display.ts';
import { energyCollector } from '../energy.ts';
import { memoryCollector } from '../memory.ts';
import { networkCollector } from '../network.ts';
import { osCollector } from '../os.ts';
import { printersCollector } from '../printers.ts';
import { softwareCollector } from '../software.ts';
import { storageCollector } from '../storage.ts';
import { systemCollector } from '../system.ts';
import { usbCollector } from '../usb.ts';
import { linuxPatchesCollector } from './patches.ts';
import { linuxSecurityCollector } from './security.ts';

export const linuxCollectors: readonly Collector[] = [
  batteryCollector,
  cpuCollector,
  displayCollector,
  energyCollector,
  linuxPatchesCollector,
  linuxSecurityCollector,
  memoryCollector,
  networkCollector,
  osCollector,
  printersCollector,
  softwareCollector,
  storageCollector,
  systemCollector,
  usbCollector,
];
