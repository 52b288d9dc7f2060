/**
 * Where a flow passes interfaces of nodes, and which host endpoints these may belong to.
 *
 * ```
 * from outside ─▶ node ─▶ its process      untracked, preDNAT, normal in
 * from outside ─▶ node ─▶ its pod          untracked, preDNAT, forward in · forward out at the pod's interface
 * pod ─▶ its node ─▶ elsewhere             preDNAT, forward in at the pod's interface · forward out
 * process ─▶ its node ─▶ elsewhere         untracked, normal out
 * ```
 *
 * Interfaces that lead to pods are only those of endpoints for all interfaces. A node and its own pods, a node and
 * itself, and a pod and itself pass no interface of a host; what a pod sends to its own node does at the pod's side. Sources: Calico's host
 * endpoints (felix `rules/static.go`, `fv/ep_to_host_action_test.go`), Cilium's host firewall.
 */
import { type Address, compareAddresses, type Family } from '@weir/net';
import type { HostEndpoint } from './host-endpoint.ts';
import type { Direction, HostFamily } from './model.ts';
import type { PolicyWorld } from './policy-world.ts';
import type { FlowEnd, FlowQuestion } from './verdict.ts';

/** One interface that the flow goes through. */
export interface HostPassage {
  readonly node: string;
  readonly direction: Direction;
  /** What is asked there, in order; what one family allows is not asked of the next. */
  readonly families: readonly HostFamily[];
  /** Whose the interface may be; undefined among them: nobody's. One where it is known. */
  readonly hosts: readonly (HostEndpoint | undefined)[];
}

/** All of them, on the way from the source to the destination. */
export function hostPassages(world: PolicyWorld, { source, destination }: FlowQuestion): readonly HostPassage[] {
  const from = nodeNameOf(source);
  const to = nodeNameOf(destination);
  const isLocal = from !== undefined && from === to;
  const isSelf = source.kind === 'endpoint' && destination.kind === 'endpoint' && source.endpoint.uid === destination.endpoint.uid;
  if (isSelf || (source.kind === 'node' && isLocal)) return [];
  const passages: HostPassage[] = [];
  if (source.kind === 'endpoint' && from !== undefined) {
    const families = isLocal && destination.kind === 'node' ? (['preDNAT'] as const) : (['preDNAT', 'forward'] as const);
    passages.push(atPods(world, from, 'ingress', families));
  }
  const family = source.address?.family ?? destination.address?.family;
  if (!isLocal && from !== undefined) {
    const families = source.kind === 'node' ? (['untracked', 'normal'] as const) : (['forward'] as const);
    passages.push({ node: from, direction: 'egress', families, hosts: hostsTowards(world, source, family) });
  }
  if (!isLocal && to !== undefined) {
    const families = ['untracked', 'preDNAT', destination.kind === 'node' ? 'normal' : 'forward'] as const;
    passages.push({ node: to, direction: 'ingress', families, hosts: hostsTowards(world, destination, family) });
  }
  if (destination.kind === 'endpoint' && to !== undefined) passages.push(atPods(world, to, 'egress', ['forward']));
  return passages;
}

/** The endpoint for all interfaces of a node, of several the one whose name is first. */
export function hostOfAllInterfaces(world: PolicyWorld, node: string): HostEndpoint | undefined {
  return world.hosts.of(node).find(({ interfaces }) => interfaces === 'all');
}

/** The node that an end is or is on. */
function nodeNameOf(end: FlowEnd): string | undefined {
  if (end.kind === 'address') return undefined;
  return end.kind === 'node' ? end.node.name : end.endpoint.node;
}

function atPods(world: PolicyWorld, node: string, direction: Direction, families: readonly HostFamily[]): HostPassage {
  return { node, direction, families, hosts: [hostOfAllInterfaces(world, node)] };
}

/**
 * Whose the interface is by which an end's node speaks with others. A node of one address (of a family) has one such
 * interface, which an endpoint means by its name or by an address. Where a node has several and nobody says which interface
 * has which, it may be any of them.
 */
function hostsTowards(world: PolicyWorld, end: FlowEnd, family: Family | undefined): readonly (HostEndpoint | undefined)[] {
  const node = nodeNameOf(end) ?? '';
  const all = hostOfAllInterfaces(world, node);
  const named = firstOfEachInterface(world.hosts.of(node));
  const addresses = world.nodes.get(node)?.addresses ?? [];
  const isSingle = ([4, 6] as const).every((each) => addresses.filter((address) => address.family === each).length <= 1);
  if (isSingle) return [named.find((host) => isUnplaced(host) || hasOneOf(host, [...addresses, ...addressOf(end)])) ?? all];
  const [address] = addressOf(end);
  if (address === undefined) return named.length === 0 ? [all] : [...named, all];
  const owner = named.find((host) => hasOneOf(host, [address]));
  if (owner !== undefined) return [owner];
  const unplaced = named.filter((host) => isUnplaced(host, family));
  return unplaced.length === 0 ? [all] : [...unplaced, all];
}

/** The address of the node that packets bear; those of its pods bear the pod's. */
function addressOf(end: FlowEnd): readonly Address[] {
  return end.kind === 'node' && end.address !== undefined ? [end.address] : [];
}

function hasOneOf({ addresses }: HostEndpoint, wanted: readonly Address[]): boolean {
  return addresses.some((address) => wanted.some((one) => compareAddresses(one, address) === 0));
}

/** An interface goes by its name alone where nobody said which addresses (of the family) it has. */
function isUnplaced({ interfaces, addresses }: HostEndpoint, family?: Family): boolean {
  return typeof interfaces === 'object' && !addresses.some((address) => family === undefined || address.family === family);
}

/** The endpoints for single interfaces, of those with one interface the one whose name is first. */
function firstOfEachInterface(hosts: readonly HostEndpoint[]): readonly HostEndpoint[] {
  const taken = new Set<string>();
  return hosts.filter(({ interfaces }) => {
    if (interfaces === 'all') return false;
    if (interfaces === 'by address') return true;
    const isFirst = !taken.has(interfaces.name);
    taken.add(interfaces.name);
    return isFirst;
  });
}
