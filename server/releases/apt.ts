/** Serves the signed apt repository that lies in the folder "apt" of the data directory: files only, never a list. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Indices, packages and the public key; nothing else that somebody may have put there. */
const parts = /^\/(dists\/[A-Za-z0-9./_-]+|pool\/[A-Za-z0-9./_+~-]+\.deb|kits-agent\.gpg)$/;

export async function registerApt(app: FastifyInstance, dataDir: string): Promise<void> {
  const root = join(dataDir, 'apt');
  mkdirSync(root, { recursive: true, mode: 0o700 });
  await app.register(fastifyStatic, {
    root,
    prefix: '/apt/',
    decorateReply: false,
    index: false,
    list: false,
    redirect: false,
    dotfiles: 'ignore',
    allowedPath: (path) => parts.test(path) && !path.includes('..'),
    // What an index names changes with the next one.
    cacheControl: true,
    maxAge: 0,
    schemaHide: true,
  });
}
