/**
 * Subjects, peers and traffic of one rule, from the API reference of ClusterNetworkPolicy v1alpha2 and of
 * AdminNetworkPolicy v1alpha1.
 */
import type { Node } from '@weir/kube';
import { blockHolds, readAddress } from '../address-number.ts';
import { addressKey, type Inhabitant, nodeAddresses, type ResolvedEnd } from '../inhabitants.ts';
import { labelsSatisfy } from '../label-selection.ts';
import type { WorldFlow } from '../world.ts';
import type {
  AdministratorRuleObject,
  AdminPortChoice,
  PeerChoice,
  PodChoice,
  PortChoice,
  ProtocolChoice,
} from './administrator-objects.ts';

/** Whether the pod is chosen. "Note that host-networked pods are not included": they are no inhabitants. */
export function choosesPod({ namespaces, pods }: PodChoice, pod: Inhabitant): boolean {
  if (namespaces !== undefined) return labelsSatisfy(namespaces, pod.namespaceLabels);
  if (pods === undefined) return false;
  // "if empty, it selects all Namespaces", "if empty, it selects all Pods"
  return labelsSatisfy(pods.namespaceSelector ?? {}, pod.namespaceLabels) && labelsSatisfy(pods.podSelector, pod.labels);
}

/** "If any element matches the source [destination] … then the specified action is applied." */
export function namesEnd(rule: AdministratorRuleObject, end: ResolvedEnd, nodes: readonly Node[]): boolean {
  return (rule.from ?? rule.to ?? []).some((peer) => peerIs(peer, end, nodes));
}

function peerIs(peer: PeerChoice, end: ResolvedEnd, nodes: readonly Node[]): boolean {
  const { nodes: chosen, networks } = peer;
  // "cluster-internal traffic will be checked against the rule as well"
  if (networks !== undefined) return networks.some((block) => blockHolds(block, end.address));
  if (chosen !== undefined) {
    // "matching on the IPs present in the node.Status.Addresses field of the node"
    return nodes
      .filter(({ metadata }) => labelsSatisfy(chosen, metadata.labels ?? {}))
      .some((node) => nodeAddresses(node).some((text) => addressKey(readAddress(text)) === addressKey(end.address)));
  }
  return end.pod !== undefined && choosesPod(peer, end.pod);
}

/** "If unspecified, protocol-specific attributes will not be used to match traffic." */
export function isAboutTraffic({ protocols, ports }: AdministratorRuleObject, destination: ResolvedEnd, flow: WorldFlow): boolean {
  if (protocols !== undefined) return protocols.some((each) => protocolIs(each, destination, flow));
  return ports === undefined || ports.some((each) => adminPortIs(each, destination, flow));
}

function protocolIs({ tcp, udp, sctp, destinationNamedPort }: ProtocolChoice, destination: ResolvedEnd, flow: WorldFlow): boolean {
  if (destinationNamedPort !== undefined) return isNamed(destinationNamedPort, destination, flow);
  const wanted: Readonly<Record<string, PortChoice | undefined>> = { TCP: tcp, UDP: udp, SCTP: sctp };
  const choice = wanted[flow.protocol]?.destinationPort;
  if (choice === undefined || flow.port === undefined) return false;
  const { number, range } = choice;
  return range === undefined ? number === flow.port : flow.port >= range.start && flow.port <= range.end;
}

function adminPortIs({ portNumber, portRange, namedPort }: AdminPortChoice, destination: ResolvedEnd, flow: WorldFlow): boolean {
  if (namedPort !== undefined) return isNamed(namedPort, destination, flow);
  // "If not specified, this field defaults to TCP."
  const protocol = portNumber?.protocol ?? portRange?.protocol ?? 'TCP';
  if (flow.protocol !== protocol || flow.port === undefined) return false;
  if (portRange !== undefined) return flow.port >= portRange.start && flow.port <= portRange.end;
  return flow.port === portNumber?.port;
}

/** "selects a destination port on a pod based on the ContainerPort name" */
function isNamed(name: string, { pod }: ResolvedEnd, flow: WorldFlow): boolean {
  return (pod?.ports ?? []).some((own) => own.name === name && own.protocol === flow.protocol && own.number === flow.port);
}
