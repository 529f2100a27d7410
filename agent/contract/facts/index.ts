/** Every section a report can carry, and the schema of its facts. */
import type { z } from 'zod';
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
import { osFacts, softwareFacts } from './software.ts';

/** Sections with a schema. `patches`, `security` and `backup` are reserved ids that follow on the same pattern. */
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
  energy: energyFacts,
  infrastructure: infrastructureFacts,
  agent: agentFacts,
} as const;

export type SectionId = keyof typeof factSchemas;
export type FactsOf<Id extends SectionId> = z.infer<(typeof factSchemas)[Id]>;

export const sectionIds = Object.keys(factSchemas) as SectionId[];
