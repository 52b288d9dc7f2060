/**
 * The host endpoints of this node, and which of its interfaces each of them has.
 *
 * An interface has one endpoint: of those that name it, or expect one of its addresses, the one whose name comes first
 * (as felix `dataplane/linux/endpoint_mgr.go` has it). Of those for all interfaces the first counts, where no other does.
 */

import { compareText, type HostEndpoint } from '@weir/model';
import { type Address, formatAddress } from '@weir/net';

/** An interface of the node. */
export interface NodeInterface {
  readonly name: string;
  readonly addresses: readonly Address[];
}

/** A host endpoint that has interfaces: all that no other one has, or those of these names, sorted. */
export interface PlacedHost {
  readonly host: HostEndpoint;
  readonly interfaces: 'all' | readonly string[];
}

/** All of them, of this node. */
export class HostEndpoints {
  readonly #node: string;
  readonly #hosts: Set<HostEndpoint> = new Set();
  #interfaces: readonly NodeInterface[] = [];
  #changed = false;

  constructor(node: string) {
    this.#node = node;
  }

  /** How many there are. */
  get size(): number {
    return this.#hosts.size;
  }

  /** Host endpoints appeared; those of other nodes are ignored. */
  enter(hosts: readonly HostEndpoint[]): void {
    for (const host of hosts) {
      if (host.node !== this.#node) continue;
      this.#hosts.add(host);
      this.#changed = true;
    }
  }

  /** They are gone. */
  drop(hosts: readonly HostEndpoint[]): void {
    for (const host of hosts) this.#changed = this.#hosts.delete(host) || this.#changed;
  }

  /** Whether an endpoint is known by its addresses, so that those of interfaces have to be told. */
  get askForAddresses(): boolean {
    return [...this.#hosts].some(({ interfaces }) => interfaces === 'by address');
  }

  /** The interfaces that the node has now; says whether an endpoint may have other ones with that. */
  setInterfaces(interfaces: readonly NodeInterface[]): boolean {
    if (!this.askForAddresses || textOf(interfaces) === textOf(this.#interfaces)) {
      this.#interfaces = interfaces;
      return false;
    }
    this.#interfaces = interfaces;
    this.#changed = true;
    return true;
  }

  /** Those that have interfaces, if that may have changed since the last call. */
  takePlaced(): readonly PlacedHost[] | undefined {
    if (!this.#changed) return undefined;
    this.#changed = false;
    const inOrder = [...this.#hosts].sort((a, b) => compareText(a.name, b.name) || compareText(a.uid, b.uid));
    const taken = new Set<string>();
    const placed = inOrder.flatMap((host): PlacedHost[] => {
      const names = namesOf(host, this.#interfaces).filter((name) => !taken.has(name));
      for (const name of names) taken.add(name);
      return names.length === 0 ? [] : [{ host, interfaces: names.sort() }];
    });
    const all = inOrder.find(({ interfaces }) => interfaces === 'all');
    return all === undefined ? placed : [...placed, { host: all, interfaces: 'all' }];
  }
}

function namesOf({ interfaces, addresses }: HostEndpoint, known: readonly NodeInterface[]): string[] {
  if (interfaces === 'all') return [];
  if (interfaces !== 'by address') return [interfaces.name];
  const expected = new Set(addresses.map(formatAddress));
  return known.filter((one) => one.addresses.some((address) => expected.has(formatAddress(address)))).map(({ name }) => name);
}

function textOf(interfaces: readonly NodeInterface[]): string {
  return interfaces
    .map(({ name, addresses }) => `${name} ${addresses.map(formatAddress).sort().join()}`)
    .sort()
    .join();
}
