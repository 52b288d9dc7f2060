/** What a decision is made from: the nodes, and the unfinished pods on each. */
import type { Namespace, Node, Pod } from '@weir/kube';
import type { PodVolumes } from './pod-volumes.ts';

/** A node and its pods. */
export interface NodeView {
  readonly node: Node;
  readonly pods: readonly Pod[];
}

/** The cluster at one moment. */
export interface ClusterView {
  readonly nodes: readonly NodeView[];
  /** Whether any of the pods keeps others away: nearly never, and looking for them is dear. */
  readonly hasRepelling: boolean;
  namespace(name: string): Namespace | undefined;
  /** The claims of the pod that is being placed; undefined when it has none. */
  readonly volumes?: PodVolumes | undefined;
}

/** The name of a view's node. */
export function nameOf({ node }: NodeView): string {
  return node.metadata.name ?? '';
}
