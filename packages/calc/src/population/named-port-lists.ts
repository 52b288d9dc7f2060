/**
 * Interned lists of named ports: the pods of a deployment, and of most deployments, declare the same
 * ones. A list counts its uses and vanishes with the last one. What a name stands for in the cluster is the
 * numbers that the lists in use give it.
 */

import { type NamedPort, portNameKey } from '@weir/model';
import type { ProtocolNumber } from '@weir/net';

/** A list in use. */
export interface NamedPortList {
  readonly id: number;
  readonly text: string;
  readonly ports: readonly NamedPort[];
  refs: number;
}

/** The list without ports, of which there is nothing to count. */
export const noPorts: NamedPortList = { id: 0, text: '', ports: [], refs: 0 };

/** All lists in use. */
export class NamedPortLists {
  readonly #lists: Map<string, NamedPortList> = new Map();
  /** By name and protocol, how many lists in use give it a number. */
  readonly #numbers: Map<string, Map<number, number>> = new Map();
  #renumbered: Set<string> = new Set();
  #nextId = 1;

  /** How many lists exist. */
  get size(): number {
    return this.#lists.size;
  }

  /** Finds or makes the list with these ports in any order; who makes one must {@link hold} it. */
  of(ports: readonly NamedPort[]): NamedPortList {
    if (ports.length === 0) return noPorts;
    const text = textOf(ports);
    let list = this.#lists.get(text);
    if (list === undefined) this.#lists.set(text, (list = { id: this.#nextId++, text, ports: [...ports], refs: 0 }));
    return list;
  }

  /** Counts one use more. */
  hold(list: NamedPortList): void {
    if (list === noPorts) return;
    list.refs++;
    if (list.refs === 1) for (const named of list.ports) this.#count(named, 1);
  }

  /** Counts one use less. */
  letGo(list: NamedPortList): void {
    if (list === noPorts) return;
    list.refs--;
    if (list.refs > 0) return;
    this.#lists.delete(list.text);
    for (const named of list.ports) this.#count(named, -1);
  }

  /** The only number that pods give the name; undefined where there is none, or several. */
  numberOf(name: string, protocol: ProtocolNumber): number | undefined {
    const counts = this.#numbers.get(portNameKey({ name, protocol }));
    const [only] = counts?.size === 1 ? counts.keys() : [];
    return only;
  }

  /** The names, as {@link portNameKey} has them, whose numbers may be others since the last call. */
  takeRenumbered(): ReadonlySet<string> {
    const taken = this.#renumbered;
    if (taken.size > 0) this.#renumbered = new Set();
    return taken;
  }

  #count(named: NamedPort, change: 1 | -1): void {
    const key = portNameKey(named);
    const counts = this.#numbers.get(key) ?? new Map<number, number>();
    const count = (counts.get(named.port) ?? 0) + change;
    if (count === 0) counts.delete(named.port);
    else counts.set(named.port, count);
    if (counts.size === 0) this.#numbers.delete(key);
    else this.#numbers.set(key, counts);
    if (count === 0 || (count === 1 && change === 1)) this.#renumbered.add(key);
  }
}

function textOf(ports: readonly NamedPort[]): string {
  const texts = ports.map(({ name, protocol, port }) => `${name}:${protocol}:${port}`);
  return texts.length === 1 ? (texts[0] ?? '') : texts.sort().join();
}
