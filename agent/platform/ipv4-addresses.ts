/** IPv4 addresses as the system library gives them, the same way on every platform. */
import { networkInterfaces } from 'node:os';
import type { Machine } from './machine.ts';

/** The one thing about the network that files do not say: the tables in /proc name addresses without their interface. */
export function ownIpv4Addresses(): ReturnType<Machine['ipv4Addresses']> {
  return Object.entries(networkInterfaces()).flatMap(([label, entries]) =>
    (entries ?? []).flatMap(({ family, internal, address, cidr }) => {
      const prefixLength = Number(cidr?.split('/')[1]);
      if (family !== 'IPv4' || internal || !(prefixLength >= 0)) return [];
      return [{ interface: label.split(':')[0] ?? label, address, prefixLength }];
    }),
  );
}
