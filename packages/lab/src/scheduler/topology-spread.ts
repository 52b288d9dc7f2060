/** Pods that are to be spread evenly over zones, nodes or whatever a node label says (`plugins/podtopologyspread`). */
import { matchesLabelSelector, type Pod, type TopologySpreadConstraint } from '@weir/kube';
import type { ClusterView, NodeView } from './cluster-view.ts';
import { matchesNodeSelector, untoleratedTaint } from './node-fit.ts';
import { lasting, type Obstacle, passing } from './obstacle.ts';

const reason = "node(s) didn't match pod topology spread constraints";

/** Why the node does not do; undefined when it does. */
export function spreadObstacle(pod: Pod, view: NodeView, cluster: ClusterView): Obstacle | undefined {
  for (const constraint of constraintsOf(pod, 'DoNotSchedule')) {
    const value = view.node.metadata.labels?.[constraint.topologyKey];
    if (value === undefined) return lasting(`${reason} (missing required label)`);
    const counts = countsOf(constraint, pod, cluster);
    const isSelf = matches(constraint, pod, pod) ? 1 : 0;
    const least = counts.size < (constraint.minDomains ?? 1) ? 0 : Math.min(...counts.values());
    if ((counts.get(value) ?? 0) + isSelf - least > constraint.maxSkew) return passing(reason);
  }
  return undefined;
}

/** How crowded the node's domains are already by wishes that need not hold; less is better. */
export function spreadCost(pod: Pod, view: NodeView, cluster: ClusterView): number {
  return constraintsOf(pod, 'ScheduleAnyway').reduce((sum, constraint) => {
    const value = view.node.metadata.labels?.[constraint.topologyKey];
    return sum + (value === undefined ? 1_000 : (countsOf(constraint, pod, cluster).get(value) ?? 0));
  }, 0);
}

function constraintsOf(pod: Pod, when: string): readonly TopologySpreadConstraint[] {
  return (pod.spec?.topologySpreadConstraints ?? []).filter(({ whenUnsatisfiable }) => whenUnsatisfiable === when);
}

/** How many of the pods there are in each domain that counts. */
function countsOf(constraint: TopologySpreadConstraint, pod: Pod, { nodes }: ClusterView): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const view of nodes) {
    const value = view.node.metadata.labels?.[constraint.topologyKey];
    if (value === undefined || !isCounted(constraint, pod, view)) continue;
    const here = view.pods.filter((other) => other.metadata.namespace === pod.metadata.namespace && matches(constraint, pod, other));
    counts.set(value, (counts.get(value) ?? 0) + here.length);
  }
  return counts;
}

/** Nodes where the pod could not go anyway count by the constraint's own policies. */
function isCounted({ nodeAffinityPolicy, nodeTaintsPolicy }: TopologySpreadConstraint, pod: Pod, { node }: NodeView): boolean {
  if (nodeAffinityPolicy !== 'Ignore' && !matchesNodeSelector(pod.spec, node)) return false;
  return nodeTaintsPolicy !== 'Honor' || untoleratedTaint(pod.spec, node, ['NoSchedule', 'NoExecute']) === undefined;
}

function matches({ labelSelector, matchLabelKeys = [] }: TopologySpreadConstraint, pod: Pod, other: Pod): boolean {
  if (labelSelector === undefined || other.metadata.deletionTimestamp !== undefined) return false;
  const labels = other.metadata.labels ?? {};
  const own = pod.metadata.labels ?? {};
  if (!matchLabelKeys.every((key) => own[key] === undefined || labels[key] === own[key])) return false;
  return matchesLabelSelector(labelSelector, labels);
}
