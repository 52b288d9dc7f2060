/** What a namespace that is going says of what holds it, in the reference's words (`pkg/controller/namespace/deletion`). */
import type { Condition, KubeObject } from '@weir/kube';

/** Objects of one resource that are still in the namespace. */
export interface RemainingObjects {
  readonly resource: string;
  readonly group: string;
  readonly objects: readonly KubeObject[];
}

/** The conditions; a condition whose status is as it was in `present` keeps the time of its last transition. */
export function terminationConditions(
  remaining: readonly RemainingObjects[],
  present: readonly Condition[],
  now: string,
): readonly Condition[] {
  return [...settled, contentRemaining(remaining), finalizersRemaining(remaining)].map((condition) => {
    const before = present.find(({ type }) => type === condition.type);
    return { ...condition, lastTransitionTime: before?.status === condition.status ? (before.lastTransitionTime ?? now) : now };
  });
}

/** What cannot fail here: a failed request is tried again before anything is written. */
const settled: readonly Condition[] = [
  {
    type: 'NamespaceDeletionDiscoveryFailure',
    status: 'False',
    reason: 'ResourcesDiscovered',
    message: 'All resources successfully discovered',
  },
  {
    type: 'NamespaceDeletionGroupVersionParsingFailure',
    status: 'False',
    reason: 'ParsedGroupVersions',
    message: 'All legacy kube types successfully parsed',
  },
  {
    type: 'NamespaceDeletionContentFailure',
    status: 'False',
    reason: 'ContentDeleted',
    message: 'All content successfully deleted, may be waiting on finalization',
  },
];

function contentRemaining(remaining: readonly RemainingObjects[]): Condition {
  const type = 'NamespaceContentRemaining';
  const counts = remaining.map(({ resource, group, objects }) => `${resource}.${group} has ${objects.length} resource instances`).sort();
  if (counts.length === 0) return { type, status: 'False', reason: 'ContentRemoved', message: 'All content successfully removed' };
  return { type, status: 'True', reason: 'SomeResourcesRemain', message: `Some resources are remaining: ${counts.join(', ')}` };
}

function finalizersRemaining(remaining: readonly RemainingObjects[]): Condition {
  const type = 'NamespaceFinalizersRemaining';
  const counts = new Map<string, number>();
  for (const { metadata } of remaining.flatMap(({ objects }) => objects)) {
    for (const finalizer of metadata.finalizers ?? []) counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1);
  }
  if (counts.size === 0) {
    return { type, status: 'False', reason: 'ContentHasNoFinalizers', message: 'All content-preserving finalizers finished' };
  }
  const texts = [...counts].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).sort();
  const message = `Some content in the namespace has finalizers remaining: ${texts.join(', ')}`;
  return { type, status: 'True', reason: 'SomeFinalizersRemain', message };
}
