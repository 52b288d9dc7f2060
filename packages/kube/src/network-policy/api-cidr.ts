/**
 * CIDR texts as the API of NetworkPolicy takes them.
 *
 * The API server reads an ipBlock with `netutils.ParseCIDRSloppy`: Go's `net.ParseCIDR`, with leading
 * zeros allowed (always decimal) and host bits allowed. An IPv4-mapped block (`::ffff:10.0.0.0/104`)
 * counts its prefix in 128 bits; from 96 on it holds IPv4 addresses only, below that it is an IPv6
 * block. What is accepted here is what a stored policy can contain, so the compiler reads with the
 * same function.
 */
import { addressFromWords, type Cidr, cidrOf, parseAddress } from '@weir/net';

const dottedQuad = /(^|:)0*(0|[1-9][0-9]*)\.0*(0|[1-9][0-9]*)\.0*(0|[1-9][0-9]*)\.0*(0|[1-9][0-9]*)((\/)0*(0|[1-9][0-9]*))?$/;

/** Reads a block, or returns undefined when the API server would refuse the text. */
export function parseApiCidr(text: string): Cidr | undefined {
  const stripped = text.replace(dottedQuad, '$1$2.$3.$4.$5$7$8');
  const slash = stripped.indexOf('/');
  if (slash < 0) return undefined;
  const addressText = stripped.slice(0, slash);
  const lengthText = stripped.slice(slash + 1);
  const address = parseAddress(addressText);
  // Go's length has leading zeros allowed; six digits bound the number.
  if (address === undefined || !/^0*[0-9]{1,3}$/.test(lengthText)) return undefined;
  const length = Number(lengthText);
  if (address.family === 6) return length <= 128 ? cidrOf(address, length) : undefined;
  if (!addressText.includes(':')) return length <= 32 ? cidrOf(address, length) : undefined;
  if (length > 128) return undefined;
  if (length >= 96) return cidrOf(address, length - 96);
  return cidrOf(addressFromWords(6, [0, 0, 0xffff, address.words[0] ?? 0]), length);
}
