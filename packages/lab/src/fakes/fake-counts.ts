/**
 * How much of a cluster is fake: objects in the API without anything behind them, which fill a cluster
 * to the size whose cost one wants to see.
 */

/** Numbers of fake objects. */
export interface FakeCounts {
  readonly nodes: number;
  readonly pods: number;
  readonly policies: number;
}

/** Nothing fake. */
export const noFakes: FakeCounts = { nodes: 0, pods: 0, policies: 0 };

/** As many nodes as have a /24 of pod addresses in 10.232.0.0/14. */
export const fakeNodesMax = 1_000;
/** As many pods as the lab's own nodes take. */
export const fakePodsPerNodeMax = 250;
/** No more than a store of this kind has been tried with. */
const fakePoliciesMax = 100_000;
/** Pods for which a node is added when only pods are asked for. */
const podsPerNode = 80;

/** What is asked for, with the nodes that the pods need when their number is left open. */
export function planFakes(asked: { readonly [Kind in keyof FakeCounts]: number | undefined }): FakeCounts {
  const { pods = 0, policies = 0 } = asked;
  return { nodes: asked.nodes ?? Math.ceil(pods / podsPerNode), pods, policies };
}

/** Why these numbers are not possible; undefined when they are. */
export function fakesProblem({ nodes, pods, policies }: FakeCounts): string | undefined {
  if (nodes > fakeNodesMax) return `a cluster has at most ${fakeNodesMax} fake nodes, not ${nodes}`;
  if (pods > nodes * fakePodsPerNodeMax) {
    return `${pods} fake pods do not fit on ${nodes} fake nodes: a node takes ${fakePodsPerNodeMax}, so give --fake-nodes ${Math.ceil(pods / fakePodsPerNodeMax)}`;
  }
  return policies > fakePoliciesMax ? `a cluster has at most ${fakePoliciesMax} fake policies, not ${policies}` : undefined;
}
