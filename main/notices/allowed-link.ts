/** Which address of a notice may be opened from the window. */

/**
 * The address as the system is to open it, undefined when it is not allowed: https on its usual port, without a user name,
 * on one of `hosts` exactly. A notice is signed, but a signature does not make every place on the web a safe one.
 */
export function allowedLink(link: string, hosts: readonly string[]): string | undefined {
  const url = URL.parse(link);
  if (url === null || url.protocol !== 'https:' || url.port !== '') return undefined;
  if (url.username !== '' || url.password !== '') return undefined;
  // As it was shown: an address the parser had to mend is not the one the person read.
  if (url.href !== link && url.href !== `${link}/`) return undefined;
  return hosts.includes(url.hostname) ? url.href : undefined;
}
