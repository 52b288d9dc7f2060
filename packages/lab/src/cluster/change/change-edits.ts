/** The steps of a change, each from one description of the cluster to the next. */
import { nodeRoom } from '../../network/network-shape.ts';
import type { ClusterConfig } from '../cluster-config.ts';
import { ClusterError } from '../cluster-error.ts';
import { type ClusterNode, type NamedNode, planFurtherNode } from '../cluster-node.ts';
import type { ClusterChange } from './cluster-change.ts';

/** The description without nodes, whose objects are then to be deleted. */
export function withoutNodes(config: ClusterConfig, names: readonly string[]): ClusterConfig {
  const change = changeOf(config);
  return {
    ...config,
    nodes: config.nodes.filter(({ name }) => !names.includes(name)),
    change: { ...change, left: [...new Set([...change.left, ...names])] },
  };
}

/** The description after the objects of nodes have been deleted. */
export function withoutLeft(config: ClusterConfig, names: readonly string[]): ClusterConfig {
  const change = changeOf(config);
  return { ...config, change: { ...change, left: change.left.filter((name) => !names.includes(name)) } };
}

/**
 * The description with further nodes. While the engine changes they have none: the old one is not put on them any more,
 * and the new one begins everywhere at once. A surge node that finds no room is left out.
 */
export function withNodes(config: ClusterConfig, joining: readonly NamedNode[], kind: 'own' | 'surge'): ClusterConfig {
  const { target } = changeOf(config);
  return joining.reduce((grown, joiner) => {
    if (grown.nodes.some(({ name }) => name === joiner.name)) return grown;
    const engine = target.engine === config.engine ? {} : { engine: 'none' as const };
    const node = planFurtherNode(grown, { ...joiner, ...engine });
    if (node === undefined && kind === 'surge') return grown;
    if (node === undefined) {
      throw new ClusterError('invalid', `cluster "${grown.name}" has ${nodeRoom(grown.network)} nodes already, as many as it can have`);
    }
    return { ...grown, nodes: [...grown.nodes, kind === 'surge' ? { ...node, temporary: true } : node] };
  }, config);
}

/** The description with the new engine on all nodes. */
export function withTargetEngine(config: ClusterConfig): ClusterConfig {
  const { dataplane: _, ...rest } = config;
  return { ...rest, engine: changeOf(config).target.engine, nodes: config.nodes.map(({ engine: _none, ...node }) => node) };
}

/**
 * The description after a change that cannot go on: nodes that wait for the new engine get the old one, which protects
 * their pods again. They count as outdated, so that the repeated change replaces them once more.
 */
export function withOldEngine(config: ClusterConfig): ClusterConfig {
  const nodes = config.nodes.map((node): ClusterNode => {
    if (node.engine === undefined || node.engine === config.engine) return node;
    const { engine: _, revision: _revision, ...rest } = node;
    return rest;
  });
  return { ...config, nodes };
}

/** The description of a cluster on which nothing is under way. */
export function withoutChange(config: ClusterConfig): ClusterConfig {
  const { change: _, ...rest } = config;
  return rest;
}

function changeOf({ change, name }: ClusterConfig): ClusterChange {
  if (change === undefined) throw new Error(`no change of cluster "${name}" is under way`);
  return change;
}
