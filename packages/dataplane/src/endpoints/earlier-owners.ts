/** Who owned the node's addresses for a process of before, and whose connections have to end for that. */
import type { Address } from '@weir/net';
import type { AddressOwner } from './local-addresses.ts';

/** The owner of an address, as what stands in the kernel says. */
export interface EarlierOwner {
  readonly address: Address;
  /** Whether it was the endpoint with this uid; never, where it cannot be read. */
  readonly is: (uid: string) => boolean;
}

/** Addresses that are not whose they were for the process of before; none when there was none. Both by the addresses' texts. */
export function releasedSince(before: ReadonlyMap<string, EarlierOwner>, after: ReadonlyMap<string, AddressOwner>): Address[] {
  if (before.size === 0) return [];
  const left = [...before].filter(([text, owner]) => {
    const now = after.get(text);
    return now === undefined || !owner.is(now.uid);
  });
  const arrived = [...after].filter(([text, { isAnnounced }]) => isAnnounced && !before.has(text));
  return [...left, ...arrived].map(([, { address }]) => address);
}
