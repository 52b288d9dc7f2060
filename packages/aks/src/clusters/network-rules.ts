/**
 * Which networks a cluster may have: plugin, mode, engine, data plane, operating systems, addresses. One table of
 * rules in the order in which they are asked; each is a row of the reference's §4.1, or marked as Weir's own where
 * Azure's text is not known.
 */
import { type Cidr, cidrContains, cidrContainsCidr, formatCidr, parseAddress, parseCidr } from '@weir/net';
import { isSince } from '../arm/api-version.ts';
import { type ArmError, providerError } from '../arm/arm-error.ts';
import { type NetworkProfile, noneSince } from './network-profile.ts';

/** What is looked at. */
export interface NetworkWish {
  readonly profile: NetworkProfile;
  readonly apiVersion: string;
  readonly hasWindowsPools: boolean;
  /** The address block of the nodes' network. */
  readonly vnet: string;
}

interface NetworkRule {
  readonly applies: (wish: NetworkWish) => boolean;
  readonly refuse: (wish: NetworkWish) => ArmError;
}

const policyTarget = 'networkProfile.networkPolicy';
const engines = ['none', 'azure', 'calico', 'cilium'];
const plugins = ['azure', 'kubenet', 'none'];

/** Blocks that a pod network may not touch (release of 2026-05-29, and the reserved ones). */
const reservedBlocks = ['169.254.0.0/16', '172.30.0.0/16', '172.31.0.0/16', '192.0.2.0/24'];

const rules: readonly NetworkRule[] = [
  {
    applies: ({ profile }) => !plugins.includes(profile.networkPlugin),
    refuse: ({ profile }) => invalid('networkProfile.networkPlugin', profile.networkPlugin, plugins),
  },
  {
    applies: ({ profile }) => profile.networkPluginMode !== undefined && profile.networkPluginMode !== 'overlay',
    refuse: ({ profile }) => invalid('networkProfile.networkPluginMode', profile.networkPluginMode ?? '', ['overlay']),
  },
  {
    applies: ({ profile }) => !['azure', 'cilium'].includes(profile.networkDataplane),
    refuse: ({ profile }) => invalid('networkProfile.networkDataplane', profile.networkDataplane, ['azure', 'cilium']),
  },
  {
    applies: ({ profile, apiVersion }) => !enginesOf(apiVersion).includes(profile.networkPolicy),
    refuse: ({ profile, apiVersion }) => invalid(policyTarget, profile.networkPolicy, enginesOf(apiVersion)),
  },
  {
    applies: ({ profile }) => profile.networkPluginMode === 'overlay' && profile.networkPlugin !== 'azure',
    refuse: ({ profile }) =>
      own(
        'NetworkPluginModeNotSupported',
        `Network plugin mode overlay is not supported for network plugin ${profile.networkPlugin}`,
        'networkProfile.networkPluginMode',
      ),
  },
  {
    applies: ({ profile }) => profile.networkPlugin === 'kubenet' && profile.networkPolicy === 'azure',
    refuse: () =>
      own('NetworkPolicyAzureNotSupportedForKubenet', 'NetworkPolicy azure is not supported for network plugin kubenet', policyTarget),
  },
  {
    applies: ({ profile }) => profile.networkPlugin === 'none' && profile.networkPolicy !== 'none',
    refuse: ({ profile }) =>
      own('NetworkPolicyNotSupported', `NetworkPolicy ${profile.networkPolicy} is not supported for network plugin none`, policyTarget),
  },
  {
    applies: ({ profile }) => profile.networkPolicy === 'cilium' && profile.networkDataplane !== 'cilium',
    refuse: () =>
      providerError(400, 'NetworkPolicyNotSupported', 'Network Policy cilium requires NetworkDataplane cilium', {
        subcode: 'NetworkPolicyCiliumRequiresCiliumDataplane',
        target: policyTarget,
      }),
  },
  {
    applies: ({ profile }) => profile.networkDataplane === 'cilium' && profile.networkPolicy !== 'cilium',
    refuse: () =>
      providerError(400, 'BadRequest', 'Cilium dataplane requires network policy cilium.', {
        subcode: 'CiliumDataplaneRequiresNetworkPolicyCilium',
        target: policyTarget,
      }),
  },
  {
    applies: ({ profile }) => profile.networkDataplane === 'cilium' && profile.networkPlugin !== 'azure',
    refuse: ({ profile }) =>
      own(
        'NetworkDataplaneNotSupported',
        `Cilium dataplane is not supported for network plugin ${profile.networkPlugin}`,
        'networkProfile.networkDataplane',
      ),
  },
  {
    applies: ({ profile, hasWindowsPools }) => hasWindowsPools && profile.networkPlugin !== 'azure',
    refuse: () => providerError(400, 'AzureCNIOnlyForWindows', 'Windows agent pools can only be added to AKS clusters using Azure-CNI.'),
  },
  {
    applies: ({ profile, hasWindowsPools }) => hasWindowsPools && profile.networkDataplane === 'cilium',
    refuse: () =>
      own(
        'NetworkPolicyNotSupported',
        'NetworkDataplane cilium is not supported for clusters with Windows agent pools',
        'networkProfile.networkDataplane',
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
    applies: ({ profile, vnet }) => overlapOf(profile.serviceCidrs, [vnet]) !== undefined,
    refuse: ({ profile, vnet }) =>
      own(
        'ServiceCidrOverlapExistingSubnetsCidr',
        `The specified service CIDR ${profile.serviceCidr} is conflicted with an existing subnet CIDR ${vnet}`,
        'networkProfile.serviceCIDR',
      ),
  },
  {
    applies: ({ profile }) => !isInside(profile.dnsServiceIP, profile.serviceCidrs),
    refuse: ({ profile }) =>
      own(
        'DnsServiceIpOutOfServiceCidr',
        `The DNS service IP ${profile.dnsServiceIP} is not within the service CIDR ${profile.serviceCidr}`,
        'networkProfile.dnsServiceIP',
      ),
  },
];

/** Why such a network is refused; undefined when it is not. */
export function networkProblem(wish: NetworkWish): ArmError | undefined {
  return rules.find(({ applies }) => applies(wish))?.refuse(wish);
}

function enginesOf(apiVersion: string): readonly string[] {
  return isSince(apiVersion, noneSince) ? engines : engines.filter((engine) => engine !== 'none');
}

function invalid(target: string, value: string, allowed: readonly string[]): ArmError {
  const message = `The value of parameter ${target} is invalid: '${value.slice(0, 80)}'. Allowed values: ${allowed.join(', ')}.`;
  return providerError(400, 'InvalidParameter', message, { target });
}

/** Weir's own text: Azure's is not published. */
function own(code: string, message: string, target: string): ArmError {
  return providerError(400, code, message, { target });
}

function firstBadBlock({ podCidrs = [], serviceCidrs }: NetworkProfile): string | undefined {
  if (podCidrs.some((block) => parseCidr(block) === undefined)) return 'networkProfile.podCIDR';
  return serviceCidrs.some((block) => parseCidr(block) === undefined) ? 'networkProfile.serviceCIDR' : undefined;
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
