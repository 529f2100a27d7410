/** Entry of the single executable: the command line, or the process that reads files of other programs for it. */
import process from 'node:process';
import { readerWord } from './platform/packed.ts';

// One file speaks HTTP, and not with these. What is not there is not loaded either: 2 MiB that axios would ask for to see what it has.
for (const name of ['fetch', 'Request', 'Response', 'FormData']) Reflect.deleteProperty(globalThis, name);

const [, , word, ...args] = process.argv;
if (word === readerWord) void import('./platform/reader-child.ts').then(({ readerChild }) => readerChild(args));
else void import('./cli.ts').then(({ runProcess }) => runProcess());
