/** The collectors that read Windows; one line each. */
import type { Collector } from '../collector.ts';
import { windowsPatchesCollector } from './patches.ts';
import { windowsSecurityCollector } from './security.ts';
import { windowsSoftwareCollector } from './software.ts';

export const windowsCollectors: readonly Collector[] = [
  windowsPatchesCollector,
  windowsSecurityCollector,
  windowsSoftwareCollector,
];
