/** Knows which methods each path has, so that a wrong method is told apart from an unknown path (405 and 404). */
import type { FastifyInstance } from 'fastify';

/** To be called before any route is registered. The result lists the methods of a path, sorted; empty = no such path. */
export function watchRoutes(app: FastifyInstance): (path: string) => string[] {
  const patterns = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = patterns.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
    for (const one of [method].flat()) known.methods.add(one);
    patterns.set(url, known);
  });
  return (path) => {
    const methods = [...patterns.values()]
      .filter(({ pattern }) => pattern.test(path))
      .flatMap((found) => [...found.methods]);
    return [...new Set(methods)].sort();
  };
}

/** Patterns of this server are plain segments, ":name" and a trailing "*". */
function patternOf(url: string): RegExp {
  const source = url
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')))
    .join('/');
  return new RegExp(`^${source}$`);
}
