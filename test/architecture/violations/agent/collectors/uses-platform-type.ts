import type { Machine } from '../platform/machine.ts';
export const nameOf = (machine: Machine): string => machine.hostname;
