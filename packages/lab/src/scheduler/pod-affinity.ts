/** Pods that want to be near other pods, or far from them (`plugins/interpodaffinity`). */
import { matchesLabelSelector, type Namespace, type Pod, type PodAffinityTerm } from '@weir/kube';
import type { ClusterView, NodeView } from './cluster-view.ts';
import { lasting, type Obstacle, passing } from './obstacle.ts';

/** Pods that are not there do not come because others go. */
const notNear = lasting("node(s) didn't match pod affinity rules");

/** Why the node does not do; undefined when it does. */
export function affinityObstacle(pod: Pod, view: NodeView, cluster: ClusterView): Obstacle | undefined {
  const near = pod.spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const far = pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  for (const term of near) {
    const domain = domainOf(term, view, cluster);
    if (domain === undefined) return notNear;
    const isThere = domain.some(({ pods }) => pods.some((other) => isMeant(term, { by: pod, other, cluster })));
    if (!isThere && !isFirstOfItsKind(term, pod, cluster)) return notNear;
  }
  for (const term of far) {
    const domain = domainOf(term, view, cluster) ?? [];
    if (domain.some(({ pods }) => pods.some((other) => isMeant(term, { by: pod, other, cluster })))) {
      return passing("node(s) didn't match pod anti-affinity rules");
    }
  }
  return isUnwelcome(pod, view, cluster) ? passing("node(s) didn't satisfy existing pods anti-affinity rules") : undefined;
}

/** How much the node is preferred for the pods near it, by the wishes of the pod and of those that are there. */
export function affinityScore(pod: Pod, view: NodeView, cluster: ClusterView): number {
  const sumOf = (terms: readonly { readonly weight: number; readonly podAffinityTerm: PodAffinityTerm }[] | undefined): number =>
    (terms ?? []).reduce((sum, { weight, podAffinityTerm }) => {
      const domain = domainOf(podAffinityTerm, view, cluster) ?? [];
      const matching = domain.flatMap(({ pods }) => pods).filter((other) => isMeant(podAffinityTerm, { by: pod, other, cluster }));
      return sum + weight * matching.length;
    }, 0);
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  return (
    sumOf(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution) -
    sumOf(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution)
  );
}

/** Whether a pod that is there keeps this one away. */
function isUnwelcome(pod: Pod, view: NodeView, cluster: ClusterView): boolean {
  if (!cluster.hasRepelling) return false;
  for (const there of cluster.nodes) {
    for (const other of there.pods) {
      const terms = other.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
      for (const term of terms) {
        const value = labelOf(there, term.topologyKey);
        if (value === undefined || value !== labelOf(view, term.topologyKey)) continue;
        if (isMeant(term, { by: other, other: pod, cluster })) return true;
      }
    }
  }
  return false;
}

/** The first of pods that want to be near each other has none to go to: it may go anywhere. */
function isFirstOfItsKind(term: PodAffinityTerm, pod: Pod, cluster: ClusterView): boolean {
  if (!isMeant(term, { by: pod, other: pod, cluster })) return false;
  return !cluster.nodes.some(({ pods }) => pods.some((other) => isMeant(term, { by: pod, other, cluster })));
}

/** The nodes with the same value of the term's label; undefined when the node has none. */
function domainOf({ topologyKey }: PodAffinityTerm, view: NodeView, { nodes }: ClusterView): readonly NodeView[] | undefined {
  const value = labelOf(view, topologyKey);
  return value === undefined ? undefined : nodes.filter((each) => labelOf(each, topologyKey) === value);
}

function labelOf({ node }: NodeView, key: string): string | undefined {
  return node.metadata.labels?.[key];
}

/** Whether `other` is a pod that a term of `by` speaks of. */
function isMeant(term: PodAffinityTerm, { by, other, cluster }: { by: Pod; other: Pod; cluster: ClusterView }): boolean {
  if (term.labelSelector === undefined || other.metadata.deletionTimestamp !== undefined) return false;
  if (!isNamespaceMeant(term, by, cluster.namespace(other.metadata.namespace ?? ''), other.metadata.namespace ?? '')) return false;
  const labels = other.metadata.labels ?? {};
  const own = by.metadata.labels ?? {};
  if (!(term.matchLabelKeys ?? []).every((key) => own[key] === undefined || labels[key] === own[key])) return false;
  if (!(term.mismatchLabelKeys ?? []).every((key) => own[key] === undefined || labels[key] !== own[key])) return false;
  return matchesLabelSelector(term.labelSelector, labels);
}

function isNamespaceMeant(term: PodAffinityTerm, by: Pod, namespace: Namespace | undefined, name: string): boolean {
  const { namespaces = [], namespaceSelector } = term;
  if (namespaces.length === 0 && namespaceSelector === undefined) return name === by.metadata.namespace;
  if (namespaces.includes(name)) return true;
  return namespaceSelector !== undefined && matchesLabelSelector(namespaceSelector, namespace?.metadata.labels ?? {});
}
