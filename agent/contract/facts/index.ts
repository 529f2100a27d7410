/** Every section a report can carry, and the schema of its facts. */
import type { z } from 'zod';
import { backupFacts } from './backup.ts';
import {
  batteryFacts,
  cpuFacts,
  displayFacts,
  memoryFacts,
  networkFacts,
  printersFacts,
  storageFacts,
  systemFacts,
  usbFacts,
} from './hardware.ts';
import { agentFacts, energyFacts, infrastructureFacts } from './operation.ts';
import { patchesFacts } from './patches.ts';
import { securityFacts } from './security.ts';
import { osFacts, softwareFacts } from './software.ts';

/** Sections with a schema. */
export const factSchemas = {
  system: systemFacts,
  os: osFacts,
  cpu: cpuFacts,
  memory: memoryFacts,
  storage: storageFacts,
  network: networkFacts,
  display: displayFacts,
  battery: batteryFacts,
  printers: printersFacts,
  usb: usbFacts,
  software: softwareFacts,
  patches: patchesFacts,
  security: securityFacts,
  backup: backupFacts,
  energy: energyFacts,
  infrastructure: infrastructureFacts,
  agent: agentFacts,
} as const;

export type SectionId = keyof typeof factSchemas;
export type FactsOf<Id extends SectionId> = z.infer<(typeof factSchemas)[Id]>;

export const sectionIds = Object.keys(factSchemas) as SectionId[];
