import { createLinuxMachine } from '../platform/linux-machine.ts';
export const machine = createLinuxMachine();
