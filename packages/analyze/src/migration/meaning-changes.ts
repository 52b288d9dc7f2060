/** A comparison of flows, put together for people: by policy, with reasons, groups of ends and examples. */
import { type ChangedFlows, FlowTeller, policyKey, type WorldComparison } from '@weir/connectivity';
import type { Pod } from '@weir/kube';
import { type ChangeReason, policyOf } from './change-causes.ts';
import { type ChangedObject, type MeaningChange, verdictsOf } from './migration-report.ts';

/** What the texts and examples are made from. */
export interface TellingContext {
  /** Every pod by `namespace/name`. */
  readonly pods: ReadonlyMap<string, Pod>;
  readonly reasonOf: (changed: ChangedFlows) => ChangeReason;
}

/** The policies whose flows change, by namespace and name. */
export function changedPolicies(comparisons: readonly WorldComparison[], context: TellingContext): ChangedObject[] {
  const objects = new Map<string, { readonly object: Omit<ChangedObject, 'changes'>; readonly changes: MeaningChange[] }>();
  for (const comparison of comparisons) {
    const teller = new FlowTeller(comparison, context.pods);
    for (const changed of comparison.changes) {
      const change = { ...context.reasonOf(changed), ...teller.tell(changed), ...verdictsOf(changed.change) };
      if (change.pairs === 0) continue;
      const { ref, source } = policyOf(changed);
      const { namespace = '', name } = ref;
      const object = {
        kind: ref.kind,
        namespace,
        name,
        ...(source === undefined ? {} : { source: policySource(source, comparison, ref) }),
      };
      const known = objects.get(policyKey({ ref }));
      if (known === undefined) objects.set(policyKey({ ref }), { object, changes: [change] });
      else known.changes.push(change);
    }
  }
  return [...objects.values()]
    .map(({ object, changes }) => ({ ...object, changes: changes.sort((a, b) => a.family - b.family || b.pairs - a.pairs) }))
    .sort((a, b) => compareText(`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`));
}

/** Where the policy itself stands, rather than one of its rules. */
function policySource(
  ofRule: NonNullable<ChangedObject['source']>,
  { from, to }: WorldComparison,
  ref: Parameters<typeof policyKey>[0]['ref'],
): NonNullable<ChangedObject['source']> {
  const same = [from, to]
    .flatMap(({ tiers }) => tiers.flatMap(({ policies }) => policies))
    .find((policy) => policyKey(policy) === policyKey({ ref }));
  return same?.source ?? ofRule;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
