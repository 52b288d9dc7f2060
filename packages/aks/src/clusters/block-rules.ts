/**
 * Which blocks of addresses a cluster may have, and of which families. Codes and texts are those of the reference's §4.1
 * where it has them; all others are Weir's own.
 */
import {
  type Cidr,
  cidrAt,
  cidrContains,
  cidrContainsCidr,
  cidrFamily,
  compareAddresses,
  familyBits,
  formatCidr,
  parseAddress,
  parseCidr,
} from '@weir/net';
import { providerError } from '../arm/arm-error.ts';
import { isDualStack, type NetworkProfile } from './network-profile.ts';
import { hasPodNetwork, invalid, type NetworkRule, own } from './network-rule.ts';

/** Blocks that a network may not touch (release of 2026-05-29, and the reserved ones). */
const reservedBlocks = ['169.254.0.0/16', '172.30.0.0/16', '172.31.0.0/16', '192.0.2.0/24'];
/** Where the lab has the addresses of load balancers; in Azure they are public. */
const balancerBlocks = ['198.51.100.0/24', '2001:db8:51:100::/120'];
/** Blocks of services are smaller than this (documented). */
const servicePrefixMin = 12;

/** In the order in which they are asked. */
export const blockRules: readonly NetworkRule[] = [
  {
    applies: ({ profile }) => !['IPv4', 'IPv4,IPv6'].includes(profile.ipFamilies.join()),
    refuse: ({ profile }) => invalid('networkProfile.ipFamilies', profile.ipFamilies.join(), ['IPv4', 'IPv4,IPv6']),
  },
  {
    // Documented, without a text: both families need kubenet or an overlay, and only Cilium has policies for IPv6.
    applies: ({ profile }) => isDualStack(profile) && !hasPodNetwork(profile),
    refuse: ({ profile }) =>
      own(
        'DualStackNotSupported',
        `Dual-stack networking is not supported for network plugin ${profile.networkPlugin}${profile.networkPlugin === 'azure' ? ' without network plugin mode overlay' : ''}`,
        'networkProfile.ipFamilies',
      ),
  },
  {
    applies: ({ profile }) => isDualStack(profile) && ['azure', 'calico'].includes(profile.networkPolicy),
    refuse: ({ profile }) =>
      own(
        'NetworkPolicyNotSupported',
        `NetworkPolicy ${profile.networkPolicy} is not supported for dual-stack networking`,
        'networkProfile.networkPolicy',
      ),
  },
  {
    applies: ({ profile }) => profile.podCidr !== undefined && !hasPodNetwork(profile),
    refuse: ({ profile }) =>
      own(
        'PodCidrNotSupported',
        `PodCidr is not supported for network plugin ${profile.networkPlugin}${profile.networkPlugin === 'azure' ? ' without network plugin mode overlay' : ''}`,
        'networkProfile.podCidr',
      ),
  },
  {
    applies: ({ profile }) => firstBadBlock(profile) !== undefined,
    refuse: ({ profile }) => providerError(400, 'CidrStringParseError', 'Cidr is invalid', { target: firstBadBlock(profile) ?? '' }),
  },
  {
    applies: ({ profile, vnet }) => overlapOf(profile.podCidrs ?? [], [vnet]) !== undefined,
    refuse: ({ profile, vnet }) =>
      providerError(
        400,
        'NetworkProfileCIDROverlapVNET',
        `NetworkProfile CIDR ${overlapOf(profile.podCidrs ?? [], [vnet])?.block} overlaps with reserved VNET CIDR ${vnet}`,
        { target: 'networkProfile.podCIDR' },
      ),
  },
  {
    applies: ({ profile }) => overlapOf(profile.podCidrs ?? [], reservedBlocks) !== undefined,
    refuse: ({ profile }) => {
      const found = overlapOf(profile.podCidrs ?? [], reservedBlocks);
      return own(
        'PodCidrOverlapsReservedRange',
        `NetworkProfile CIDR ${found?.block} overlaps with reserved range ${found?.other}`,
        'networkProfile.podCIDR',
      );
    },
  },
  {
    applies: ({ profile }) => overlapOf(profile.podCidrs ?? [], [...profile.serviceCidrs, ...balancerBlocks]) !== undefined,
    refuse: ({ profile }) => {
      const found = overlapOf(profile.podCidrs ?? [], [...profile.serviceCidrs, ...balancerBlocks]);
      const what = balancerBlocks.includes(found?.other ?? '') ? 'load balancers of Weir, CIDR' : 'service CIDR';
      return own(
        'PodCidrOverlapsServiceCidr',
        `NetworkProfile CIDR ${found?.block} overlaps with ${what} ${found?.other}`,
        'networkProfile.podCIDR',
      );
    },
  },
  {
    applies: ({ profile }) => overlapOf(profile.serviceCidrs, [...reservedBlocks, ...balancerBlocks]) !== undefined,
    refuse: ({ profile }) => {
      const found = overlapOf(profile.serviceCidrs, [...reservedBlocks, ...balancerBlocks]);
      return own(
        'ServiceCidrOverlapsReservedRange',
        `NetworkProfile CIDR ${found?.block} overlaps with reserved range ${found?.other}`,
        'networkProfile.serviceCIDR',
      );
    },
  },
  {
    applies: ({ profile }) => (parseCidr(profile.serviceCidr)?.prefixLength ?? 0) <= servicePrefixMin,
    refuse: ({ profile }) =>
      own(
        'ServiceCidrTooLarge',
        `The service CIDR ${profile.serviceCidr} must be smaller than /${servicePrefixMin}`,
        'networkProfile.serviceCIDR',
      ),
  },
  {
    applies: ({ profile, vnet }) => overlapOf(profile.serviceCidrs, [vnet]) !== undefined,
    refuse: ({ profile, vnet }) =>
      own(
        'ServiceCidrOverlapExistingSubnetsCidr',
        `The specified service CIDR ${profile.serviceCidr} is conflicted with an existing subnet CIDR ${vnet}`,
        'networkProfile.serviceCIDR',
      ),
  },
  {
    applies: ({ profile }) => !isInside(profile.dnsServiceIP, profile.serviceCidrs.slice(0, 1)),
    refuse: ({ profile }) =>
      own(
        'DnsServiceIpOutOfServiceCidr',
        `The DNS service IP ${profile.dnsServiceIP} is not within the service CIDR ${profile.serviceCidr}`,
        'networkProfile.dnsServiceIP',
      ),
  },
  {
    // Documented: the first address is that of the service `kubernetes`.
    applies: ({ profile }) => isFirstService(profile),
    refuse: ({ profile }) =>
      own(
        'DnsServiceIpReserved',
        `The DNS service IP ${profile.dnsServiceIP} is the first address of the service CIDR ${profile.serviceCidr}, which is reserved`,
        'networkProfile.dnsServiceIP',
      ),
  },
];

/** One block of each family that the cluster has, in its order. */
function firstBadBlock({ podCidrs, serviceCidrs, ipFamilies }: NetworkProfile): string | undefined {
  const isBad = (blocks: readonly string[]): boolean =>
    blocks.length !== ipFamilies.length ||
    blocks.some((text, index) => {
      const block = parseCidr(text);
      return block === undefined || cidrFamily(block) !== (ipFamilies[index] === 'IPv6' ? 6 : 4);
    });
  if (podCidrs !== undefined && isBad(podCidrs)) return 'networkProfile.podCIDR';
  return isBad(serviceCidrs) ? 'networkProfile.serviceCIDR' : undefined;
}

function isFirstService({ dnsServiceIP, serviceCidr }: NetworkProfile): boolean {
  const [address, block] = [parseAddress(dnsServiceIP), parseCidr(serviceCidr)];
  const first = block === undefined ? undefined : cidrAt(block, familyBits(cidrFamily(block)), 1)?.network;
  return address !== undefined && first !== undefined && compareAddresses(address, first) === 0;
}

function overlapOf(blocks: readonly string[], others: readonly string[]): { readonly block: string; readonly other: string } | undefined {
  for (const block of blocks) {
    const parsed = parseCidr(block);
    const other = others.find((each) => parsed !== undefined && overlap(parsed, parseCidr(each)));
    if (parsed !== undefined && other !== undefined) return { block: formatCidr(parsed), other };
  }
  return undefined;
}

function overlap(a: Cidr, b: Cidr | undefined): boolean {
  return b !== undefined && (cidrContainsCidr(a, b) || cidrContainsCidr(b, a));
}

function isInside(text: string, blocks: readonly string[]): boolean {
  const address = parseAddress(text);
  return blocks.some((block) => {
    const parsed = parseCidr(block);
    return address !== undefined && parsed !== undefined && cidrContains(parsed, address);
  });
}
