/** The one time that everything built from this source carries: https://reproducible-builds.org/specs/source-date-epoch/ */
import { join } from 'node:path';
import process from 'node:process';
import { runTool } from './run-tool.ts';

const root = join(import.meta.dirname, '..');

/** Seconds: SOURCE_DATE_EPOCH, or when the last commit was made. */
export function sourceDate(): number {
  const given = process.env['SOURCE_DATE_EPOCH'];
  const seconds = Number(given ?? runTool('git', ['log', '-1', '--format=%ct'], { cwd: root }).trim());
  if (!Number.isInteger(seconds) || seconds <= 0) throw new Error(`SOURCE_DATE_EPOCH ${given}: expected seconds`);
  return seconds;
}
