/** Every parser of the Linux collectors over every recorded text, damaged at random: an answer, and no good news out of garbage. */
import { expect, test } from 'vitest';
import { logsInByItself, parseGroup, parsePasswd } from '../../../../agent/collectors/linux/accounts.ts';
import { parseSignatureTime } from '../../../../agent/collectors/linux/antivirus.ts';
import { parseAptConf } from '../../../../agent/collectors/linux/apt-conf.ts';
import { parseOffer, scanPackages } from '../../../../agent/collectors/linux/apt-index.ts';
import { candidateOf, parsePreferences } from '../../../../agent/collectors/linux/apt-preferences.ts';
import { isSecurity, originText, parseRelease } from '../../../../agent/collectors/linux/apt-release.ts';
import { listPrefix, parseSourcesDeb822, parseSourcesList } from '../../../../agent/collectors/linux/apt-sources.ts';
import { parseAppArmorProfiles } from '../../../../agent/collectors/linux/boot-state.ts';
import { parseDconf, screenLock } from '../../../../agent/collectors/linux/dconf.ts';
import { parseInstalled } from '../../../../agent/collectors/linux/dpkg-installed.ts';
import { parseNftRuleset } from '../../../../agent/collectors/linux/nft-ruleset.ts';
import { parseServiceUnit, usesDeletedLibrary } from '../../../../agent/collectors/linux/restart.ts';
import { isListenedOn } from '../../../../agent/collectors/linux/security.ts';
import { readSshdConfig, sshFacts } from '../../../../agent/collectors/linux/sshd-config.ts';
import { fullRights, parseSudoers } from '../../../../agent/collectors/linux/sudoers.ts';
import { allTexts } from '../../../fixtures/linux-security.ts';
import { fc, tries } from '../../../fixtures/properties.ts';

/** A recorded text with pieces cut out, doubled, overwritten or filled with noise, or noise alone. */
const damaged = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .tuple(
      fc.constantFrom(...allTexts),
      fc.nat(),
      fc.nat(60),
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 20 }),
        fc.constantFrom('\n', '"', '{', '}', '=', ':', '\\\n', '\0', '*', '(', '/*'),
      ),
    )
    .map(([text, at, length, noise]) => {
      const start = text.length === 0 ? 0 : at % text.length;
      return text.slice(0, start) + noise + text.slice(start + length);
    }),
);
const runs = { numRuns: tries(300) };

test.each([
  ['release', (text) => [originText(parseRelease(text), 'h'), isSecurity(parseRelease(text), '')]],
  ['list entry', parseOffer],
  ['dpkg status', parseInstalled],
  ['apt.conf', parseAptConf],
  ['sources.list', (text) => parseSourcesList(text).map(listPrefix)],
  ['sources', (text) => parseSourcesDeb822(text).map(listPrefix)],
  ['passwd', parsePasswd],
  ['group', parseGroup],
  ['signatures', parseSignatureTime],
  ['AppArmor', parseAppArmorProfiles],
  ['control group', parseServiceUnit],
  ['maps', usesDeletedLibrary],
  ['sockets', (text) => isListenedOn(text, 22)],
  ['logon', logsInByItself],
  ['sudoers', (text) => fullRights([parseSudoers(text)])],
] as const satisfies readonly (readonly [string, (text: string) => unknown])[])(
  '%s: any text ends in an answer',
  (_name, parse: (text: string) => unknown) => {
    fc.assert(
      fc.property(damaged, (text) => void parse(text)),
      runs,
    );
  },
);

test('preferences: whatever they say, an older version is taken only above 1000', () => {
  const release = parseRelease('Suite: stable\n');
  fc.assert(
    fc.property(damaged, (text) => {
      const { pins } = parsePreferences(text);
      const versions = [
        { version: '2', installed: true, archives: [] },
        { version: '1', installed: false, archives: [{ host: 'h', component: 'main', release }] },
      ];
      const taken = candidateOf({ name: 'x', source: 'x' }, versions, { pins });
      if (taken?.version === '1') expect(pins.some(({ priority }) => priority >= 1000)).toBe(true);
    }),
    runs,
  );
});

test('lists: any bytes end in an answer or in "no list"', async () => {
  await fc.assert(
    fc.asyncProperty(damaged, fc.integer({ min: 1, max: 64 }), async (text, size) => {
      const bytes = Buffer.from(text);
      async function* pieces(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      }
      const names: string[] = [];
      const entries = await scanPackages(
        pieces(),
        new Set([...text.matchAll(/^Package:[ \t]*(\S+)/gm)].map(([, name = '']) => name)),
        ({ name }) => names.push(name),
      );
      expect(names.length).toBeLessThanOrEqual(entries);
    }),
    runs,
  );
});

test('sshd: garbage never makes the server stricter than its defaults say', async () => {
  const noise = fc
    .string({ unit: 'binary', maxLength: 200 })
    .filter((text) => !/permitrootlogin|passwordauth|kbdinteractive|include/i.test(text));
  await fc.assert(
    fc.asyncProperty(noise, async (text) => {
      const facts = sshFacts(
        await readSshdConfig('/x', { text: async () => text, list: async () => [] }, () => undefined),
      );
      expect(facts).toMatchObject({ rootLogin: 'prohibit-password', passwordAuthentication: true });
    }),
    runs,
  );
  await fc.assert(
    fc.asyncProperty(damaged, async (text) => {
      sshFacts(await readSshdConfig('/x', { text: async () => text, list: async () => [] }, () => undefined));
    }),
    runs,
  );
});

test('rules of the firewall: garbage is no firewall', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      expect(parseNftRuleset(text)?.active ?? false).toBe(false);
    }),
    runs,
  );
  fc.assert(
    fc.property(damaged, (text) => void parseNftRuleset(text)),
    runs,
  );
});

test('screen lock: garbage locks nothing', () => {
  fc.assert(
    fc.property(damaged, fc.string(), (text, lock) => {
      expect(screenLock(parseDconf(text), new Set([lock]))).toBeUndefined();
    }),
    runs,
  );
});
