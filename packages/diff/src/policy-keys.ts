/** Which policies select a pod, as a text. */
import type { Endpoint, Policy, PolicyWorld } from '@weir/model';

/** Texts that are the same for pods which the same policies select. */
export function policyKeys(world: PolicyWorld): (endpoint: Endpoint) => string {
  const numbers = new Map<Policy, number>();
  const numberOf = (policy: Policy): number => {
    const number = numbers.get(policy) ?? numbers.size;
    numbers.set(policy, number);
    return number;
  };
  return (endpoint) =>
    world
      .selecting(endpoint)
      .flatMap(({ policies }) => policies.map(numberOf))
      .join();
}
