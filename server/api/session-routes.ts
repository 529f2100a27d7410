/** Signing in and out. */
import { z } from 'zod';
import type { ServerContext } from '../context.ts';
import { describeSession } from '../staff/sessions.ts';
import { SignInDesk } from '../staff/sign-in.ts';
import { clearCookie, cookieOf, sessionOf, setCookie } from './access.ts';
import type { ApiScope } from './api-scope.ts';
import { passwordRequest, session, signInRequest } from './contract.ts';

const tags = ['session'];

export function sessionRoutes(scope: ApiScope, context: ServerContext): void {
  const desk = new SignInDesk(context);

  scope.get(
    '/session',
    { config: { access: 'session' }, schema: { tags, summary: 'Who is signed in', response: { 200: session } } },
    async (request) => describeSession(sessionOf(request)),
  );

  scope.post(
    '/session',
    {
      config: { access: 'open' },
      schema: {
        tags,
        summary: 'Sign in with a password or a one-time link',
        body: signInRequest,
        response: { 200: session },
      },
    },
    async (request, reply) => {
      const signedIn = await desk.signIn(request.body, request.ip, cookieOf(request));
      setCookie(request, reply, signedIn.secret);
      return describeSession(signedIn.session);
    },
  );

  scope.delete(
    '/session',
    { config: { access: 'session' }, schema: { tags, summary: 'Sign out', response: { 204: z.null() } } },
    async (request, reply) => {
      await desk.signOut(sessionOf(request));
      clearCookie(request, reply);
      return reply.code(204).send(null);
    },
  );

  scope.put(
    '/session/password',
    {
      config: { access: 'session' },
      schema: {
        tags,
        summary: 'Choose a password; ends all other sessions',
        body: passwordRequest,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await desk.setPassword(sessionOf(request), request.body.password, request.body.currentPassword);
      return reply.code(204).send(null);
    },
  );
}
