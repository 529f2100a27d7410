/** Who calls, and whether this caller may use this route. A route that says nothing is for administrators only. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { backupServerOfToken, type KnownBackupServer } from '../fleet/backup-servers.ts';
import { Refusal } from '../fleet/refusal.ts';
import { type Actor, type FleetContext, holdsRole } from '../fleet/scope.ts';
import { actorOfToken } from '../staff/api-tokens.ts';
import { sameSecret } from '../staff/secret.ts';
import { findSession, type OpenSession, sessionHours } from '../staff/sessions.ts';
import type { Role } from './contract.ts';

/**
 * `open`: anybody; `session`: a person who is signed in at the console, in any role; `backup-server`: the token of one and
 * nothing else; else the least role.
 */
export type Access = 'open' | 'session' | 'backup-server' | Role;

interface Caller {
  readonly actor: Actor;
  /** Absent for a script with an API token. */
  readonly session?: OpenSession;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    caller: Caller | null;
    backupServer: KnownBackupServer | null;
  }
}

const cookieName = 'kits-session';
const csrfHeader = 'x-csrf-token';
const reading: readonly string[] = ['GET', 'HEAD'];

/** The hook that stands before every route of the API. */
export function guard(context: FleetContext): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    const access = request.routeOptions.config.access ?? 'admin';
    if (access === 'open') return;
    if (access === 'backup-server') {
      request.backupServer = await identifyBackupServer(context, request);
      return;
    }
    const caller = await identify(context, request);
    if (caller === undefined) throw notSignedIn();
    if (caller.session !== undefined && !reading.includes(request.method)) {
      const given = request.headers[csrfHeader];
      if (typeof given !== 'string' || !sameSecret(given, caller.session.csrfToken)) throw csrf();
    }
    const allowed = access === 'session' ? caller.session !== undefined : holdsRole(caller.actor.scope, access);
    if (!allowed) throw forbidden();
    request.caller = caller;
  };
}

/** A request with an `Authorization` header is judged by it alone: a cookie beside it counts for nothing. */
async function identify(context: FleetContext, request: FastifyRequest): Promise<Caller | undefined> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const token = /^Bearer (kits_[A-Za-z0-9_-]{43})$/i.exec(authorization)?.[1];
    const actor = token === undefined ? undefined : await actorOfToken(context, token);
    return actor && { actor };
  }
  const secret = cookieOf(request);
  const session = secret === undefined ? undefined : await findSession(context, secret);
  return session && { actor: session.actor, session };
}

async function identifyBackupServer(context: FleetContext, request: FastifyRequest): Promise<KnownBackupServer> {
  const token = /^Bearer (kits-backup-[A-Za-z0-9_-]{43})$/i.exec(request.headers.authorization ?? '')?.[1];
  const server = token === undefined ? undefined : await backupServerOfToken(context, token);
  if (server !== undefined) return server;
  throw new Refusal('not-signed-in', {
    de: 'Der Token eines Sicherungsservers fehlt, ist falsch oder wurde widerrufen. Erwartet wird: Authorization: Bearer kits-backup-…',
    en: 'The token of a backup server is missing, wrong or revoked. Expected: Authorization: Bearer kits-backup-…',
  });
}

/** For routes with the access `backup-server`. */
export function backupServerOf(request: FastifyRequest): KnownBackupServer {
  if (request.backupServer === null) throw notSignedIn();
  return request.backupServer;
}

/** Behind the guard there is always a caller. */
export function actorOf(request: FastifyRequest): Actor {
  if (request.caller === null) throw notSignedIn();
  return request.caller.actor;
}

/** For routes with the access `session`. */
export function sessionOf(request: FastifyRequest): OpenSession {
  const session = request.caller?.session;
  if (session === undefined) throw notSignedIn();
  return session;
}

export function cookieOf(request: FastifyRequest): string | undefined {
  return request.cookies[cookieName];
}

/** No script reads it, no other site sends it, and over https it stays on https. */
function cookieOptions(request: FastifyRequest) {
  return { httpOnly: true, sameSite: 'strict', path: '/', secure: request.protocol === 'https' } as const;
}

export function setCookie(request: FastifyRequest, reply: FastifyReply, secret: string): void {
  reply.setCookie(cookieName, secret, { ...cookieOptions(request), maxAge: sessionHours * 3600 });
}

export function clearCookie(request: FastifyRequest, reply: FastifyReply): void {
  reply.clearCookie(cookieName, cookieOptions(request));
}

function notSignedIn(): Refusal {
  return new Refusal('not-signed-in', {
    de: 'Sie sind nicht angemeldet, oder die Anmeldung ist abgelaufen.',
    en: 'You are not signed in, or the session has expired.',
  });
}

function csrf(): Refusal {
  return new Refusal('csrf', {
    de: 'Die Änderung kam nicht von der Konsole. Laden Sie die Seite neu und versuchen Sie es noch einmal.',
    en: 'The change did not come from the console. Reload the page and try again.',
  });
}

function forbidden(): Refusal {
  return new Refusal('forbidden', {
    de: 'Dafür fehlt Ihnen das Recht. Wenden Sie sich an die KITS-Administration.',
    en: 'You lack the right to do this. Ask the KITS administrators.',
  });
}
