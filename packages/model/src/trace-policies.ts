/** The trace of a verdict: every policy that was asked, whom it selects, and each of its rules with what of it does not hold. */
import type { Endpoint } from './endpoint.ts';
import { atHost } from './judge-hosts.ts';
import { ruleMatches, ruleMismatches } from './match-rule.ts';
import { appliesToHosts, appliesToPods, type Direction, type Policy, type Tier } from './model.ts';
import type { PolicyWorld } from './policy-world.ts';
import { type SelectedEnd, selectorMismatches, selectorTruth } from './selector-truth.ts';
import type { FlowQuestion, HostVerdict, PolicyTrace } from './verdict.ts';

/** The pod whose policies speak in a direction, or undefined when that end is no pod. */
export function ownerOf(question: FlowQuestion, direction: Direction): Endpoint | undefined {
  const end = direction === 'egress' ? question.source : question.destination;
  return end.kind === 'endpoint' ? end.endpoint : undefined;
}

/** What policies of pods say in one direction. */
export function tracePods(world: PolicyWorld, question: FlowQuestion, direction: Direction): PolicyTrace[] {
  const owner = ownerOf(question, direction);
  if (owner === undefined) return [];
  return world.tiers.flatMap((tier) =>
    tier.policies.filter(appliesToPods).map((policy) => tracePolicy(world, question, { tier, policy, direction, owner })),
  );
}

/** What policies of one host endpoint say, in the family that decided. */
export function traceHost(world: PolicyWorld, question: FlowQuestion, { host, family, direction }: HostVerdict): PolicyTrace[] {
  if (host === undefined) return [];
  const owner = { labels: host.labels, namespace: '' };
  return world.tiers.flatMap((tier) =>
    tier.policies
      .filter((policy) => appliesToHosts(policy, family))
      .map((policy) => ({
        ...tracePolicy(world, atHost(question, direction, host), { tier, policy, direction, owner }),
        host: { endpoint: host, family },
      })),
  );
}

interface TracedPolicy {
  readonly tier: Tier;
  readonly policy: Policy;
  readonly direction: Direction;
  readonly owner: SelectedEnd;
}

function tracePolicy(world: PolicyWorld, question: FlowQuestion, { tier, policy, direction, owner }: TracedPolicy): PolicyTrace {
  const rules = policy[direction];
  const isSelected = selectorTruth(world, policy.subject, owner) === 'yes';
  let mismatches: PolicyTrace['mismatches'] | undefined = isSelected ? [] : undefined;
  const applies = !isSelected ? 'not selected' : rules === undefined ? 'other direction' : policy.staged ? 'staged' : 'yes';
  return {
    direction,
    tier: tier.name,
    policy: policy.ref,
    ...(policy.source === undefined ? {} : { source: policy.source }),
    applies,
    isolates: applies === 'yes' && rules?.isolates === true,
    // Of thousands of policies that select others mostly nobody asks why.
    get mismatches() {
      return (mismatches ??= selectorMismatches(world, policy.subject, owner, direction === 'egress' ? 'source' : 'destination'));
    },
    rules:
      applies !== 'yes'
        ? []
        : (rules?.rules ?? []).map((rule) => ({
            rule,
            matched: ruleMatches(world, rule, question),
            mismatches: ruleMismatches(world, rule, question),
          })),
  };
}
