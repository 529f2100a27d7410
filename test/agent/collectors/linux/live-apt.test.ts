/** The updates of this machine against apt's own answer. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createLinuxMachine } from '../../../../agent/platform/linux-machine.ts';
import { sectionOf } from '../context.ts';

const run = promisify(execFile);

test('the same updates with the same versions as apt lists them', async () => {
  const { stdout } = await run('apt', ['list', '--upgradable'], { env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } });
  const listed = [...stdout.matchAll(/^([^/\s]+)\/\S+ (\S+) (\S+) \[upgradable from: (\S+)\]$/gm)].map(
    ([, name, candidate, , installed]) => `${name} ${installed} ${candidate}`,
  );
  const { data, problems } = await sectionOf('patches', createLinuxMachine());
  // A machine that never fetched a list: apt says "nothing", the section says that it does not know.
  if (data === undefined) {
    expect(problems.map(({ code }) => code)).toContain('not-found');
    expect(listed).toEqual([]);
    return;
  }
  const own = data.updates
    .filter(({ state }) => state === 'missing')
    .map(({ id, installedVersion, candidateVersion }) => `${id.split(':')[0]} ${installedVersion} ${candidateVersion}`);
  expect(own.sort()).toEqual(listed.sort());
});
