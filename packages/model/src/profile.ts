/**
 * Engine profiles: how an engine of the real world behaves where the specification of
 * NetworkPolicy leaves room.
 *
 * One table of data, used by compiling, calculation, evaluation, analysis and the data planes alike.
 * A profile covers verdicts, never an engine's leaks or delays. `kubernetes` is the specification as
 * Weir reads it. Sources: the NetworkPolicy API reference; AKS documentation (Azure NPM limits, Cilium
 * differences); Cilium documentation layer3/layer4, and cilium/cilium#12567 and #30003 for port names (changed by
 * #44429, which no version has that AKS ships); `endPort` needs no row: Cilium has it since 1.16 (#32807), and AKS
 * ships none older; Calico's conversion of NetworkPolicies and its
 * Windows data plane (felix/dataplane/windows/policysets: what `protoRuleToHnsRules` skips).
 */
import { calicoHostSettings, ciliumHostSettings, type HostSettings } from './host-settings.ts';

/** The engines that have a profile. */
export type EngineName = 'kubernetes' | 'azure' | 'calico' | 'cilium';

/** The policy APIs that an engine reads. */
export type PolicyApi = 'NetworkPolicy' | 'ClusterNetworkPolicy' | 'Calico' | 'Cilium';

/** The operating systems that a node can have. */
export type OperatingSystem = 'linux' | 'windows';

/** What enforces policies on a node. */
export type DataplaneName = 'nftables' | 'iptables' | 'ebpf' | 'hns';

/** A part of NetworkPolicy that an engine may not support on an operating system. */
export type PolicyFeature = 'named-port' | 'sctp' | 'negative-selector' | 'ip-block-except' | 'ipv6';

/** Something unsupported, with the sentence that says so. */
export interface Unsupported {
  readonly feature: PolicyFeature;
  readonly operatingSystem: OperatingSystem | 'any';
  readonly message: string;
}

/** How one engine behaves. */
export interface EngineProfile {
  readonly name: EngineName;
  readonly policyApis: readonly PolicyApi[];
  /** What the engine's data plane is on an operating system; absent where the engine does not run. */
  readonly dataplanes: { readonly linux: DataplaneName; readonly windows?: DataplaneName };
  /** Whether the addresses of an ipBlock mean pods that have such an address; those of Cilium's policies never do. */
  readonly ipBlockMatchesPods: boolean;
  /** Whether the addresses of an ipBlock mean nodes that have such an address. */
  readonly ipBlockMatchesNodes: boolean;
  /**
   * What a port name in an egress rule stands for: the numbers that the destination gives it, or the one number
   * that all pods of the cluster give it, whoever the destination is. A name with several numbers is no port then.
   */
  readonly egressPortNames: 'of the destination' | 'one number in the cluster';
  /** The systems of nodes on which a pod reaches its own node although its egress is isolated. */
  readonly podReachesOwnNode: readonly OperatingSystem[];
  /** What happens to connections that a new policy no longer allows. */
  readonly establishedFlows: 'keep' | 'cut';
  /** Which rules let protocols without ports through, such as ICMP. */
  readonly icmp: 'by rules without ports';
  /**
   * Whether traffic to a NodePort or load balancer with `externalTrafficPolicy: Cluster` goes past policies on
   * the node that translates it, because the engine's rules stand behind those of a kube-proxy with iptables,
   * which accept it. It is so with that data plane alone; no address pair tells of it, so no verdict does.
   */
  readonly nodePortBypassesIngress: boolean;
  readonly unsupported: readonly Unsupported[];
  /** What becomes of a policy with something unsupported of which no version was ever accepted. */
  readonly unsupportedPolicies: 'isolate' | 'not enforced';
  /** What holds for host endpoints; absent where the engine knows none. */
  readonly hosts?: HostSettings;
  /** Whether each node is a host endpoint by itself (Cilium's host firewall); else they are objects of their own. */
  readonly nodesAreHosts: boolean;
  /** Documented limits of scale; absent when none are documented. */
  readonly limits?: { readonly nodes: number; readonly pods: number };
}

const featureWords: Readonly<Record<PolicyFeature, string>> = {
  'named-port': 'named ports',
  sctp: 'SCTP',
  'negative-selector': 'negative label or namespace selectors',
  'ip-block-except': 'exceptions of an ipBlock',
  ipv6: 'IPv6',
};

/** What Azure NPM documents that it lacks on Windows. */
const npmGaps: readonly PolicyFeature[] = ['named-port', 'sctp', 'negative-selector', 'ip-block-except'];

/** Gaps on Windows, in the name of whom the refusal is. */
function windowsGaps(who: string, features: readonly PolicyFeature[]): Unsupported[] {
  return features.map((feature) => ({
    feature,
    operatingSystem: 'windows',
    message: `${who} does not support ${featureWords[feature]} on Windows`,
  }));
}

const npm = 'Azure network policy manager';

/** The profile of each engine. */
export const engineProfiles: Readonly<Record<EngineName, EngineProfile>> = {
  kubernetes: {
    name: 'kubernetes',
    policyApis: ['NetworkPolicy', 'ClusterNetworkPolicy', 'Calico', 'Cilium'],
    dataplanes: { linux: 'nftables', windows: 'hns' },
    ipBlockMatchesPods: true,
    ipBlockMatchesNodes: true,
    egressPortNames: 'of the destination',
    podReachesOwnNode: [],
    establishedFlows: 'keep',
    icmp: 'by rules without ports',
    nodePortBypassesIngress: false,
    unsupported: windowsGaps('Weir', npmGaps),
    unsupportedPolicies: 'isolate',
    hosts: calicoHostSettings,
    nodesAreHosts: false,
  },
  azure: {
    name: 'azure',
    policyApis: ['NetworkPolicy'],
    dataplanes: { linux: 'iptables', windows: 'hns' },
    ipBlockMatchesPods: true,
    ipBlockMatchesNodes: true,
    egressPortNames: 'of the destination',
    // Its rules are in FORWARD only, where that traffic does not come; on Windows the ACLs of the endpoint see it.
    podReachesOwnNode: ['linux'],
    establishedFlows: 'keep',
    icmp: 'by rules without ports',
    nodePortBypassesIngress: true,
    unsupported: [...windowsGaps(npm, npmGaps), { feature: 'ipv6', operatingSystem: 'any', message: `${npm} does not support IPv6` }],
    unsupportedPolicies: 'not enforced',
    nodesAreHosts: false,
    limits: { nodes: 250, pods: 20_000 },
  },
  calico: {
    name: 'calico',
    policyApis: ['NetworkPolicy', 'ClusterNetworkPolicy', 'Calico'],
    dataplanes: { linux: 'nftables', windows: 'hns' },
    ipBlockMatchesPods: true,
    ipBlockMatchesNodes: true,
    egressPortNames: 'of the destination',
    podReachesOwnNode: [],
    establishedFlows: 'keep',
    icmp: 'by rules without ports',
    nodePortBypassesIngress: false,
    unsupported: [
      // Its negative selectors are sets of addresses like any other when they come to HNS; nets that are not to match are not.
      ...windowsGaps('Calico', ['named-port', 'ip-block-except', 'ipv6']),
      // Calico hands the number of the protocol on; Windows has no SCTP.
      ...windowsGaps('Weir', ['sctp']),
    ],
    unsupportedPolicies: 'isolate',
    hosts: calicoHostSettings,
    nodesAreHosts: false,
  },
  cilium: {
    name: 'cilium',
    policyApis: ['NetworkPolicy', 'ClusterNetworkPolicy', 'Cilium'],
    dataplanes: { linux: 'ebpf' },
    ipBlockMatchesPods: false,
    ipBlockMatchesNodes: false,
    egressPortNames: 'one number in the cluster',
    podReachesOwnNode: [],
    establishedFlows: 'cut',
    icmp: 'by rules without ports',
    nodePortBypassesIngress: false,
    unsupported: [],
    unsupportedPolicies: 'isolate',
    hosts: ciliumHostSettings,
    nodesAreHosts: true,
  },
};

/** Where policies are enforced: how the engine behaves, on what system, and what may be expressed by other means. */
export interface EnforcementTarget {
  readonly profile: EngineProfile;
  readonly system: OperatingSystem;
  /** Whether negative selectors and exceptions of blocks are enforced by other means where the system lacks them. */
  readonly expandsUnsupported: boolean;
  /** Whether somebody tells what names of the domain name system resolve to; default yes. */
  readonly hearsOfNames?: boolean;
}

/** The engine on Linux, or on the system given. */
export function enforcementTarget(engine: EngineName, system: OperatingSystem = 'linux', expandsUnsupported = false): EnforcementTarget {
  return { profile: engineProfiles[engine], system, expandsUnsupported };
}

/** Where exceptions of an ipBlock are expressed by splitting it, that may add so many blocks to its ranges; what takes more is refused. */
export const addedBlocksMax = 2_000;

/** The features that can be expressed by others. */
const expandable: readonly PolicyFeature[] = ['negative-selector', 'ip-block-except'];

/** What the engine does not support on the target's system. */
export function unsupportedOn({ profile, system, expandsUnsupported }: EnforcementTarget): readonly Unsupported[] {
  return profile.unsupported.filter(
    ({ feature, operatingSystem }) =>
      (operatingSystem === 'any' || operatingSystem === system) && !(expandsUnsupported && expandable.includes(feature)),
  );
}

/** Whether policies can select pods by their service accounts, and by who runs them. */
export function asksForAccounts({ policyApis }: EngineProfile): boolean {
  return policyApis.includes('Calico') || policyApis.includes('Cilium');
}

/** Whether somebody has to follow the cluster's nodes: their addresses decide verdicts, or their number is limited. */
export function asksForNodes({ ipBlockMatchesNodes, limits, policyApis }: EngineProfile): boolean {
  return !ipBlockMatchesNodes || limits !== undefined || policyApis.includes('Cilium');
}
