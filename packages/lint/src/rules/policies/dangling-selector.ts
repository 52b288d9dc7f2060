/** A peer of a rule that matches no pod: the rule never comes true, most often because of a typo. */
import type { Selector } from '@weir/model';
import { labelFix } from '../../context/label-fix.ts';
import type { LintContext } from '../../context/lint-context.ts';
import { fieldOfOrigin, type LintRuleEntry } from '../../context/lint-policy.ts';
import { adviceFor, type UnmatchedSelector, unmatchedSelector } from '../../context/unmatched-selector.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';
import { secondHalves } from './peer-and-or.ts';

/** The rule about pods. */
export const danglingSelector: LintRule = {
  id: 'dangling-selector',
  title: 'a peer of a rule that no pod is',
  severity: 'warning',
  check: (context) => findings(context, 'pod'),
};

/** The rule about namespaces. */
export const unknownNamespace: LintRule = {
  id: 'unknown-namespace',
  title: 'a peer of a rule in a namespace that there is not',
  severity: 'warning',
  check: (context) => findings(context, 'namespace'),
};

function findings(context: LintContext, missing: UnmatchedSelector['missing']): readonly DraftFinding[] {
  const all = context.once('dangling peers', () => [...danglingPeers(context)]);
  return all.flatMap(({ unmatched, draft }) => (unmatched.missing === missing ? [draft] : []));
}

function* danglingPeers(context: LintContext): Iterable<{ readonly unmatched: UnmatchedSelector; readonly draft: DraftFinding }> {
  const said = new Set<string>();
  const halves = secondHalves(context);
  for (const entry of context.rules) {
    for (const selector of selectorsOf(entry)) {
      const unmatched = unmatchedSelector(context, selector);
      if (unmatched === undefined) continue;
      const field = fieldOfOrigin(entry.rule.origin);
      if (halves.has(`${entry.of.name} ${field}`)) continue;
      // One peer is a rule of the model for each protocol.
      const key = `${entry.of.name} ${field} ${unmatched.reason}`;
      if (said.has(key)) continue;
      said.add(key);
      const message = `this peer is nobody: ${unmatched.reason}`;
      const draft = { about: entry.of, field, message, action: adviceFor(unmatched, 'peer'), ...labelFix(entry.of, field, unmatched) };
      yield { unmatched, draft };
    }
  }
}

/** The peer's own; the end that the policy selects has one where the API says more of it there. */
function selectorsOf({ rule: { match } }: LintRuleEntry): readonly Selector[] {
  return [match.source.selector, match.destination.selector].filter((selector) => selector !== undefined);
}
