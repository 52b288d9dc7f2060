/** The host endpoints of a world: which ones a node has, and which policies select them in each family. */
import { groupBy } from '@weir/net';
import type { HostEndpoint } from './host-endpoint.ts';
import { appliesToHosts, type HostFamily, type SelectingTier, type Tier } from './model.ts';
import { compareText } from './policy-order.ts';
import { selectorMatches } from './selector.ts';

/** Answers are kept: which policies select an endpoint is found at the first question. */
export interface HostLookup {
  /** Those of a node, by name. */
  of(node: string): readonly HostEndpoint[];
  /** The enforced policies of a family that select the endpoint, by tier, in order. What is before the others ends no tier. */
  selecting(host: HostEndpoint, family: HostFamily): readonly SelectingTier[];
}

/** Prepares the lookup; tiers and their policies are in order. */
export function createHostLookup(tiers: readonly Tier[], hosts: readonly HostEndpoint[]): HostLookup {
  const byNode = groupBy(
    [...hosts].sort((a, b) => compareText(a.name, b.name)),
    (host) => host.node,
  );
  const known = new Map<HostFamily, WeakMap<HostEndpoint, readonly SelectingTier[]>>();
  return {
    of: (node) => byNode.get(node) ?? [],
    selecting(host, family) {
      const ofFamily = known.get(family) ?? new WeakMap<HostEndpoint, readonly SelectingTier[]>();
      known.set(family, ofFamily);
      const found = ofFamily.get(host) ?? selectingTiers(tiers, host, family);
      ofFamily.set(host, found);
      return found;
    },
  };
}

function selectingTiers(tiers: readonly Tier[], host: HostEndpoint, family: HostFamily): readonly SelectingTier[] {
  return tiers.flatMap((tier) => {
    const policies = tier.policies.filter(
      (policy) => !policy.staged && appliesToHosts(policy, family) && selectorMatches(policy.subject, host),
    );
    if (policies.length === 0) return [];
    return [{ tier: family === 'untracked' || family === 'preDNAT' ? { ...tier, end: 'pass' as const } : tier, policies }];
  });
}
