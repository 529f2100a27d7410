/** Entry of the single executable: the command line, or the process that reads files of other programs for it. */
import process from 'node:process';
import { readerWord } from './platform/packed.ts';

const [, , word, ...args] = process.argv;
if (word === readerWord) void import('./platform/reader-child.ts').then(({ readerChild }) => readerChild(args));
else void import('./cli.ts').then(({ runProcess }) => runProcess());
