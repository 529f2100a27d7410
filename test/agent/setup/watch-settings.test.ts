import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { watchSettings } from '../../../agent/setup/watch-settings.ts';

test('a file that appears counts, one that goes does not, and one that cannot be used waits for the next', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kits-watch-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const [settings, token] = [join(dir, 'agent.json'), join(dir, 'token.json')];
  writeFileSync(token, '');
  const asked: string[] = [];
  const refused = Promise.withResolvers<void>();
  const watch = watchSettings([settings, token], {
    intervalMs: 20,
    isUsable: () => {
      asked.push('');
      refused.resolve();
      return asked.length > 1;
    },
  });
  onTestFinished(() => watch.stop());
  rmSync(token);
  writeFileSync(settings, '{');
  await refused.promise;
  let came = false;
  void watch.changed.then(() => {
    came = true;
  });
  await Promise.resolve();
  expect(came).toBe(false);
  writeFileSync(settings, '{"outboxDays":30}');
  await watch.changed;
  expect(asked).toHaveLength(2);
});
