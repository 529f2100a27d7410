/** The machine this process runs on. */
import process from 'node:process';
import { createLinuxMachine } from './linux-machine.ts';
import type { Machine } from './machine.ts';

/** Throws on a platform that has no implementation yet. */
export function thisMachine(): Machine {
  if (process.platform === 'linux') return createLinuxMachine();
  throw new Error(`KITS Agent cannot read this kind of machine yet (${process.platform}); it reads Linux.`);
}
