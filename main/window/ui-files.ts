/** Serves the window's own files under `app://ui` and nothing else: a fixed list, never a path from the request. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const uiScheme = 'app';

export const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const uiFiles: Readonly<Record<string, { readonly name: string; readonly type: string }>> = {
  '/index.html': { name: 'index.html', type: 'text/html; charset=utf-8' },
  '/index.js': { name: 'index.js', type: 'text/javascript; charset=utf-8' },
  '/index.css': { name: 'index.css', type: 'text/css; charset=utf-8' },
};

export const uiHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** Handler for `protocol.handle`; `folder` holds the built files. */
export function serveUiFiles(folder: string): (request: Pick<Request, 'url' | 'method'>) => Promise<Response> {
  return async ({ url, method }) => {
    const wanted = URL.parse(url);
    const isOurs = wanted !== null && wanted.protocol === 'app:' && wanted.host === 'ui' && method === 'GET';
    const file = isOurs && Object.hasOwn(uiFiles, wanted.pathname) ? uiFiles[wanted.pathname] : undefined;
    if (file === undefined) return new Response('not found', { status: 404, headers: uiHeaders });
    const content = await readFile(join(folder, file.name));
    return new Response(new Uint8Array(content), { headers: { ...uiHeaders, 'content-type': file.type } });
  };
}
