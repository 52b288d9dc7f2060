/** Policies of equal order that say different things of one connection. */
import type { PolicyRef } from '@weir/model';
import { fieldOfOrigin } from '../../context/lint-policy.ts';
import type { LintRule } from '../../lint-rule.ts';
import { semanticFindings } from './semantic-findings.ts';
import { relatedRules, tellRules } from './tell-parts.ts';

export const tiedOrder: LintRule = {
  id: 'tied-order',
  title: 'two policies of one order that decide the same connection in different ways',
  severity: 'warning',
  *check(context) {
    for (const { tier, first, second } of semanticFindings(context).tied) {
      const about = context.policyOf(second.policy.ref);
      if (about === undefined || about.isRefused) continue;
      const isUndefined = [first, second].some(({ policy }) => isAdministrators(policy.ref));
      yield {
        about,
        field: fieldOfOrigin(second.rule.origin),
        ...(isUndefined ? { severity: 'error' as const } : {}),
        message:
          `this rule would ${second.rule.action} what ${tellRules(context, [first.rule])} of the same order in tier ${tier.name} would ${first.rule.action}: ` +
          (isUndefined ? 'which of the two holds is left to the engine' : 'their names alone decide that the other one holds'),
        action: 'give the policies different orders',
        related: relatedRules(context, [first.rule]),
      };
    }
  },
};

/** The API leaves the order of equal priorities open: "implementations may choose any" is what it comes to. */
function isAdministrators({ kind }: PolicyRef): boolean {
  return ['ClusterNetworkPolicy', 'AdminNetworkPolicy', 'BaselineAdminNetworkPolicy'].includes(kind);
}
