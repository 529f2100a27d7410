/** The machine this process runs on. */
import process from 'node:process';
import type { Machine } from './machine.ts';

/**
 * `privateDir` is where a service may remember what is costly to ask again; without it nothing is remembered, and what is
 * worth asking only once a day is not asked at all. Loads what reads this system only. Throws on a platform that has no implementation.
 */
export async function thisMachine(options: { privateDir?: string } = {}): Promise<Machine> {
  if (process.platform === 'linux') return (await import('./linux-machine.ts')).createLinuxMachine();
  if (process.platform === 'win32') return (await import('./windows/windows-machine.ts')).createWindowsMachine(options);
  throw new Error(`KITS Agent cannot read this kind of machine (${process.platform}); it reads Linux and Windows.`);
}
