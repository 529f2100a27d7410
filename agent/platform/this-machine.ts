/** The machine this process runs on. */
import process from 'node:process';
import { createLinuxMachine } from './linux-machine.ts';
import type { Machine } from './machine.ts';
import { createWindowsMachine } from './windows/windows-machine.ts';

/**
 * `privateDir` is where a service may remember what is costly to ask again; without it nothing is remembered, and what is
 * worth asking only once a day is not asked at all. Throws on a platform that has no implementation.
 */
export function thisMachine(options: { privateDir?: string } = {}): Machine {
  if (process.platform === 'linux') return createLinuxMachine();
  if (process.platform === 'win32') return createWindowsMachine(options);
  throw new Error(`KITS Agent cannot read this kind of machine (${process.platform}); it reads Linux and Windows.`);
}
