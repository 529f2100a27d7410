/** Serves the built console: its files, and its one page for every address the console knows. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Addresses of the console's own pages; everything else is a file, the API, or nothing. */
const pages = [
  '/',
  '/geraete',
  '/geraete/*',
  '/aktualisierungen',
  '/aktualisierungen/geraete',
  '/sicherungen',
  '/vorgaben',
  '/vorgaben/geraete',
  '/ausnahmen',
  '/mitteilungen',
  '/mitteilungen/*',
  '/richtlinien',
  '/richtlinien/*',
  '/gruppen',
  '/gruppen/*',
  '/versionen',
  '/stammdaten',
  '/anmeldung-tokens',
  '/protokoll',
  '/anmelden',
];

const notBuilt = 'Die Konsole ist noch nicht gebaut: „npm start“ baut sie; laden Sie diese Seite danach neu.\n';

export function consoleBuilt(dir: string): boolean {
  return existsSync(join(dir, 'index.html'));
}

/** `dir`: where the build writes to; it may be built while the server runs. */
export async function registerConsole(app: FastifyInstance, dir: string): Promise<void> {
  await app.register(fastifyStatic, { root: dir, serve: false, cacheControl: false, suppressWarning: true });

  const page = (_request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (!consoleBuilt(dir)) {
      return reply.code(503).header('retry-after', '60').type('text/plain; charset=utf-8').send(notBuilt);
    }
    return reply.header('cache-control', 'no-cache').sendFile('index.html');
  };
  for (const url of pages) app.get(url, { schema: { hide: true } }, page);

  // The build names its files by their content, so that they never change under the same name.
  app.get<{ Params: { '*': string } }>('/assets/*', { schema: { hide: true } }, (request, reply) =>
    reply.header('cache-control', 'public, max-age=31536000, immutable').sendFile(`assets/${request.params['*']}`),
  );
}
