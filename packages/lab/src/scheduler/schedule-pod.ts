/**
 * Which node a pod goes to: values in, values out.
 *
 * Filters in the words of the reference scheduler (they end up in `FailedScheduling` events), then
 * the node with the fewest pods, the first by name among equals.
 */
import {
  type LabelRequirementOperator,
  matchesLabelRequirements,
  type Node,
  type NodeSelectorRequirement,
  type NodeSelectorTerm,
  type Pod,
  type StringMap,
} from '@weir/kube';

/** A node and how many unfinished pods it has. */
export interface SchedulableNode {
  readonly node: Node;
  readonly pods: number;
}

/** The outcome: a node, or the message of the event that says why there is none. */
export type SchedulingDecision =
  | { readonly kind: 'bind'; readonly node: string }
  | { readonly kind: 'unschedulable'; readonly message: string };

type Taint = NonNullable<NonNullable<Node['spec']>['taints']>[number];
type Toleration = NonNullable<NonNullable<Pod['spec']>['tolerations']>[number];

/** Decides for one pod. */
export function schedulePod(pod: Pod, nodes: readonly SchedulableNode[]): SchedulingDecision {
  if (nodes.length === 0) return { kind: 'unschedulable', message: 'no nodes available to schedule pods' };
  const reasons = new Map<string, number>();
  let best: SchedulableNode | undefined;
  for (const candidate of nodes) {
    const reason = whyNot(pod, candidate.node) ?? (isFull(candidate) ? tooManyPods : undefined);
    if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    else if (best === undefined || comesBefore(candidate, best)) best = candidate;
  }
  if (best !== undefined) return { kind: 'bind', node: best.node.metadata.name ?? '' };
  const all = nodes.length;
  // The reference sorts the texts, counts in front.
  const texts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  return {
    kind: 'unschedulable',
    message: `0/${all} nodes are available: ${texts.join(', ')}. ${preemption(all, reasons.get(tooManyPods) ?? 0)}`,
  };
}

/** The sentence about making room, which helps where nothing but room is missing; all pods here have one priority. */
function preemption(all: number, full: number): string {
  const texts = [
    ...(full > 0 ? [`${full} No preemption victims found for incoming pod`] : []),
    ...(full < all ? [`${all - full} Preemption is not helpful for scheduling`] : []),
  ];
  return `preemption: 0/${all} nodes are available: ${texts.join(', ')}.`;
}

const tooManyPods = 'Too many pods';

/** Whether the node has as many pods as it says it takes; without a word of it, it takes any number. */
function isFull({ node, pods }: SchedulableNode): boolean {
  const allocatable = node.status?.allocatable?.['pods'];
  return allocatable !== undefined && pods >= Number(allocatable);
}

function comesBefore(a: SchedulableNode, b: SchedulableNode): boolean {
  return a.pods !== b.pods ? a.pods < b.pods : (a.node.metadata.name ?? '') < (b.node.metadata.name ?? '');
}

/** Why the pod cannot run on the node; undefined when it can. The first filter that says no is named. */
function whyNot(pod: Pod, node: Node): string | undefined {
  const tolerations = pod.spec?.tolerations ?? [];
  const unschedulable: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
  if (node.spec?.unschedulable === true && !tolerates(tolerations, unschedulable)) return 'node(s) were unschedulable';
  const taint = (node.spec?.taints ?? []).find((each) => each.effect !== 'PreferNoSchedule' && !tolerates(tolerations, each));
  if (taint !== undefined) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
  if (!matchesNodeSelector(pod, node)) return "node(s) didn't match Pod's node affinity/selector";
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  // A node that has not reported yet carries this taint in the reference until it is ready.
  const notReady: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
  if (ready?.status !== 'True' && !tolerates(tolerations, notReady))
    return 'node(s) had untolerated taint {node.kubernetes.io/not-ready: }';
  return undefined;
}

function tolerates(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some((toleration) => {
    if ((toleration.effect ?? '') !== '' && toleration.effect !== taint.effect) return false;
    if ((toleration.key ?? '') !== '' && toleration.key !== taint.key) return false;
    if (toleration.operator === 'Exists') return true;
    return (toleration.key ?? '') !== '' && (toleration.value ?? '') === (taint.value ?? '');
  });
}

function matchesNodeSelector(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  const wanted = Object.entries(pod.spec?.nodeSelector ?? {});
  if (!wanted.every(([key, value]) => labels[key] === value)) return false;
  const affinity = pod.spec?.affinity?.nodeAffinity;
  const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms === undefined) return true;
  return terms.some((term) => matchesTerm(term, labels, node.metadata.name ?? ''));
}

function matchesTerm(term: NodeSelectorTerm, labels: StringMap, name: string): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  // An empty term selects nothing.
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  return (
    matchExpressions.every((requirement) => meets(requirement, labels)) &&
    matchFields.every((requirement) => requirement.key === 'metadata.name' && meets(requirement, { 'metadata.name': name }))
  );
}

/** The operators of node selectors, named as those of label selectors are. */
const labelOperators: ReadonlyMap<string, LabelRequirementOperator> = new Map([
  ['In', 'In'],
  ['NotIn', 'NotIn'],
  ['Exists', 'Exists'],
  ['DoesNotExist', 'DoesNotExist'],
  ['Gt', 'GreaterThan'],
  ['Lt', 'LessThan'],
]);

function meets({ key, operator, values = [] }: NodeSelectorRequirement, labels: StringMap): boolean {
  const labelOperator = labelOperators.get(operator);
  return labelOperator !== undefined && matchesLabelRequirements([{ key, operator: labelOperator, values }], labels);
}
