/**
 * Policies that select one pod and of which nobody has said which comes first.
 *
 * Calico's stand in the order of its tiers; Cilium's have no order, and a denial among them comes before everything that
 * any policy allows. Neither API says what a policy of the other one is to it, so there is no order that would not be
 * made up: the pod is closed in the direction of which both speak, until one of the two no longer selects it.
 */
import type { Direction, Policy } from './model.ts';

/** The policies of all orders that speak of the direction, in the order given; none where all of them have one order. */
export function unorderedAmong<P extends Pick<Policy, 'orderedBy' | Direction>>(
  policies: readonly P[],
  direction: Direction,
): readonly P[] {
  const speaking = policies.filter((policy) => policy.orderedBy !== undefined && policy[direction] !== undefined);
  return speaking.some(({ orderedBy }) => orderedBy !== speaking[0]?.orderedBy) ? speaking : [];
}
