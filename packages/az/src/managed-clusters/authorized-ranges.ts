/** Who may reach an API server, as `--api-server-authorized-ip-ranges` says it; refused in az's words. */
import { cidrContainsCidr, cidrFamily, formatCidr, parseAddress, parseCidr, singleAddressCidr } from '@weir/net';
import { refused } from '../az-error.ts';
import type { GivenArguments } from '../command-line/given-arguments.ts';

const option = '--api-server-authorized-ip-ranges';
/** Nodes alone. */
const onlyNodes = '0.0.0.0/32';
/** Blocks that no address of the Internet is in (IANA's registries of special-purpose addresses). */
const notGlobal = [
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/29 192.0.0.170/31 192.0.2.0/24 192.168.0.0/16',
  '198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4',
]
  .flatMap((texts) => texts.split(' '))
  .flatMap((text) => parseCidr(text) ?? []);

/** The ranges; undefined when the option was not given, none when it is empty. */
export function authorizedRangesOf(given: GivenArguments): readonly string[] | undefined {
  return given
    .text('apiServerAuthorizedIpRanges')
    ?.split(',')
    .map((range) => range.trim())
    .filter((range) => range !== '');
}

/** Throws az's texts. */
export function checkAuthorizedRanges(given: GivenArguments): void {
  const ranges = authorizedRangesOf(given) ?? [];
  if (ranges.length === 0) return;
  if (ranges.includes(onlyNodes) && ranges.length > 1) {
    throw refused(
      `Setting ${option} to ${onlyNodes} is not allowed with other IP ranges.Refer to https://aka.ms/aks/whitelist for more details`,
    );
  }
  for (const range of ranges) if (range !== onlyNodes) checkRange(range);
  if (given.text('loadBalancerSku')?.toLowerCase() === 'basic') {
    throw refused(`${option} can only be used with standard load balancer`);
  }
  if (given.flag('enablePrivateCluster')) throw refused(`${option} is not supported for private cluster`);
}

function checkRange(text: string): void {
  const address = parseAddress(text);
  const block = address === undefined ? parseCidr(text) : singleAddressCidr(address);
  // Bits of hosts are no block's.
  if (block === undefined || (address === undefined && formatCidr(block) !== text)) {
    throw refused(`${option} should be a list of IPv4 addresses or CIDRs`);
  }
  if (cidrFamily(block) === 6) throw refused(`${option} cannot be IPv6 addresses`);
  if (notGlobal.some((each) => cidrContainsCidr(each, block))) {
    throw refused(`${option} must be global non-reserved addresses or CIDRs`);
  }
}
