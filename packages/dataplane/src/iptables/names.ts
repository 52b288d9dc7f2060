/**
 * The names of what belongs to Weir in iptables and ipset, and numbers for new ones.
 *
 * Chains begin with `WEIR-`, sets with `weir4-` or `weir6-`. What changes as a whole gets a new number
 * instead of new content, so that old and new stand side by side until one commit changes over.
 */
import type { Family } from '@weir/net';

/** Chains that are there as long as Weir is; the first three are jumped to from the chains of the kernel. */
export const fixedChains = {
  forward: 'WEIR-FORWARD',
  input: 'WEIR-INPUT',
  output: 'WEIR-OUTPUT',
  policy: 'WEIR-POLICY',
  self: 'WEIR-SELF',
  egress: 'WEIR-EGRESS',
  ingress: 'WEIR-INGRESS',
  ended: 'WEIR-ENDED',
} as const;

/** Whether the chain is Weir's. */
export function isWeirChain(name: string): boolean {
  return name.startsWith('WEIR-');
}

/** Whether the set is Weir's. */
export function isWeirSet(name: string): boolean {
  return /^weir[46]-/.test(name);
}

/** The sets of answers that are held back (mode `cut`): by the answer's sender and by its receiver. */
export function endedSetNames(family: Family): { readonly from: string; readonly to: string } {
  return { from: `weir${family}-ended-from`, to: `weir${family}-ended-to` };
}

/** Whether the members of the set have ports. */
export function isPortSet(name: string): boolean {
  return /-q[0-9]+$/.test(name);
}

/** Gives out names that are not in use: numbers go on behind the highest that an earlier process left. */
export class NamePool {
  #last: number;

  constructor(namesInUse: Iterable<string>) {
    const numbers = [...namesInUse].map((name) => Number(/-[a-z]([0-9]+)(?:-[0-9]+)?$/i.exec(name)?.[1] ?? 0));
    this.#last = numbers.reduce((highest, number) => Math.max(highest, number), 0);
  }

  /** A chain of a program; its further ones are `…-1`, `…-2`. */
  chain(): string {
    return `WEIR-P${++this.#last}`;
  }

  /** `kind`: p(eers), q (peers with ports), l(ocal pods), or s (some of the node's own pods). */
  set(kind: 'p' | 'q' | 'l' | 's', family: Family): string {
    return `weir${family}-${kind}${++this.#last}`;
  }
}
