/** The ends of one family as a matrix shows them: the classes, divided further only where a filter asks for a part of one. */
import type { EndClass, EndClasses } from '@weir/connectivity';
import type { Endpoint, FlowEnd } from '@weir/model';
import { copiesOf, type Snapshot } from '@weir/snapshot';
import { type EndRole, type MatrixFilter, roleReader } from './matrix-filter.ts';

/** Ends of one class that are the same to the filter. */
export interface Unit extends EndRole {
  /** The place of the class. */
  readonly at: number;
  readonly kind: EndClass['kind'];
  readonly ends: readonly FlowEnd[];
  /** How many there are, copies counted; of addresses outside those that stand for others. */
  readonly count: number;
}

/** The units of each class, by its place. */
export function matrixUnits(snapshot: Snapshot, { classes }: EndClasses, filter: MatrixFilter): readonly (readonly Unit[])[] {
  const roleOf = roleReader(snapshot, filter);
  return classes.map(({ kind, ends }, at) => {
    const parts = new Map<string, { readonly role: EndRole; readonly ends: FlowEnd[] }>();
    for (const end of ends) {
      const role = roleOf(end);
      const key = [role.inFocus, role.isSource, role.isDestination].join();
      const same = parts.get(key);
      if (same === undefined) parts.set(key, { role, ends: [end] });
      else same.ends.push(end);
    }
    return [...parts.values()].map(({ role, ends: members }): Unit => {
      const count = members.reduce((sum, end) => sum + (end.kind === 'endpoint' ? copiesOf(snapshot, end.endpoint) : 1), 0);
      return { ...role, at, kind, ends: members, count };
    });
  });
}

/**
 * Whether there are two different ends that the connection can be between. A node and the pods that run on it do
 * not count, nor the other way round where pods reach their node whatever policies say (`reachesOwnNode`).
 */
export function hasPair(source: Unit, destination: Unit, reachesOwnNode: boolean): boolean {
  if (source === destination) return source.count > 1;
  if (source.kind === 'pods' && destination.kind === 'nodes') return !reachesOwnNode || hasForeignPair(source, destination);
  if (source.kind === 'nodes' && destination.kind === 'pods') return hasForeignPair(destination, source);
  return true;
}

function hasForeignPair(pods: Unit, nodes: Unit): boolean {
  const names = new Set(nodes.ends.flatMap((end) => (end.kind === 'node' ? [end.node.name] : [])));
  if (names.size > 1) return true;
  return pods.ends.some((end) => end.kind === 'endpoint' && (end.endpoint.node === undefined || !names.has(end.endpoint.node)));
}

/** The pods of a unit. */
export function podsOf({ ends }: Pick<Unit, 'ends'>): Endpoint[] {
  return ends.flatMap((end) => (end.kind === 'endpoint' ? [end.endpoint] : []));
}

/** Each unit by itself, or all of one kind together; addresses outside are always together. */
export function groupsOf(units: readonly Unit[], merges: boolean): (readonly Unit[])[] {
  const kinds = ['pods', 'nodes', 'outside'] as const;
  return kinds.flatMap((kind) => {
    const own = units.filter((unit) => unit.kind === kind);
    if (own.length === 0) return [];
    return merges || kind === 'outside' ? [own] : own.map((unit) => [unit]);
  });
}
