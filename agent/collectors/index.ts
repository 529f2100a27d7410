/** All collectors; one line each. */
import { backupCollector } from '../backup/collector.ts';
import { agentCollector } from './agent.ts';
import { batteryCollector } from './battery.ts';
import type { Collector } from './collector.ts';
import { cpuCollector } from './cpu.ts';
import { displayCollector } from './display.ts';
import { energyCollector } from './energy.ts';
import { infrastructureCollector } from './infrastructure.ts';
import { linuxPatchesCollector } from './linux/patches.ts';
import { linuxSecurityCollector } from './linux/security.ts';
import { memoryCollector } from './memory.ts';
import { networkCollector } from './network.ts';
import { osCollector } from './os.ts';
import { printersCollector } from './printers.ts';
import { softwareCollector } from './software.ts';
import { storageCollector } from './storage.ts';
import { systemCollector } from './system.ts';
import { usbCollector } from './usb.ts';
import { windowsPatchesCollector } from './windows/patches.ts';
import { windowsSecurityCollector } from './windows/security.ts';
import { windowsSoftwareCollector } from './windows/software.ts';

export const collectors: readonly Collector[] = [
  agentCollector,
  backupCollector,
  batteryCollector,
  cpuCollector,
  displayCollector,
  energyCollector,
  infrastructureCollector,
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
  windowsPatchesCollector,
  windowsSecurityCollector,
  windowsSoftwareCollector,
];
