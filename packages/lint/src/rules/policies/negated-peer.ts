/** Peers that say only who is not meant, so that everybody else is: what is outside of the cluster too. */
import { appliesToPods, type Side } from '@weir/model';
import { fieldOfOrigin } from '../../context/lint-policy.ts';
import type { LintRule } from '../../lint-rule.ts';

/** The rule. Blocks that are left out are mostly meant so: everything but what is private. */
export const negatedPeer: LintRule = {
  id: 'negated-peer',
  title: 'an allowing rule that names only pods that are not meant, which lets in the outside world too',
  severity: 'warning',
  *check({ rules }) {
    const said = new Set<string>();
    for (const { of, policy, direction, rule } of rules) {
      const peer = direction === 'ingress' ? rule.match.source : rule.match.destination;
      if (rule.action !== 'allow' || policy.staged || !appliesToPods(policy) || !saysOnlyWhoNot(peer)) continue;
      const field = fieldOfOrigin(rule.origin);
      if (said.has(`${of.name} ${field}`)) continue;
      said.add(`${of.name} ${field}`);
      const who = direction === 'ingress' ? 'everybody is let in' : 'everything may be reached';
      yield {
        about: of,
        field,
        message: `${who} but for the pods that notSelector names: an address outside of the cluster is none of them`,
        action: 'negate inside of selector, as in selector: app != "x", which means pods alone; or name who is meant',
      };
    }
  },
};

function saysOnlyWhoNot({ notSelector, selector, nets, groups, node, nodes, outside }: Side): boolean {
  return notSelector !== undefined && [selector, nets, groups, node, nodes, outside].every((asked) => asked === undefined);
}
