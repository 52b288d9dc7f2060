/** The addresses of an ipBlock. */
import { type IPBlock, parseApiCidr } from '@weir/kube';
import { type AddressRange, cidrRange, defined, subtractAddressRanges } from '@weir/net';

/** Those of its block that are in none of its exceptions; the block is valid. */
export function rangesOfIpBlock({ cidr, except = [] }: IPBlock): AddressRange[] {
  return subtractAddressRanges([rangeOf(cidr)], except.map(rangeOf));
}

function rangeOf(text: string): AddressRange {
  return cidrRange(defined(parseApiCidr(text), `validation let the CIDR ${text} through`));
}
