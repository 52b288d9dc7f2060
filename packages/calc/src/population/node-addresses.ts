/**
 * The addresses of all nodes as ranges, for engines whose blocks do not mean nodes. Nodes come and go
 * seldom, and what they report changes every few seconds without their addresses, so only a real change
 * counts as one.
 */
import type { Node } from '@weir/kube';
import { type Address, type AddressRange, formatAddress, parseAddress, unionOfAddressRanges } from '@weir/net';

/** All nodes. */
export class NodeAddresses {
  readonly #nodes: Map<string, readonly Address[]> = new Map();
  #changed = false;

  get size(): number {
    return this.#nodes.size;
  }

  /** A node appeared or changed. */
  upsert(node: Node): void {
    const name = node.metadata.name ?? '';
    const addresses = nodeAddressesOf(node);
    const text = (list: readonly Address[] | undefined): string | undefined => list?.map((address) => formatAddress(address)).join();
    if (text(this.#nodes.get(name)) === text(addresses)) return;
    this.#nodes.set(name, addresses);
    this.#changed = true;
  }

  /** A node is gone. */
  delete(name: string): void {
    this.#changed = this.#nodes.delete(name) || this.#changed;
  }

  /** The addresses of this node and of all others, if they may have changed since the last call. */
  takeChange(ownName: string): NodeRanges | undefined {
    if (!this.#changed) return undefined;
    this.#changed = false;
    return rangesAround(ownName, this.#nodes);
  }
}

/** The addresses of one node and of all others, normalised. */
export interface NodeRanges {
  readonly own: readonly AddressRange[];
  readonly others: readonly AddressRange[];
}

/** The same for a list of nodes, seen from one of them. */
export function nodeRangesOf(nodes: readonly Node[], ownName: string): NodeRanges {
  return rangesAround(ownName, new Map(nodes.map((node) => [node.metadata.name ?? '', nodeAddressesOf(node)])));
}

function rangesAround(ownName: string, nodes: ReadonlyMap<string, readonly Address[]>): NodeRanges {
  const others = [...nodes].filter(([name]) => name !== ownName);
  return { own: rangesOf(nodes.get(ownName) ?? []), others: rangesOf(others.flatMap(([, addresses]) => addresses)) };
}

/** The addresses that a node's status gives; names and what is no address are left out. */
function nodeAddressesOf({ status }: Node): Address[] {
  return (status?.addresses ?? []).flatMap(({ address }) => parseAddress(address) ?? []);
}

/** Addresses as normalised ranges. */
function rangesOf(addresses: readonly Address[]): AddressRange[] {
  return unionOfAddressRanges(addresses.map((address) => ({ first: address, last: address })));
}
