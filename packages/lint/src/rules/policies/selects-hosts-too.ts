/** Policies for all pods of the cluster that select the interfaces of nodes as well, and close them. */
import { appliesToPods, type Direction, type HostEndpoint, type Policy, type Rule, selectorMatches } from '@weir/model';
import type { LintContext } from '../../context/lint-context.ts';
import type { LintRule } from '../../lint-rule.ts';

/** The rule. What a policy is for alone, nodes or pods, is meant. */
export const selectsHostsToo: LintRule = {
  id: 'selects-hosts-too',
  title: 'a policy for pods that closes interfaces of nodes as well',
  severity: 'warning',
  *check(context) {
    for (const of of context.policies) {
      if (of.isRefused) continue;
      for (const policy of of.compiled) {
        const closed = (['ingress', 'egress'] as const).filter((direction) => closes(policy, direction));
        const [first, ...others] = closed.length === 0 || policy.staged ? [] : hostsOf(context, policy);
        if (first === undefined) continue;
        const more = others.length > 0 ? ` and ${others.length} more` : '';
        yield {
          about: of,
          field: 'spec.selector',
          message: `host endpoint ${first.name} of node ${first.node}${more} is selected too: ${closed.join(' and ')} of the node itself that no rule allows is denied, but for failsafe ports`,
          action: 'add namespaceSelector: all(), so that pods alone are selected, or allow what nodes need',
        };
      }
    }
  },
};

/** The host endpoints of a policy that selects pods too: every one, or some that are there. */
function hostsOf({ snapshot, pods }: LintContext, policy: Policy): readonly HostEndpoint[] {
  const isForBoth = policy.appliesTo?.includes('normal') === true && appliesToPods(policy);
  if (!isForBoth || (policy.subject.kind !== 'all' && pods.matching(policy.subject).pods.length === 0)) return [];
  return snapshot.hosts.filter((host) => selectorMatches(policy.subject, host));
}

/** Whether it isolates, and has no rule that lets everything through or on. */
function closes(policy: Policy, direction: Direction): boolean {
  const of = policy[direction];
  return of?.isolates === true && !of.rules.some(letsAllThrough);
}

function letsAllThrough({ action, match: { source, destination, ...asked } }: Rule): boolean {
  const asksNothing = (part: object): boolean => Object.values(part).every((value: unknown) => value === undefined);
  return (action === 'allow' || action === 'pass') && [source, destination, asked].every(asksNothing);
}
