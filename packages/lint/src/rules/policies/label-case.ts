/** Selectors that miss pods because a label is written there in other case. */
import { appliesToPods, type Endpoint, podName, type Selector, selectorMatches } from '@weir/model';
import { addToGroup } from '@weir/net';
import type { LintContext } from '../../context/lint-context.ts';
import { fieldOfOrigin, type LintPolicy } from '../../context/lint-policy.ts';
import { differsOnlyInCase } from '../../context/near-words.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';

/** The rule. A selector that matches nothing at all is found by others. */
export const labelCase: LintRule = {
  id: 'label-case',
  title: 'a selector that misses pods whose label differs in upper and lower case alone',
  severity: 'warning',
  *check(context) {
    const said = new Set<string>();
    for (const { of, field, selector } of askedSelectors(context)) {
      for (const { wanted, pod, value } of missedPods(context, selector)) {
        const key = `${of.name} ${field ?? ''} ${value}`;
        if (said.has(key)) continue;
        said.add(key);
        yield {
          about: of,
          ...(field === undefined ? {} : { field }),
          message: `it asks for ${wanted}, and pod ${podName(pod)} has ${value}: labels tell upper from lower case`,
          action: 'write the label in one way everywhere',
        } satisfies DraftFinding;
      }
    }
  },
};

function* askedSelectors({
  policies,
  rules,
}: LintContext): Iterable<{ readonly of: LintPolicy; readonly field?: string; readonly selector: Selector }> {
  for (const of of policies) {
    for (const policy of of.compiled) if (appliesToPods(policy) && !of.isRefused) yield { of, selector: policy.subject };
  }
  for (const { of, rule } of rules) {
    const field = fieldOfOrigin(rule.origin);
    for (const { selector } of [rule.match.source, rule.match.destination]) if (selector !== undefined) yield { of, field, selector };
  }
}

/** Pods that the selector would match if case did not count. */
function* missedPods(
  context: LintContext,
  selector: Selector,
): Iterable<{ readonly wanted: string; readonly pod: Endpoint; readonly value: string }> {
  const parts = selector.kind === 'and' ? selector.of : [selector];
  for (const part of parts) {
    if (part.kind !== 'in' || part.label.space !== 'pod') continue;
    const { key } = part.label;
    for (const value of part.values) {
      const others = podsByLabel(context).get(`${key}=${value}`.toLowerCase()) ?? [];
      // Mostly there is one way to write it, and nothing to look for.
      if (others.length < 2 || context.pods.matching(selector).pods.length === 0) continue;
      for (const { text, pods } of others) {
        if (!differsOnlyInCase(text, `${key}=${value}`) || part.values.some((one) => text === `${key}=${one}`)) continue;
        const pod = pods.find((endpoint) => parts.every((one) => one === part || selectorMatches(one, endpoint)));
        if (pod !== undefined) yield { wanted: `${key}=${value}`, pod, value: text };
      }
    }
  }
}

/** The labels of all pods, those together that differ only in case. */
function podsByLabel(context: LintContext): ReadonlyMap<string, readonly { readonly text: string; readonly pods: readonly Endpoint[] }[]> {
  return context.once('labels without case', () => {
    const byText = new Map<string, Endpoint[]>();
    for (const endpoint of context.pods.all) {
      for (const [key, value] of Object.entries(endpoint.labels.pod)) {
        const text = `${key}=${value}`;
        addToGroup(byText, text, endpoint);
      }
    }
    const found = new Map<string, { text: string; pods: Endpoint[] }[]>();
    for (const [text, pods] of byText) {
      const lower = text.toLowerCase();
      addToGroup(found, lower, { text, pods });
    }
    return found;
  });
}
