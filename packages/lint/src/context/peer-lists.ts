/** The lists of peers of rules, whatever their API: each member with what it means in the model. */
import { type Direction, type Side, withoutPorts } from '@weir/model';
import type { LintContext } from './lint-context.ts';
import { fieldOfOrigin, type LintPolicy } from './lint-policy.ts';

/** One member. */
export interface ListedPeer {
  readonly of: LintPolicy;
  readonly direction: Direction;
  /** `spec.ingress[0].from[1]`. */
  readonly field: string;
  readonly index: number;
  /** What it asks of the other end beside ports: one of these. */
  readonly sides: readonly Side[];
}

/** The lists of more than one member that is somebody, in their order. Calico's rules have none. */
export function peerLists(context: LintContext): readonly (readonly ListedPeer[])[] {
  return context.once('peer lists', () => readLists(context));
}

function readLists({ rules }: LintContext): readonly (readonly ListedPeer[])[] {
  const lists = new Map<string, Map<number, ListedPeer & { readonly sides: Side[] }>>();
  for (const { of, direction, rule } of rules) {
    const { peerIndex: index } = rule.origin;
    if (index === undefined) continue;
    const field = fieldOfOrigin(rule.origin);
    const key = `${of.name} ${field.slice(0, field.lastIndexOf('['))}`;
    const list = lists.get(key) ?? new Map<number, ListedPeer & { readonly sides: Side[] }>();
    lists.set(key, list);
    const peer = list.get(index) ?? { of, direction, field, index, sides: [] };
    list.set(index, peer);
    // Ports are the rule's, and the same for all of its peers.
    peer.sides.push(withoutPorts(direction === 'ingress' ? rule.match.source : rule.match.destination));
  }
  return [...lists.values()].flatMap((list) => (list.size < 2 ? [] : [[...list.values()].sort((a, b) => a.index - b.index)]));
}
