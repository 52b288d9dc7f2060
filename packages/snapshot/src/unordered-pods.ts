/** Pods that policies of several APIs select together which have no order among each other: said of these policies, with one of the pods. */
import type { Diagnostic } from '@weir/kube';
import { type Direction, describePolicy, describeUnordered, type Policy, type PolicyWorld, podName, unorderedAmong } from '@weir/model';

/** One for each set of such policies and each direction. */
export function unorderedPods(world: PolicyWorld): readonly Diagnostic[] {
  const orders = new Set(world.tiers.flatMap(({ policies }) => policies.map(({ orderedBy }) => orderedBy)));
  orders.delete(undefined);
  if (orders.size < 2) return [];
  const found = new Map<string, { readonly direction: Direction; readonly policies: readonly Policy[]; readonly pods: string[] }>();
  for (const endpoint of world.endpoints) {
    const selecting = world.selecting(endpoint).flatMap(({ policies }) => policies);
    for (const direction of ['ingress', 'egress'] as const) {
      const policies = unorderedAmong(selecting, direction);
      if (policies.length === 0) continue;
      const key = `${direction} ${policies.map(({ ref }) => describePolicy(ref)).join()}`;
      const known = found.get(key);
      if (known === undefined) found.set(key, { direction, policies, pods: [podName(endpoint)] });
      else known.pods.push(podName(endpoint));
    }
  }
  return [...found.values()].map(({ direction, policies, pods }): Diagnostic => {
    const named = policies.map(({ ref, source }) => ({ policy: ref, ...(source === undefined ? {} : { source }) }));
    const [first] = policies;
    const whose = pods.length === 1 ? `pod ${pods[0] ?? ''}` : `pod ${pods[0] ?? ''} and ${pods.length - 1} more`;
    return {
      code: 'unordered-policies',
      severity: 'warning',
      message: `${direction} of ${whose} is closed: ${describeUnordered(named)}`,
      action: 'let only one of the APIs select a pod',
      ...(first === undefined ? {} : { object: describePolicy(first.ref) }),
    };
  });
}
