/** The tier in which Kubernetes NetworkPolicies live. */
import { defaultTierOrder, type Policy, type Tier } from '@weir/model';

/** The `default` tier with these policies; isolated traffic that no rule allows is denied at its end. */
export function defaultTier(policies: readonly Policy[]): Tier {
  return { name: 'default', order: defaultTierOrder, end: 'deny', policies };
}
