/** Addresses that stand for all those that are nobody's in the cluster. */
import { type Address, compareAddresses, type Family, formatAddress, nextAddress, parseAddress } from '@weir/net';

/** Addresses for documentation (RFC 5737, RFC 3849) and some that are not: what people recognise as "outside". */
const wellKnown: Readonly<Record<Family, readonly string[]>> = {
  4: ['203.0.113.10', '198.51.100.10', '192.0.2.10'],
  6: ['2001:db8::10', '2001:db8:1::10'],
};

/** One address that is nobody's in each part into which the blocks cut the address space, where there is one. */
export function outsideAddresses(cuts: readonly Address[], family: Family, taken: ReadonlySet<string>): Address[] {
  // What is before it is nobody's (RFC 6890).
  const first = parseAddress(family === 4 ? '1.0.0.1' : '::1:0:0:1');
  const sorted = [...(first === undefined ? [] : [first]), ...cuts].sort(compareAddresses);
  const plain = wellKnown[family].flatMap((text) => parseAddress(text) ?? []);
  const found = sorted.flatMap((from, i) => {
    const end = sorted[i + 1];
    const isInside = (address: Address): boolean =>
      compareAddresses(address, from) >= 0 && (end === undefined || compareAddresses(address, end) < 0);
    const wellKnownOne = plain.find((address) => isInside(address) && !taken.has(formatAddress(address)));
    if (wellKnownOne !== undefined) return [wellKnownOne];
    let candidate: Address | undefined = from;
    while (candidate !== undefined && isInside(candidate) && taken.has(formatAddress(candidate))) candidate = nextAddress(candidate);
    return candidate !== undefined && isInside(candidate) ? [candidate] : [];
  });
  // Of equal ones the first stands for all.
  return found.sort((a, b) => Number(plain.includes(b)) - Number(plain.includes(a)));
}
