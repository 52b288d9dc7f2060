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

  /** All addresses as ranges, if they may have changed since the last call. */
  takeChange(): readonly AddressRange[] | undefined {
    if (!this.#changed) return undefined;
    this.#changed = false;
    return rangesOf([...this.#nodes.values()].flat());
  }
}

/** The addresses that a node's status gives; names and what is no address are left out. */
export function nodeAddressesOf({ status }: Node): Address[] {
  return (status?.addresses ?? []).flatMap(({ address }) => parseAddress(address) ?? []);
}

/** Addresses as normalised ranges. */
export function rangesOf(addresses: readonly Address[]): AddressRange[] {
  return unionOfAddressRanges(addresses.map((address) => ({ first: address, last: address })));
}
