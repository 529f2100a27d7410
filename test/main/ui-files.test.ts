import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { contentSecurityPolicy, serveUiFiles, uiFiles } from '../../main/window/ui-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'kits-ui-'));
for (const { name } of Object.values(uiFiles)) writeFileSync(join(folder, name), name);
writeFileSync(join(folder, 'secret.txt'), 'secret');
afterAll(() => rmSync(folder, { recursive: true }));
const serve = serveUiFiles(folder);
const get = (url: string, method = 'GET') => serve({ url, method });

test.each(Object.entries(uiFiles))('serves %s under the strict policy', async (path, { name, type }) => {
  const response = await get(`app://ui${path}#notices`);
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(name);
  expect(response.headers.get('content-type')).toBe(type);
  expect(response.headers.get('content-security-policy')).toBe(contentSecurityPolicy);
});

test('the policy allows own files and nothing else', () => {
  expect(contentSecurityPolicy).toContain("default-src 'none'");
  expect(contentSecurityPolicy).not.toMatch(/unsafe|\*|https?:|data:|blob:/);
});

test.each([
  'app://ui/',
  'app://ui/secret.txt',
  'app://ui/../secret.txt',
  'app://ui/%2e%2e/secret.txt',
  'app://ui/..%2fsecret.txt',
  'app://ui/constructor',
  'app://ui/__proto__',
  'app://other/index.html',
  'https://ui/index.html',
  'nonsense',
])('%s is not there', async (url) => {
  const response = await get(url);
  expect(response.status).toBe(404);
  expect(await response.text()).toBe('not found');
});

test('answers nothing but GET', async () => {
  expect((await get('app://ui/index.html', 'POST')).status).toBe(404);
});
