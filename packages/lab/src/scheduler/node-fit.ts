/** Whether a pod may run on a node at all: selectors, affinity to nodes, taints. Used by the scheduler and for DaemonSets. */
import {
  type LabelRequirementOperator,
  matchesLabelRequirements,
  type Node,
  type NodeSelectorRequirement,
  type NodeSelectorTerm,
  type PodSpec,
  type StringMap,
} from '@weir/kube';

/** A taint of a node. */
export type Taint = NonNullable<NonNullable<Node['spec']>['taints']>[number];

/** A toleration of a pod. */
export type Toleration = NonNullable<PodSpec['tolerations']>[number];

/** The operators of node selectors, named as those of label selectors are. */
const labelOperators: ReadonlyMap<string, LabelRequirementOperator> = new Map([
  ['In', 'In'],
  ['NotIn', 'NotIn'],
  ['Exists', 'Exists'],
  ['DoesNotExist', 'DoesNotExist'],
  ['Gt', 'GreaterThan'],
  ['Lt', 'LessThan'],
]);

/** Whether one of the tolerations covers the taint. */
export function tolerates(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some((toleration) => {
    if ((toleration.effect ?? '') !== '' && toleration.effect !== taint.effect) return false;
    if ((toleration.key ?? '') !== '' && toleration.key !== taint.key) return false;
    if (toleration.operator === 'Exists') return true;
    return (toleration.key ?? '') !== '' && (toleration.value ?? '') === (taint.value ?? '');
  });
}

/** The first taint with one of the effects that the pod does not tolerate. */
export function untoleratedTaint(spec: PodSpec | undefined, node: Node, effects: readonly string[]): Taint | undefined {
  return (node.spec?.taints ?? []).find((taint) => effects.includes(taint.effect) && !tolerates(spec?.tolerations ?? [], taint));
}

/** Whether the node is one that the pod's selector and its required affinity to nodes ask for. */
export function matchesNodeSelector(spec: PodSpec | undefined, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  const wanted = Object.entries(spec?.nodeSelector ?? {});
  if (!wanted.every(([key, value]) => labels[key] === value)) return false;
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms === undefined) return true;
  return terms.some((term) => matchesNodeTerm(term, node));
}

/** Whether the node meets all of the term; an empty term selects nothing. */
export function matchesNodeTerm(term: NodeSelectorTerm, node: Node): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  const fields = { 'metadata.name': node.metadata.name ?? '' };
  return (
    matchExpressions.every((requirement) => meets(requirement, node.metadata.labels ?? {})) &&
    matchFields.every((requirement) => requirement.key === 'metadata.name' && meets(requirement, fields))
  );
}

function meets({ key, operator, values = [] }: NodeSelectorRequirement, labels: StringMap): boolean {
  const labelOperator = labelOperators.get(operator);
  return labelOperator !== undefined && matchesLabelRequirements([{ key, operator: labelOperator, values }], labels);
}
