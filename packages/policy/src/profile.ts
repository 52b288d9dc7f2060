/**
 * Engine profiles: how an engine of the real world behaves where the specification of
 * NetworkPolicy leaves room.
 *
 * One table of data, used by evaluation, analysis and migration alike. A profile covers verdicts,
 * never an engine's leaks or delays. `kubernetes` is what Weir itself enforces. Sources: the
 * NetworkPolicy API reference; AKS documentation (Azure NPM limits, Cilium differences); Cilium
 * documentation layer3/layer4; Calico's conversion of NetworkPolicies.
 */

/** The engines that have a profile. */
export type EngineName = 'kubernetes' | 'azure' | 'calico' | 'cilium';

/** The policy APIs that an engine reads. */
export type PolicyApi = 'NetworkPolicy' | 'ClusterNetworkPolicy' | 'Calico' | 'Cilium';

/** A part of NetworkPolicy that an engine may not support on an operating system. */
export type PolicyFeature = 'named-port' | 'sctp' | 'negative-selector' | 'ip-block-except' | 'ipv6';

/** Something unsupported, with the sentence that says so. */
export interface Unsupported {
  readonly feature: PolicyFeature;
  readonly operatingSystem: 'linux' | 'windows' | 'any';
  readonly message: string;
}

/** How one engine behaves. */
export interface EngineProfile {
  readonly name: EngineName;
  readonly policyApis: readonly PolicyApi[];
  /** Whether the addresses of an ipBlock mean pods that have such an address. */
  readonly ipBlockMatchesPods: boolean;
  /** Whether the addresses of an ipBlock mean nodes that have such an address. */
  readonly ipBlockMatchesNodes: boolean;
  /** Whether a pod reaches its own node although its egress is isolated. */
  readonly podToOwnNode: 'by-policy' | 'always';
  /** What happens to connections that a new policy no longer allows. */
  readonly establishedFlows: 'keep' | 'cut';
  /** Whether traffic to a NodePort with `externalTrafficPolicy: Cluster` goes past ingress policies. */
  readonly nodePortBypassesIngress: boolean;
  readonly unsupported: readonly Unsupported[];
  /** Documented limits of scale; absent when none are documented. */
  readonly limits?: { readonly nodes: number; readonly pods: number };
}

const npm = 'Azure network policy manager';

const windowsGaps: readonly Unsupported[] = (
  [
    ['named-port', 'named ports'],
    ['sctp', 'SCTP'],
    ['negative-selector', 'negative label or namespace selectors'],
    ['ip-block-except', 'exceptions of an ipBlock'],
  ] as const
).map(([feature, words]) => ({ feature, operatingSystem: 'windows', message: `${npm} does not support ${words} on Windows` }));

/** The profile of each engine. */
export const engineProfiles: Readonly<Record<EngineName, EngineProfile>> = {
  kubernetes: {
    name: 'kubernetes',
    policyApis: ['NetworkPolicy', 'ClusterNetworkPolicy'],
    ipBlockMatchesPods: true,
    ipBlockMatchesNodes: true,
    podToOwnNode: 'by-policy',
    establishedFlows: 'keep',
    nodePortBypassesIngress: false,
    unsupported: [],
  },
  azure: {
    name: 'azure',
    policyApis: ['NetworkPolicy'],
    ipBlockMatchesPods: true,
    ipBlockMatchesNodes: true,
    podToOwnNode: 'always',
    establishedFlows: 'keep',
    nodePortBypassesIngress: true,
    unsupported: [...windowsGaps, { feature: 'ipv6', operatingSystem: 'any', message: `${npm} does not support IPv6` }],
    limits: { nodes: 250, pods: 20_000 },
  },
  calico: {
    name: 'calico',
    policyApis: ['NetworkPolicy', 'ClusterNetworkPolicy', 'Calico'],
    ipBlockMatchesPods: true,
    ipBlockMatchesNodes: true,
    podToOwnNode: 'by-policy',
    establishedFlows: 'keep',
    nodePortBypassesIngress: false,
    unsupported: [],
  },
  cilium: {
    name: 'cilium',
    policyApis: ['NetworkPolicy', 'Cilium'],
    ipBlockMatchesPods: false,
    ipBlockMatchesNodes: false,
    podToOwnNode: 'by-policy',
    establishedFlows: 'cut',
    nodePortBypassesIngress: false,
    unsupported: [],
  },
};
