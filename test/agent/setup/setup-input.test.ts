import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseInstallerLine, readSettingsFile, SetupError, setupInput } from '../../../agent/setup/setup-input.ts';

const key = 'a'.repeat(43);

function file(content: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'kits-setup-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'kits-agent-setup.json');
  writeFileSync(path, content);
  return path;
}

describe('the command line of the installer', () => {
  const wanted = { server: 'https://kits.example/agent/', token: 'kits-enrol-a/b+c', serverKey: key };
  const program = '"C:\\Users\\A B\\KITS Agent Setup.exe"';

  test.each([
    ['bare', `/SERVER=https://kits.example/agent/ /TOKEN=kits-enrol-a/b+c /SERVERKEY=${key}`],
    ['values in quotes', `/SERVER="https://kits.example/agent/" /TOKEN="kits-enrol-a/b+c" /SERVERKEY="${key}"`],
    ['options in quotes', `"/SERVER=https://kits.example/agent/" "/TOKEN=kits-enrol-a/b+c" "/SERVERKEY=${key}"`],
    ['mixed, small letters', `/server="https://kits.example/agent/" "/Token=kits-enrol-a/b+c" /serverkey=${key}`],
    [
      'before a folder with blanks',
      `/SERVER=https://kits.example/agent/ /TOKEN=kits-enrol-a/b+c /SERVERKEY=${key} /D=C:\\A B\\/X=1`,
    ],
  ])('%s', (_how, options) => {
    for (const around of [`${program} /S ${options}`, `setup.exe ${options} /S`, `${program}   /S\t${options}`]) {
      expect(parseInstallerLine(around).values).toEqual(wanted);
    }
  });

  test('no option is no value, and the switches of the installer are none of ours', () => {
    for (const line of ['', program, `${program} /S`, `${program} /S /allusers --updated /NCRC _?=C:\\A`]) {
      expect(parseInstallerLine(line)).toEqual({ values: {} });
    }
  });

  test('names a settings file', () => {
    expect(parseInstallerLine('x /S "/SETTINGS=\\\\server\\share\\A B\\wasungen.json"').settingsFile).toBe(
      '\\\\server\\share\\A B\\wasungen.json',
    );
  });

  test.each(['/SERVERURL=https://x', '"/TOKN=1"', '/Proxy=http://p'])('refuses the unknown option %s', (option) => {
    expect(() => parseInstallerLine(`setup.exe /S ${option}`)).toThrow(/has no option .*known: \/SERVER=, \/TOKEN=/);
  });

  test('an open quote ends with the line', () => {
    expect(parseInstallerLine('x /TOKEN="abc def').values).toEqual({ token: 'abc def' });
  });
});

describe('values', () => {
  const good = { server: 'https://kits.example', token: 'kits-enrol-12345', serverKey: key };

  test('what is given by hand wins over the file, the file over what is known', () => {
    const known = { server: 'https://old.example', serverKey: 'b'.repeat(43) };
    expect(setupInput(known, { serverKey: key }, { server: 'https://new.example', token: '' })).toEqual({
      server: 'https://new.example',
      serverKey: key,
    });
  });

  test.each([
    ['http beyond this PC', { ...good, server: 'http://kits.example' }, /expected https/],
    ['no URL', { ...good, server: "'https://kits.example'" }, /expected a URL/],
    ['credentials in the URL', { ...good, server: 'https://a:b@kits.example' }, /without user and password/],
    ['a short thumbprint', { ...good, serverKey: 'abc' }, /serverKey: expected the thumbprint/],
    ['a token with a blank', { ...good, token: 'a b' }, /token: expected an enrolment token/],
    ['no thumbprint', { server: good.server, token: good.token }, /thumbprint of the server key is missing/],
    ['a token alone', { token: good.token }, /A token without a server/],
  ])('refuses %s', (_what, byHand, message) => {
    expect(() => setupInput({}, {}, byHand)).toThrow(message);
  });

  test('plain http and no thumbprint are fine on the PC itself', () => {
    const own = { server: 'http://127.0.0.1:8080', token: 'kits-enrol-12345' };
    expect(setupInput({}, {}, own)).toEqual(own);
  });
});

describe('the settings file', () => {
  test('takes settings of the agent beside the three values, with the mark some editors put in front', () => {
    const content = {
      server: 'https://kits.example',
      serverKey: key,
      token: 'kits-enrol-12345',
      settings: { proxy: 'http://proxy:3128' },
    };
    expect(readSettingsFile(file(`\uFEFF${JSON.stringify(content)}`))).toEqual(content);
  });

  test.each([
    ['an unknown key', '{"servr":"https://kits.example"}', /Unrecognized key: "servr"/],
    ['an unknown setting', '{"settings":{"proxi":"http://p"}}', /Unrecognized key: "proxi"/],
    ['a server among the settings', '{"settings":{"serverUrl":"https://kits.example"}}', /Unrecognized key/],
    ['no JSON', '{"token":"secret-token-of-16",}', /is not valid JSON/],
    ['a list', '[]', /expected object/],
  ])('refuses %s', (_what, content, message) => {
    expect(() => readSettingsFile(file(content))).toThrow(message);
  });

  test('never quotes the token', () => {
    for (const content of ['{"token":"secret-token-of-16",}', '{"token":"secret token of 16","server":"nonsense"}']) {
      let said = '';
      try {
        readSettingsFile(file(content));
      } catch (error) {
        expect(error).toBeInstanceOf(SetupError);
        said = (error as Error).message;
      }
      expect(said).not.toBe('');
      expect(said).not.toMatch(/secret/);
    }
  });

  test('one that is not there or endless is said so', () => {
    expect(() => readSettingsFile('/nowhere/kits.json')).toThrow(/cannot be read/);
    expect(() => readSettingsFile(file(' '.repeat(70_000)))).toThrow(/larger than 65536 bytes/);
  });
});
