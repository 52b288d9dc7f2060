/** A node as Cilium's host firewall has it: an endpoint with the labels of the node, at which everything is allowed that no policy isolates. */
import type { Node } from '@weir/kube';
import type { EngineProfile, HostEndpoint } from '@weir/model';
import { parseAddress } from '@weir/net';
import { addressesOfNode } from './referred-fields.ts';

/** The host endpoint that a node is, with engines that have it so; texts that are no addresses are left out. */
export function ciliumHostOfNode(node: Node, { nodesAreHosts }: EngineProfile): HostEndpoint | undefined {
  if (!nodesAreHosts) return undefined;
  const { name = '', uid = name, labels = {} } = node.metadata;
  return {
    uid,
    name,
    node: name,
    interfaces: 'all',
    addresses: addressesOfNode(node).flatMap((text) => parseAddress(text) ?? []),
    labels: { pod: labels, namespace: {}, serviceAccount: {}, reserved: {} },
    namedPorts: [],
    otherwise: 'allow',
  };
}
