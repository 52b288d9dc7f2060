/** The peer of a rule that asks for nothing which Calico alone has words for. */
import { asksOfEnd, type Rule, type Side } from '@weir/model';
import { NoWords } from './written-policy.ts';

/** The end that the rule names; throws {@link NoWords} for exclusions, source ports, nodes and conditions on the selected pod. */
export function plainPeerOf({ match, origin }: Rule): Side {
  const { source, destination, notProtocol, notIcmp } = match;
  const [own, peer] = origin.direction === 'ingress' ? [destination, source] : [source, destination];
  if (notProtocol !== undefined || notIcmp !== undefined) throw new NoWords('it excludes a protocol or messages');
  if (source.ports !== undefined || source.namedPorts !== undefined) throw new NoWords('it asks for source ports');
  for (const { notPorts, notNamedPorts } of [source, destination]) {
    if (notPorts !== undefined || notNamedPorts !== undefined) throw new NoWords('it excludes ports');
  }
  if (asksOfEnd(own)) throw new NoWords('it asks for more of the selected pod than that it is selected');
  if (peer.node !== undefined || peer.nodes !== undefined) throw new NoWords('it names nodes, which are not told by their addresses there');
  // Blocks that mean the same are for whoever knows both APIs.
  if (peer.outside === true && peer.nets === undefined) throw new NoWords('it means what is outside of the cluster alone');
  return peer;
}
