/** Rules that a policy has and that do nothing. */
import type { CalicoPolicySpec } from '@weir/compile';
import type { LintPolicy } from '../../context/lint-policy.ts';
import { writtenPolicies } from '../../context/network-policy-rules.ts';
import { isOfCalico } from '../../context/policy-apis.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';

/** The rule about rules of a direction that the policy does not name. */
export const unenforcedRules: LintRule = {
  id: 'unenforced-rules',
  title: 'rules of a direction that the types of the policy leave out',
  severity: 'error',
  *check(context) {
    for (const of of writtenPolicies(context)) {
      const { policyTypes = [], ingress = [], egress = [] } = of.object.spec ?? {};
      yield* unenforced(of, { list: 'policyTypes', types: policyTypes, ingress, egress });
    }
    for (const of of context.policies) {
      const { spec } = of.object as { readonly spec?: CalicoPolicySpec };
      if (of.isRefused || !/^(Staged)?(Global)?NetworkPolicy$/.test(of.object.kind ?? '') || !isOfCalico(of)) continue;
      const { types = [], ingress = [], egress = [] } = spec ?? {};
      yield* unenforced(of, { list: 'types', types, ingress, egress });
    }
  },
};

/** Rules of directions that a list of types leaves out, where there is one. */
function* unenforced(
  about: LintPolicy,
  spec: {
    readonly list: string;
    readonly types: readonly string[];
    readonly ingress: readonly unknown[];
    readonly egress: readonly unknown[];
  },
): Iterable<DraftFinding> {
  const { list, types } = spec;
  if (types.length === 0) return;
  for (const [type, direction] of [['Ingress', 'ingress'] as const, ['Egress', 'egress'] as const]) {
    if (spec[direction].length === 0 || types.includes(type)) continue;
    yield {
      about,
      field: `spec.${direction}`,
      message: `these rules do nothing: ${list} does not name ${type}, so ${direction} is not restricted`,
      action: `add ${type} to ${list}, or remove the rules`,
      fix: {
        description: `Add ${type} to ${list}`,
        isSafe: false,
        changes: [{ kind: 'append', list: `spec.${list}`, value: type }],
      },
    };
  }
}
