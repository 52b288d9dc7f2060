/** A rule that allows what the other end of every connection denies: it looks open and is not. */
import type { LintRule } from '../../lint-rule.ts';
import { semanticFindings } from './semantic-findings.ts';
import { placeOfPart, relatedRules, tellIsolating, tellRules, wordOf } from './tell-parts.ts';

export const oneSidedAllowance: LintRule = {
  id: 'one-sided-allowance',
  title: 'a rule that allows only what is denied at the other end',
  severity: 'warning',
  *check(context) {
    for (const { part, isolating, denying } of semanticFindings(context).oneSided) {
      const place = placeOfPart(context, part);
      if (place === undefined) continue;
      const [there, rules] = part.direction === 'egress' ? ['where they go', 'ingress'] : ['where they come from', 'egress'];
      const who = [
        ...(denying.length === 0 ? [] : [`denied by ${tellRules(context, denying)}`]),
        ...(isolating.length === 0 ? [] : [`allowed by no rule, while ${tellIsolating(context, isolating)}`]),
      ];
      const related = [
        ...relatedRules(context, denying),
        ...isolating.slice(0, 3).flatMap((policy) => {
          const about = context.policyOf(policy.ref);
          return about === undefined ? [] : [{ about, message: 'the policy that isolates the other end' }];
        }),
      ];
      yield {
        ...place,
        message: `nothing comes of ${wordOf(part)}: every connection that it alone allows is denied ${there}: ${who.join('; ')}`,
        action: `allow it there too, in ${rules} rules of the pods at the other end, or take the rule out`,
        ...(related.length === 0 ? {} : { related }),
      };
    }
  },
};
