/** The life of the server's keys, as an administrator handles it on the command line. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { jwsTypes } from '../../../agent/contract/wire.ts';
import { currentServerKey, keysFor } from '../../../agent/signing/key-set.ts';
import { readNotice } from '../../../agent/signing/words.ts';
import { main } from '../../../server/cli.ts';
import { loadServerKeys } from '../../../server/keys.ts';
import { lockDirectory } from '../../../server/store/sqlite.ts';

let dir: string;
let dataDir: string;
let passphrase: string;
let municipality: string;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kits-keys-'));
  dataDir = join(dir, 'server');
  passphrase = file('passphrase', 'eine lange Passphrase\n');
  municipality = (await run('create-municipality', 'Wasungen')).out;
});
afterEach(() => rmSync(dir, { recursive: true }));

function file(name: string, content: string | object): string {
  const path = join(dir, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

async function run(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await main([...args, '--data-dir', dataDir], {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    signal: new AbortController().signal,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const keys = () => loadServerKeys(dataDir, true);
const published = async () => (await run('publish-notice', file('n.json', draft()), '--municipality', 'Wasungen')).code;
const draft = (change: object = {}) => ({
  severity: 'warning',
  title: { de: 'Wartung am Freitag' },
  body: { de: 'Am Freitag ab 14 Uhr wird das Netz gewartet.' },
  validUntil: new Date(Date.now() + 86_400_000).toISOString(),
  ...change,
});

describe('a recovery key', () => {
  const recoveryFile = () => join(dir, 'recovery.jwe');

  test('is made once, readable by its owner, and its thumbprint is what installers pin', async () => {
    const made = await run('create-recovery-key', recoveryFile(), '--passphrase-file', passphrase);
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^[\w-]{43}$/) });
    expect(made.err).toContain(`RECOVERYKEY=${made.out}`);
    expect(statSync(recoveryFile()).mode & 0o777).toBe(0o600);
    const before = readFileSync(recoveryFile());
    expect(await run('create-recovery-key', recoveryFile(), '--passphrase-file', passphrase)).toMatchObject({
      code: 2,
      err: expect.stringContaining('exists already'),
    });
    expect(readFileSync(recoveryFile())).toEqual(before);
  });

  test.each([
    ['kurz\n', 'at least 12'],
    ['\n', 'in its first line'],
  ])('is not made under the passphrase %j', async (content, why) => {
    const short = file('short', content);
    expect(await run('create-recovery-key', recoveryFile(), '--passphrase-file', short)).toMatchObject({
      code: 2,
      err: expect.stringContaining(why),
    });
    expect(existsSync(recoveryFile())).toBe(false);
  });

  test('is never asked for where nobody can answer', async () => {
    expect(await run('create-recovery-key', recoveryFile())).toMatchObject({
      code: 2,
      err: expect.stringContaining('--passphrase-file'),
    });
  });

  test('names a new server key when all keys are lost, and nothing else does', async () => {
    await run('create-recovery-key', recoveryFile(), '--passphrase-file', passphrase);
    rmSync(join(dataDir, 'keys'), { recursive: true });
    expect(await run('rotate-key')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Restore the folder "keys"'),
    });
    const wrong = file('wrong', 'eine andere Passphrase');
    expect(await run('rotate-key', '--recovery-key', recoveryFile(), '--passphrase-file', wrong)).toMatchObject({
      code: 2,
      err: expect.stringContaining('the passphrase does not open this key'),
    });
    expect(existsSync(join(dataDir, 'keys', 'server-signing.pem'))).toBe(false);
    const rotated = await run('rotate-key', '--recovery-key', recoveryFile(), '--passphrase-file', passphrase);
    expect(rotated.code).toBe(0);
    expect((await keys()).signingKey.thumbprint).toBe(rotated.out);
    expect(rotated.err).toContain('publish notices');
    expect(await published()).toBe(0);
  });
});

describe('rotate-key', () => {
  test('replaces the key while no server runs, keeps the notice key, and is in the audit record', async () => {
    const before = await keys();
    const rotated = await run('rotate-key', '--json');
    const after = await keys();
    expect(JSON.parse(rotated.out)).toEqual({
      thumbprint: after.signingKey.thumbprint,
      replaced: before.signingKey.thumbprint,
      how: 'announced by the key before',
    });
    expect(after.noticeKey?.thumbprint).toBe(before.noticeKey?.thumbprint);
    expect(after.announcements.slice(0, 1)).toEqual(before.announcements);
    const server = await keysFor(after.trust, 'server', new Date(Date.now() + 29 * 86_400_000));
    expect(server.map(({ thumbprint }) => thumbprint)).toEqual([
      after.signingKey.thumbprint,
      before.signingKey.thumbprint,
    ]);
    expect(await keysFor(after.trust, 'server', new Date(Date.now() + 31 * 86_400_000))).toHaveLength(1);
    expect(readFileSync(join(dataDir, 'keys', 'server-signing.pem'), 'utf8')).not.toBe('');
    expect(statSync(join(dataDir, 'keys', 'server-signing.pem')).mode & 0o777).toBe(0o600);
  });

  test('does nothing beside a running server', async () => {
    const before = await keys();
    const lock = lockDirectory(join(dataDir, 'lock.db'));
    try {
      expect(await run('rotate-key')).toMatchObject({ code: 2, err: expect.stringContaining('Another KITS server') });
    } finally {
      lock.release();
    }
    expect((await keys()).signingKey.thumbprint).toBe(before.signingKey.thumbprint);
  });
});

describe('a notice', () => {
  const anyone = '0a4b0f6e-6f0c-4a54-9d2e-3f1a5c7d9e10';
  test('that is not signed yet is signed with the online key and published', async () => {
    const { code, out, err } = await run('publish-notice', file('n.json', draft()), '--municipality', municipality);
    expect([code, err]).toEqual([0, 'Published "Wartung am Freitag".']);
    expect(out).toMatch(/^[0-9a-f-]{36}$/);
    const recall = draft({ id: out, recalled: true, audience: { municipality } });
    expect(await run('publish-notice', file('r.json', recall))).toMatchObject({
      code: 0,
      err: 'Recalled "Wartung am Freitag".',
    });
  });

  test.each([
    ['no JSON', 'Wartung', 'neither a signed notice nor JSON'],
    ['a misspelt key', draft({ validUntill: '2027-01-01T00:00:00Z' }), 'Unrecognized key: "validUntill"'],
    ['no title', draft({ title: undefined }), 'title'],
    ['a link that is not https', draft({ links: ['javascript:alert(1)'] }), 'links.0'],
    ['no audience', draft(), 'audience'],
    [
      'signs nobody can see',
      draft({ audience: { municipality: anyone }, body: { de: 'Bitte \u2067lesen' } }),
      '"body.de"',
    ],
  ])('with %s is not published, and the message says why', async (_name, content, why) => {
    expect(await run('publish-notice', file('n.json', content))).toMatchObject({
      code: 2,
      err: expect.stringContaining(why),
    });
  });

  test('is signed offline with a key that never was on the server, and published there', async () => {
    const keyFile = join(dir, 'notice.jwe');
    expect((await run('create-notice-key', keyFile, '--passphrase-file', passphrase)).code).toBe(0);
    expect(existsSync(join(dataDir, 'keys', 'notice-signing.pem'))).toBe(false);
    expect(await run('publish-notice', file('n.json', draft()), '--municipality', municipality)).toMatchObject({
      code: 2,
      err: expect.stringContaining('kits-server sign-notice FILE --key K'),
    });
    const written = file('n.json', draft({ audience: { municipality } }));
    const hidden = file('h.json', draft({ audience: { municipality }, title: { de: 'Wartung\u0007' } }));
    expect(await run('sign-notice', hidden, '--key', keyFile, '--passphrase-file', passphrase)).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('"title.de", signs that cannot be seen'),
    });
    const signed = await run('sign-notice', written, '--key', keyFile, '--passphrase-file', passphrase);
    expect(signed.code).toBe(0);
    const { trust } = await keys();
    expect(await readNotice(signed.out, trust, new Date())).toMatchObject({ sender: 'KITS', severity: 'warning' });
    expect(JSON.parse(Buffer.from(signed.out.split('.')[0]!, 'base64url').toString()).typ).toBe(jwsTypes.notice);
    expect((await run('publish-notice', file('n.jws', `${signed.out}\n`))).code).toBe(0);
  });

  test('moves to another offline key by the recovery key only', async () => {
    const [first, second, recovery] = ['a.jwe', 'b.jwe', 'r.jwe'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ];
    await run('create-recovery-key', recovery, '--passphrase-file', passphrase);
    await run('create-notice-key', first, '--overlap-days', '0', '--passphrase-file', passphrase);
    const again = await run('create-notice-key', second, '--passphrase-file', passphrase);
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('--recovery-key FILE') });
    expect(existsSync(second)).toBe(false);
    const options = ['--passphrase-file', passphrase, '--recovery-passphrase-file', passphrase];
    const moved = await run('create-notice-key', second, '--recovery-key', recovery, '--overlap-days', '0', ...options);
    expect(moved.code).toBe(0);
    const { trust, signingKey } = await keys();
    expect((await keysFor(trust, 'notice', new Date())).map(({ thumbprint }) => thumbprint)).toEqual([moved.out]);
    expect((await currentServerKey(trust)).thumbprint).toBe(signingKey.thumbprint);
  });
});
