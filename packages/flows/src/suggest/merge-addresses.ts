/** Addresses outside as blocks: each for itself, or together where that is asked for and nobody of the cluster is meant too. */
import { type Address, addressRangesContain, type Cidr, cidrOf, cidrRange, type Family, formatCidr, singleAddressCidr } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';

/** The lengths of prefixes to merge to, by family; absent: addresses of it stay single. */
export type MergePrefixes = Readonly<Partial<Record<Family, number>>>;

/** The block that stands for an address. */
export class AddressBlocks {
  readonly #prefixes: MergePrefixes;
  readonly #snapshot: Snapshot;

  constructor(prefixes: MergePrefixes, snapshot: Snapshot) {
    this.#prefixes = prefixes;
    this.#snapshot = snapshot;
  }

  /** In CIDR notation. */
  of(address: Address): string {
    const length = this.#prefixes[address.family];
    const block = length === undefined ? undefined : cidrOf(address, length);
    return formatCidr(block === undefined || this.#hasClusterMember(block) ? singleAddressCidr(address) : block);
  }

  /** A block selects pods and nodes with some engines: one with addresses of the cluster would let them in. */
  #hasClusterMember(block: Cidr): boolean {
    const { endpoints, nodes, world } = this.#snapshot;
    const range = cidrRange(block);
    const isIn = (address: Address): boolean => addressRangesContain([range], address);
    const { podRanges } = world;
    return (
      [...endpoints.values()].some(({ addresses }) => addresses.some(isIn)) ||
      nodes.some(({ addresses }) => addresses.some(isIn)) ||
      addressRangesContain(podRanges, range.first) ||
      podRanges.some(({ first }) => isIn(first))
    );
  }
}
