/** Which policies isolate an endpoint. */
import type { Direction, PolicyRef } from '@weir/model';
import type { Selection } from '../entries.ts';
import type { Policies } from '../policies/policies.ts';

/** The enforced policies of a selection that isolate its endpoints in a direction. */
export function isolatingPolicies(policies: Policies, selection: Selection | undefined, direction: Direction): PolicyRef[] {
  const selecting = (selection?.group?.policies ?? []).map((entry) => policies.policyOf(entry));
  return selecting.flatMap((policy) => (!policy.staged && policy[direction]?.isolates === true ? [policy.ref] : []));
}
