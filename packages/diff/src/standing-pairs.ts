/** Pairs of ends that stand for all pairs of two classes. */

import type { FlowEnd } from '@weir/model';
import { defined } from '@weir/net';
import { sides } from './both-sides.ts';
import type { JointClass, JointEnd } from './joint-ends.ts';

/** A pair of ends that stands for others. */
export interface StandingPair {
  readonly source: JointEnd;
  readonly destination: JointEnd;
  /** Whether it is a pod and the node that it runs on; else it stands for all others. */
  readonly isOwnNode: boolean;
}

/** Of a class of pods and a class of nodes two pairs at most: a pod with its own node, and with another; else one, or none. */
export function standingPairs(sources: JointClass, destinations: JointClass): StandingPair[] {
  if (sources === destinations) return pairWithin(sources);
  if (sources.kind === 'pods' && destinations.kind === 'nodes')
    return nodePairs(sources, destinations).map(([source, destination, isOwnNode]) => ({ source, destination, isOwnNode }));
  if (sources.kind === 'nodes' && destinations.kind === 'pods')
    return nodePairs(destinations, sources).map(([destination, source, isOwnNode]) => ({ source, destination, isOwnNode }));
  const [source, destination] = [defined(sources.ends[0], 'a class has an end'), defined(destinations.ends[0], 'a class has an end')];
  return [{ source, destination, isOwnNode: false }];
}

/** Two ends of one class; a class of one pod has no pair within itself. */
function pairWithin({ kind, ends }: JointClass): StandingPair[] {
  const [source, other] = ends;
  if (source === undefined || kind === 'outside') return [];
  const destination = other ?? (source.isSeveral ? source : undefined);
  return destination === undefined ? [] : [{ source, destination, isOwnNode: false }];
}

/** A pod with its own node, wherever both are, and a pod with a node that is never its own. */
function nodePairs(pods: JointClass, nodes: JointClass): (readonly [pod: JointEnd, node: JointEnd, isOwnNode: boolean])[] {
  return [true, false].flatMap((isOwn) => {
    const pair = firstPair(pods, nodes, (pod, node) =>
      sides.every((side) => pod[side] === undefined || node[side] === undefined || runsOn(pod[side], node[side]) === isOwn),
    );
    return pair === undefined ? [] : [[...pair, isOwn] as const];
  });
}

function firstPair(
  pods: JointClass,
  nodes: JointClass,
  accepts: (pod: JointEnd, node: JointEnd) => boolean,
): readonly [JointEnd, JointEnd] | undefined {
  for (const pod of pods.ends) {
    const node = nodes.ends.find((candidate) => accepts(pod, candidate));
    if (node !== undefined) return [pod, node];
  }
  return undefined;
}

function runsOn(pod: FlowEnd | undefined, node: FlowEnd | undefined): boolean {
  return pod?.kind === 'endpoint' && node?.kind === 'node' && pod.endpoint.node === node.node.name;
}
