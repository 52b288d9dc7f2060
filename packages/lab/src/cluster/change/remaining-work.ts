/**
 * What is still to be done for what is wished, computed from the description as it is: a change that was cut off goes on
 * where it was, and another wish takes over from anywhere.
 */
import type { ClusterEngine } from '../cluster-engine.ts';
import type { ClusterNode, NamedNode } from '../cluster-node.ts';
import type { ClusterTarget, TargetPool } from './cluster-change.ts';

/** What is still to be done, in this order. */
export interface RemainingWork {
  /** Surge nodes of an earlier wish that are not what this one wants. */
  readonly stale: readonly string[];
  /** Nodes that are wished for and not there. */
  readonly joining: readonly NamedNode[];
  /** Pools with nodes that are to be replaced, and with which. */
  readonly replacing: readonly { readonly pool: TargetPool; readonly nodes: readonly NamedNode[] }[];
  /** Nodes that nobody wants any more. */
  readonly leaving: readonly string[];
  /** Whether the engine changes after that. */
  readonly switchesEngine: boolean;
  /** Nodes that were there for the time of the change. */
  readonly surge: readonly string[];
}

/** Compares what is with what is wished. */
export function remainingWork(
  config: { readonly nodes: readonly ClusterNode[]; readonly engine: ClusterEngine },
  target: ClusterTarget,
): RemainingWork {
  const present = new Map(config.nodes.map((node) => [node.name, node]));
  const wished = new Map(target.pools.flatMap(({ nodes }) => nodes).map((node) => [node.name, node]));
  const surge = new Map(target.pools.flatMap((pool) => pool.surge).map((node) => [node.name, node]));
  const others = config.nodes.filter(({ name }) => !wished.has(name));
  const [temporary, leaving] = [others.filter((node) => node.temporary === true), others.filter((node) => node.temporary !== true)];
  const isStale = (node: ClusterNode): boolean => surge.get(node.name)?.revision !== node.revision;
  const isOutdated = ({ name, revision }: NamedNode): boolean => {
    const node = present.get(name);
    return node !== undefined && (node.revision !== revision || node.temporary === true);
  };
  return {
    stale: temporary.filter(isStale).map(({ name }) => name),
    joining: [...wished.values()].filter(({ name }) => !present.has(name)),
    replacing: target.pools.map((pool) => ({ pool, nodes: pool.nodes.filter(isOutdated) })).filter(({ nodes }) => nodes.length > 0),
    leaving: leaving.map(({ name }) => name),
    switchesEngine: config.engine !== target.engine,
    surge: temporary.filter((node) => !isStale(node)).map(({ name }) => name),
  };
}
