/**
 * Ends of an assertion, each asked for all that are like it: pods of equal labels, named ports and places in blocks, and
 * parts of the address space that no policy divides.
 */
import { describeRanges, type EndConditions } from '@weir/connectivity';
import { type Endpoint, type FlowEnd, type PolicyWorld, systemOfEndpoint } from '@weir/model';
import { type Address, addToGroup, type Family, formatAddress } from '@weir/net';
import { anotherCopy } from '@weir/snapshot';
import { AddressPlaces } from './address-places.ts';
import type { AskedEnd, AskedGroup } from './check.ts';
import type { FoundEnd } from './end-finder.ts';
import type { OutsidePiece } from './outside-pieces.ts';

type SingleEnd = FoundEnd & { kind: 'end' };

/** Equal ends. */
interface AlikeEnds {
  readonly asked: AskedGroup;
  /** What told the members apart from others besides what policies ask. */
  readonly mark: string;
}

/** Groups ends of one world. */
export class EndGrouper {
  readonly #conditions: EndConditions;
  readonly #asksHosts: boolean;
  readonly #places: AddressPlaces;
  readonly #known: Readonly<Record<'perNode' | 'anywhere', Map<Endpoint, string>>> = { perNode: new Map(), anywhere: new Map() };

  /** `conditions`: those of the world. */
  constructor(world: PolicyWorld, conditions: EndConditions) {
    this.#conditions = conditions;
    this.#asksHosts = world.asksHosts;
    this.#places = new AddressPlaces(this.#conditions.nets.map(({ ranges }) => ranges));
  }

  /** Groups; `markOf` tells apart besides, `perNode` where pods and their nodes are asked about together. */
  group(
    ends: readonly SingleEnd[],
    { perNode, markOf }: { readonly perNode: boolean; readonly markOf: (end: SingleEnd) => string },
  ): AlikeEnds[] {
    const groups = new Map<string, SingleEnd[]>();
    for (const each of ends) {
      const key = `${markOf(each)}\n${this.#keyOf(each.end, perNode)}`;
      addToGroup(groups, key, each);
    }
    return [...groups.values()].map((members) => ({ asked: askedOf(members), mark: members[0] === undefined ? '' : markOf(members[0]) }));
  }

  #keyOf(end: FlowEnd, perNode: boolean): string {
    if (end.kind === 'node') return `node ${end.node.name} ${end.address === undefined ? '' : formatAddress(end.address)}`;
    if (end.kind === 'address') return formatAddress(end.address);
    const { endpoint } = end;
    // One that is named by one of its addresses is asked about with that alone.
    if (end.address !== undefined) return this.#keyOfPod(endpoint, [end.address], perNode);
    const known = this.#known[perNode ? 'perNode' : 'anywhere'];
    let key = known.get(endpoint);
    if (key === undefined) known.set(endpoint, (key = this.#keyOfPod(endpoint, endpoint.addresses, perNode)));
    return key;
  }

  #keyOfPod(endpoint: Endpoint, addresses: readonly Address[], perNode: boolean): string {
    const { name: _name, ...reserved } = endpoint.labels.reserved;
    const spaces = [endpoint.labels.pod, endpoint.labels.serviceAccount, reserved].map((labels) =>
      Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    const asksNode = perNode || this.#conditions.asksForNodes || this.#asksHosts;
    return JSON.stringify([
      endpoint.namespace,
      spaces,
      endpoint.namedPorts,
      systemOfEndpoint(endpoint),
      asksNode ? (endpoint.node ?? '') : '',
      addresses.map((address) => [address.family, this.#placesOf(address)]),
    ]);
  }

  #placesOf(address: Address): string | number {
    // Addresses of groups are few: each is on its own.
    return this.#conditions.members.length > 0 ? formatAddress(address) : this.#places.of(address);
  }
}

function askedOf(members: readonly SingleEnd[]): AskedEnd[] {
  const more = members.length > 1 ? ` and ${members.length - 1} more` : '';
  const chosen = members.slice(0, 2);
  const [only] = chosen;
  const asked = chosen.map(({ end, name }): AskedEnd => ({ end, name: `${name}${more}` }));
  if (chosen.length > 1 || only === undefined || only.copies < 2 || only.end.kind !== 'endpoint') return asked;
  return [...asked, { end: { ...only.end, endpoint: anotherCopy(only.end.endpoint) }, name: only.name }];
}

/** A part of the address space as an end. */
export function pieceEnd({ ranges, address }: OutsidePiece): AskedEnd {
  const blocks = describeRanges(ranges);
  const shown = blocks.slice(0, 3).join(', ');
  return { end: { kind: 'address', address }, name: blocks.length > 3 ? `${shown} and ${blocks.length - 3} more blocks` : shown };
}

/** One of each group, two different ones; undefined where there is but one pod, which always reaches itself. */
export function pairOf<T extends AskedEnd>(
  sources: readonly AskedEnd[],
  targets: readonly T[],
): { readonly source: AskedEnd; readonly target: T } | undefined {
  for (const source of sources) {
    const target = targets.find((each) => !isSamePod(source.end, each.end));
    if (target !== undefined) return { source, target };
  }
  return undefined;
}

/** Whether it is the same pod. */
function isSamePod(source: FlowEnd, destination: FlowEnd): boolean {
  return source.kind === 'endpoint' && destination.kind === 'endpoint' && source.endpoint.uid === destination.endpoint.uid;
}

/** Whether they are a pod and the node that it runs on. */
export function isOwnNode(source: FlowEnd, destination: FlowEnd): boolean {
  const [pod, node] = source.kind === 'endpoint' ? [source, destination] : [destination, source];
  return pod.kind === 'endpoint' && node.kind === 'node' && pod.endpoint.node === node.node.name;
}

/** The families of an end's addresses; empty where none is known. */
export function familiesOf(end: FlowEnd): readonly Family[] {
  if (end.address !== undefined) return [end.address.family];
  const addresses = end.kind === 'endpoint' ? end.endpoint.addresses : end.kind === 'node' ? end.node.addresses : [];
  return [...new Set(addresses.map(({ family }) => family))];
}

/** The end with its address of the family, where it has one. */
export function withFamily(end: FlowEnd, family: Family): FlowEnd {
  if (end.address !== undefined) return end;
  const addresses = end.kind === 'endpoint' ? end.endpoint.addresses : end.kind === 'node' ? end.node.addresses : [];
  const address = addresses.find((each) => each.family === family);
  return address === undefined ? end : { ...end, address };
}
