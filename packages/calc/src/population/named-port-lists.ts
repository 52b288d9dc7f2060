/**
 * Interned lists of named ports: the pods of a deployment, and of most deployments, declare the same
 * ones. A list counts its uses and vanishes with the last one.
 */
import type { NamedPort } from '@weir/policy';

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
    if (list !== noPorts) list.refs++;
  }

  /** Counts one use less. */
  letGo(list: NamedPortList): void {
    if (list === noPorts) return;
    list.refs--;
    if (list.refs === 0) this.#lists.delete(list.text);
  }
}

function textOf(ports: readonly NamedPort[]): string {
  const texts = ports.map(({ name, protocol, port }) => `${name}:${protocol}:${port}`);
  return texts.length === 1 ? (texts[0] ?? '') : texts.sort().join();
}
