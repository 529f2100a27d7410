/** What may leave the PC of a target. */
import { expect, test } from 'vitest';
import { redactTarget } from '../../../agent/backup/redact.ts';
import { fc } from '../../fixtures/properties.ts';

test.each([
  ['rest:https://stadt:geheim@backup.example:8000/rathaus', 'rest:https://backup.example:8000/rathaus'],
  ['https://stadt:ge/hei@m@backup.example/rathaus', 'https://backup.example/rathaus'],
  ['sftp:stadt@backup.example:/srv/rathaus', 'backup.example:/srv/rathaus'],
  ['stadt@backup.example:repo', 'backup.example:repo'],
  ['ssh://stadt@backup.example/./repo', 'ssh://backup.example/./repo'],
  ['s3://eimer/ordner?auth-username=AKIA123&auth-password=xyz', 's3://eimer/ordner'],
  ['https://konto.blob.example/c?sv=1&sig=abcdef', 'https://konto.blob.example/c'],
  ['\\\\nas01\\sicherung$\\rathaus-07', '\\\\nas01\\sicherung$\\rathaus-07'],
  ['C:\\Users\\erika.muster\\Backup', 'C:\\Users\\…\\Backup'],
  ['D:\\Benutzer\\erika\\Sicherung', 'D:\\Benutzer\\…\\Sicherung'],
  ['/home/erika/backup', '/home/…/backup'],
  ['E:\\Sicherung #2', 'E:\\Sicherung #2'],
  ['/srv/backup', '/srv/backup'],
  ['server=nas;password=geheim;share=x', 'server=nas;password=…;share=x'],
  ['file://D:/Sicherung', 'file://D:/Sicherung'],
])('%s', (value, shown) => {
  expect(redactTarget(value)).toBe(shown);
});

test('nothing is left of nothing', () => {
  for (const value of [undefined, '', '  ', '\u0000']) expect(redactTarget(value)).toBeUndefined();
});

test('no password before an @ of an address ever shows', () => {
  const word = fc.stringMatching(/^[A-Za-z0-9/:.!$&+-]{6,20}$/).filter((text) => !/^[/:.]/.test(text));
  fc.assert(
    fc.property(word, fc.constantFrom('https', 'sftp', 'rest:https', 'ftp', 's3'), (password, scheme) => {
      const shown = redactTarget(`${scheme}://stadt:qq${password}qq@backup.example/rathaus`);
      expect(shown).toBe(`${scheme}://backup.example/rathaus`);
    }),
  );
});
