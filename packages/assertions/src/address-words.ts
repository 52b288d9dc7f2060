/** What `outside` and `internet` mean in assertions. */
import { type AddressRange, type Cidr, cidrRange, defined, parseCidr, subtractAddressRanges } from '@weir/net';

const block = (text: string): AddressRange => cidrRange(defined<Cidr>(parseCidr(text), 'a block'));

/** Every address of both families that a packet can come from. */
export const everyAddress: readonly AddressRange[] = [
  ...subtractAddressRanges([block('0.0.0.0/0')], ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3'].map(block)),
  ...subtractAddressRanges([block('::/0')], ['::/127', 'ff00::/8'].map(block)),
];

/** Addresses that are not kept for private networks, links or single machines (RFC 6890): whoever is on the internet. */
export const internetRanges: readonly AddressRange[] = [
  ...subtractAddressRanges(
    [block('0.0.0.0/0')],
    ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16', '224.0.0.0/3'].map(
      block,
    ),
  ),
  block('2000::/3'),
];
