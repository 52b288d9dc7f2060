/** Which networks a cluster cannot have. */
import { type Cidr, cidrContains, cidrContainsCidr, cidrFamily, parseAddress, parseCidr } from '@weir/net';
import { kubernetesServiceAddress, type NetworkShape, nodeRoom } from './network-shape.ts';

/** What a network must hold. */
export interface NetworkNeeds {
  /** How many nodes. */
  readonly nodes: number;
  /** Blocks that something else has: fake nodes and pods, load balancers. */
  readonly taken: readonly string[];
}

/** Why a cluster cannot have the network, in words for people; undefined when it can. */
export function networkProblem(network: NetworkShape, needs: NetworkNeeds): string | undefined {
  const { plugin, nodeSubnets, podCidrs, serviceCidrs, virtualNetwork } = network;
  const bad = [...virtualNetwork, ...nodeSubnets, ...podCidrs, ...serviceCidrs].find((text) => parseCidr(text) === undefined);
  if (bad !== undefined) return `"${bad}" is no block of addresses: write it like 10.244.0.0/16`;
  const hasOwnPods = plugin === 'overlay' || plugin === 'kubenet';
  if (hasOwnPods !== podCidrs.length > 0)
    return `a network of kind ${plugin} ${hasOwnPods ? 'needs' : 'has no'} blocks of its own for pods`;
  const families = familiesOf(nodeSubnets);
  if (!['4', '4,6'].includes(families)) return 'a cluster has IPv4 addresses, or IPv4 before IPv6 ones';
  const other = [virtualNetwork, serviceCidrs, ...(hasOwnPods ? [podCidrs] : [])].find((blocks) => familiesOf(blocks) !== families);
  if (other !== undefined) return `${other.join(', ')}: nodes, pods and services have addresses of the same families`;
  return overlapProblem(network, needs.taken) ?? serviceProblem(network) ?? roomProblem(network, needs.nodes);
}

function overlapProblem({ nodeSubnets, podCidrs, serviceCidrs }: NetworkShape, taken: readonly string[]): string | undefined {
  const all = [...nodeSubnets, ...podCidrs, ...serviceCidrs, ...taken];
  for (const [index, block] of all.entries()) {
    const other = all.slice(index + 1).find((each) => overlap(parseCidr(block), parseCidr(each)));
    if (other !== undefined) return `${block} overlaps with ${other}: nodes, pods, services and all others need blocks of their own`;
  }
  return undefined;
}

function serviceProblem(network: NetworkShape): string | undefined {
  const { dnsService, serviceCidrs } = network;
  const address = parseAddress(dnsService);
  const [first = ''] = serviceCidrs;
  const block = parseCidr(first);
  if (address === undefined || block === undefined || !cidrContains(block, address))
    return `cluster DNS cannot have ${dnsService}: its address is one of ${first}`;
  return dnsService === kubernetesServiceAddress(network)
    ? `cluster DNS cannot have ${dnsService}: the first address of ${first} is the API server's`
    : undefined;
}

function roomProblem(network: NetworkShape, nodes: number): string | undefined {
  const room = nodeRoom(network);
  return nodes > room ? `${nodes} nodes do not fit: ${network.podCidrs.join(', ')} has pod blocks for ${room}` : undefined;
}

function familiesOf(blocks: readonly string[]): string {
  return blocks
    .flatMap((text) => parseCidr(text) ?? [])
    .map(cidrFamily)
    .join(',');
}

function overlap(a: Cidr | undefined, b: Cidr | undefined): boolean {
  return a !== undefined && b !== undefined && (cidrContainsCidr(a, b) || cidrContainsCidr(b, a));
}
