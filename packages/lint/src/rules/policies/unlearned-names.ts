/** Names that Cilium never learns the addresses of, as no rule makes it listen to what the pods ask the DNS. */
import { appliesToPods, type Endpoint, type Policy, podName, selectorMatches } from '@weir/model';
import { valueAt } from '../../context/field-value.ts';
import type { LintContext } from '../../context/lint-context.ts';
import { fieldOfOrigin, type LintRuleEntry } from '../../context/lint-policy.ts';
import { isOfCilium } from '../../context/policy-apis.ts';
import type { LintRule } from '../../lint-rule.ts';
import { askedEngines } from '../engines/asked-engines.ts';

/** The rule. */
export const unlearnedNames: LintRule = {
  id: 'unlearned-names',
  title: 'toFQDNs for pods whose questions to the DNS Cilium does not see',
  severity: 'warning',
  *check(context) {
    if (!askedEngines(context).includes('cilium')) return;
    const entries = context.rules.filter(({ of, direction }) => direction === 'egress' && isOfCilium(of));
    const listening = [...new Set(entries.filter(isListening).map(({ policy }) => policy))];
    const said = new Set<string>();
    for (const { of, policy, rule } of entries) {
      if (!(rule.match.destination.groups ?? []).some((name) => name.startsWith('domain/'))) continue;
      const field = fieldOfOrigin(rule.origin);
      const deaf = deafPods(context, policy, listening);
      if (deaf === undefined || said.has(`${of.name} ${field}`)) continue;
      said.add(`${of.name} ${field}`);
      yield {
        about: of,
        field,
        message: `this allows nothing: Cilium learns what a name resolves to from answers of the DNS, and no rule lets it see those of ${deaf}`,
        action: 'add rules: { dns: [{ matchPattern: "*" }] } to the ports of the rule that lets them ask the DNS',
      };
    }
  },
};

/** Whether the rule as it is written has the proxy of the DNS look at what passes. */
function isListening({ of, rule }: LintRuleEntry): boolean {
  const { peerIndex: _peer, peers: _peers, ...origin } = rule.origin;
  const ports = valueAt(of.object, `${fieldOfOrigin(origin)}.toPorts`);
  return (
    Array.isArray(ports) && ports.some((one: unknown) => typeof one === 'object' && one !== null && valueAt(one, 'rules.dns') !== undefined)
  );
}

/** The pods that the policy selects and none that listens does; undefined where there are none. */
function deafPods(context: LintContext, policy: Policy, listening: readonly Policy[]): string | undefined {
  if (!appliesToPods(policy) || listening.includes(policy)) return undefined;
  const { pods } = context.pods.matching(policy.subject);
  // Without the pods it is asked of the policies: one for other pods may well select these too.
  if (pods.length === 0) return listening.length > 0 ? undefined : 'the pods that it selects';
  const isHeard = (pod: Endpoint): boolean => listening.some(({ subject }) => selectorMatches(subject, pod));
  const deaf = pods.filter((pod) => !isHeard(pod));
  const [first, ...others] = deaf;
  if (first === undefined) return undefined;
  return `pod ${podName(first)}${others.length > 0 ? ` and ${others.length} more` : ''}`;
}
