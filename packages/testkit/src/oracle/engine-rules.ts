/**
 * How real engines differ from the text of the specification, written from their documentation and
 * sharing nothing with the profiles of `@weir/model`.
 *
 * - Azure NPM: "does not support IPv6"; on Windows neither named ports, nor SCTP, nor negative label or
 *   namespace selectors, nor "except" CIDR blocks (AKS, "Secure traffic between pods by using network
 *   policies", Limitations). An unsupported policy is an error in a log and enforced by nobody. Its rules
 *   are in FORWARD only, so traffic of a pod to its own node never meets them.
 * - Cilium: CIDR rules "do not apply to traffic where both sides of the connection are either managed by
 *   Cilium or use an IP address belonging to a node in the cluster" (layer3). Linux only.
 *   A port name of an egress rule is looked up among the ports of all pods; a name with several numbers is a
 *   conflict and its port is ignored, a name with one is that port of every destination (cilium/cilium#12567).
 * - Calico on Windows: "Not supported: IPv6 and dual stack" (Limitations and known issues); its Windows
 *   data plane skips rules with named ports and with nets that are not to match (`except`), while selectors
 *   of either kind are resolved to addresses before it sees them. Windows has no SCTP.
 * - Weir as such has NPM's four gaps there, and closes the pods of a policy that it cannot enforce,
 *   except where it behaves like NPM.
 */
import type { LabelSelector, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '@weir/kube';

/** The engines that the oracle can speak for. */
export type OracleEngine = 'kubernetes' | 'azure' | 'calico' | 'cilium';

/** Whether an IP block of the engine's policies can mean an address that is a pod's or a node's. */
export function blockMeansClusterAddresses(engine: OracleEngine): boolean {
  return engine !== 'cilium';
}

/** Whether a pod reaches the node that it runs on, whatever its egress rules say; on Windows the rules are the pod's port's own. */
export function podReachesItsNode(engine: OracleEngine, system: string): boolean {
  return engine === 'azure' && system !== 'windows';
}

/** Whether a port name in an egress rule is a number of the cluster, and not of the destination. */
export function egressNamesAreOfTheCluster(engine: OracleEngine): boolean {
  return engine === 'cilium';
}

/** What the engine makes of a policy for pods on a node of this operating system. */
export function standingOf(policy: NetworkPolicy, engine: OracleEngine, system: string): 'enforced' | 'closed' | 'ignored' {
  const isWindows = system === 'windows';
  const noIpv6 = engine === 'azure' || (engine === 'calico' && isWindows);
  const isLacking = (noIpv6 && usesIpv6(policy)) || (isWindows && usesWhatWindowsLacks(policy, engine));
  if (!isLacking) return 'enforced';
  return engine === 'azure' ? 'ignored' : 'closed';
}

function usesIpv6(policy: NetworkPolicy): boolean {
  return peersOf(policy).some(({ ipBlock }) => ipBlock?.cidr.includes(':'));
}

function usesWhatWindowsLacks(policy: NetworkPolicy, engine: OracleEngine): boolean {
  const peers = peersOf(policy);
  const selectors = [policy.spec?.podSelector, ...peers.flatMap(({ podSelector, namespaceSelector }) => [podSelector, namespaceSelector])];
  return (
    portsOf(policy).some(({ port, protocol }) => typeof port === 'string' || protocol === 'SCTP') ||
    peers.some(({ ipBlock }) => (ipBlock?.except ?? []).length > 0) ||
    (engine !== 'calico' && selectors.some((selector) => selector !== undefined && isNegative(selector)))
  );
}

function isNegative({ matchExpressions = [] }: LabelSelector): boolean {
  return matchExpressions.some(({ operator }) => operator === 'NotIn' || operator === 'DoesNotExist');
}

/** Rules of a direction that the policy does not affect are not translated, so nothing in them is missed. */
function affects(policy: NetworkPolicy, type: 'Ingress' | 'Egress'): boolean {
  const given = policy.spec?.policyTypes ?? [];
  if (given.length > 0) return given.includes(type);
  return type === 'Ingress' || (policy.spec?.egress ?? []).length > 0;
}

function peersOf(policy: NetworkPolicy): NetworkPolicyPeer[] {
  const ingress = affects(policy, 'Ingress') ? (policy.spec?.ingress ?? []) : [];
  const egress = affects(policy, 'Egress') ? (policy.spec?.egress ?? []) : [];
  return [...ingress.flatMap(({ from }) => from ?? []), ...egress.flatMap(({ to }) => to ?? [])];
}

function portsOf(policy: NetworkPolicy): NetworkPolicyPort[] {
  const ingress = affects(policy, 'Ingress') ? (policy.spec?.ingress ?? []) : [];
  const egress = affects(policy, 'Egress') ? (policy.spec?.egress ?? []) : [];
  return [...ingress, ...egress].flatMap(({ ports }) => ports ?? []);
}
