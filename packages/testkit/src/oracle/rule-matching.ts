/**
 * Peers and ports of one rule, from the API reference of NetworkPolicyPeer, NetworkPolicyPort and
 * IPBlock. "The traffic must match both ports and from/to."
 */
import type { IPBlock, NetworkPolicyPeer, NetworkPolicyPort } from '@weir/kube';
import { blockHolds } from './address-number.ts';
import type { ResolvedEnd } from './inhabitants.ts';
import { labelsSatisfy } from './label-selection.ts';
import type { FlowProtocol } from './world.ts';

/** Where a rule stands, and whether its IP blocks can mean the other end at all. */
export interface PeerContext {
  readonly policyNamespace: string;
  readonly blocksCount: boolean;
}

/** The port numbers that a name stands for in a rule. */
export type NumbersOfName = (name: string, protocol: string) => readonly number[];

/**
 * Whether the other end is one of the peers. "If this field is empty or missing, this rule matches
 * all sources [destinations]." Items are combined with a logical OR.
 */
export function anyPeerIs(peers: readonly NetworkPolicyPeer[] | undefined, context: PeerContext, end: ResolvedEnd): boolean {
  if (peers === undefined || peers.length === 0) return true;
  return peers.some((peer) => peerIs(peer, context, end));
}

/**
 * Whether the traffic is to one of the ports. "If this field is empty or missing, this rule
 * matches all ports (traffic not restricted by port)"; only then protocols without ports match.
 */
export function anyPortIs(
  ports: readonly NetworkPolicyPort[] | undefined,
  numbersOf: NumbersOfName,
  traffic: { readonly protocol: FlowProtocol; readonly port?: number },
): boolean {
  if (ports === undefined || ports.length === 0) return true;
  return ports.some((port) => portIs(port, numbersOf, traffic));
}

function peerIs(peer: NetworkPolicyPeer, { policyNamespace, blocksCount }: PeerContext, end: ResolvedEnd): boolean {
  // "If this field is set then neither of the other fields can be."
  if (peer.ipBlock !== undefined) return blocksCount && ipBlockHolds(peer.ipBlock, end);
  // Selectors select pods; an address that is no pod's is never selected, whatever they say.
  if (end.pod === undefined) return false;
  if (peer.namespaceSelector === undefined) {
    // "Otherwise it selects the Pods matching PodSelector in the policy's own Namespace."
    return peer.podSelector !== undefined && end.pod.namespace === policyNamespace && labelsSatisfy(peer.podSelector, end.pod.labels);
  }
  // "If PodSelector is also set, then the Pods matching PodSelector in the Namespaces selected by
  // NamespaceSelector. Otherwise all Pods in the Namespaces selected by NamespaceSelector."
  return (
    labelsSatisfy(peer.namespaceSelector, end.pod.namespaceLabels) &&
    (peer.podSelector === undefined || labelsSatisfy(peer.podSelector, end.pod.labels))
  );
}

function ipBlockHolds(block: IPBlock, end: ResolvedEnd): boolean {
  return blockHolds(block.cidr, end.address) && !(block.except ?? []).some((hole) => blockHolds(hole, end.address));
}

function portIs(
  port: NetworkPolicyPort,
  numbersOf: NumbersOfName,
  traffic: { readonly protocol: FlowProtocol; readonly port?: number },
): boolean {
  // "If not specified, this field defaults to TCP."
  const protocol = port.protocol ?? 'TCP';
  if (traffic.protocol !== protocol || traffic.port === undefined) return false;
  // "If this field is not provided, this matches all port names and numbers."
  if (port.port === undefined) return true;
  if (typeof port.port === 'string') {
    return numbersOf(port.port, protocol).includes(traffic.port);
  }
  // "endPort indicates that the range of ports from port to endPort if set, inclusive, should be
  // allowed by the policy" (KEP-2079).
  return traffic.port >= port.port && traffic.port <= (port.endPort ?? port.port);
}
