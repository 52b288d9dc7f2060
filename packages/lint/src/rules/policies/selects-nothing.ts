/** A policy whose subject is no pod: it does nothing, and whoever wrote it believes that it does. */
import { appliesToPods } from '@weir/model';
import { labelFix } from '../../context/label-fix.ts';
import type { LintContext } from '../../context/lint-context.ts';
import { adviceFor, unmatchedSelector } from '../../context/unmatched-selector.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';

/** The rule about subjects that nothing is. */
export const selectsNothing: LintRule = {
  id: 'selects-nothing',
  title: 'a policy that selects no pod',
  severity: 'warning',
  check: (context) => findings(context, false),
};

/** The rule about subjects that only pods on the host's network are. */
export const selectsHostNetwork: LintRule = {
  id: 'selects-host-network',
  title: 'a policy that would select only pods on the network of their node',
  severity: 'warning',
  check: (context) => findings(context, true),
};

function* findings(context: LintContext, onHostNetwork: boolean): Iterable<DraftFinding> {
  for (const of of context.policies) {
    const policies = of.compiled.filter(appliesToPods);
    const unmatched = policies.map((policy) => unmatchedSelector(context, policy.subject));
    const [first] = unmatched;
    if (first === undefined || unmatched.some((one) => one === undefined)) continue;
    if (first.onHostNetwork.length > 0 !== onHostNetwork) continue;
    const message = onHostNetwork ? `it protects nothing: ${first.reason}` : `it selects nothing: ${first.reason}`;
    const action = onHostNetwork
      ? 'protect the nodes themselves (host endpoints, a firewall), or take the pods off the host network'
      : adviceFor(first, 'subject');
    const place = subjectField(of.object);
    yield { about: of, ...place, message, action, ...(place.field === undefined ? {} : labelFix(of, place.field, first)) };
  }
}

/** Where the APIs have the subject; policies of Cilium with several specs are about as a whole. */
function subjectField(object: object): { readonly field?: string } {
  const spec: unknown = 'spec' in object ? object.spec : undefined;
  if (typeof spec !== 'object' || spec === null) return {};
  const field = ['podSelector', 'endpointSelector', 'subject', 'selector', 'namespaceSelector'].find((name) => name in spec);
  return field === undefined ? {} : { field: `spec.${field}` };
}
