/** Rewrites parts of policies, of the Kubernetes kind and of the model: what planted faults are made of. */
import type { LabelSelector, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from '@weir/kube';
import type { Policy, Rule, Selector } from '@weir/model';

/** A rule of either direction of a NetworkPolicy, with `from` and `to` both called `peers`. */
export interface DirectedRule {
  readonly peers?: readonly NetworkPolicyPeer[];
  readonly ports?: readonly NetworkPolicyPort[];
}

/** The policy with another spec. */
export function mapSpec(policy: NetworkPolicy, change: (spec: NetworkPolicySpec) => NetworkPolicySpec): NetworkPolicy {
  return policy.spec === undefined ? policy : { ...policy, spec: change(policy.spec) };
}

/** The policy with other lists of rules; `change` gets the list of each direction, absent or not. */
export function mapRuleLists(
  policy: NetworkPolicy,
  change: (rules: readonly DirectedRule[] | undefined, direction: 'ingress' | 'egress') => readonly DirectedRule[] | undefined,
): NetworkPolicy {
  return mapSpec(policy, ({ ingress, egress, ...rest }) => {
    const newIngress = change(
      ingress?.map(({ from, ports }) => ({ ...(from && { peers: from }), ...(ports && { ports }) })),
      'ingress',
    );
    const newEgress = change(
      egress?.map(({ to, ports }) => ({ ...(to && { peers: to }), ...(ports && { ports }) })),
      'egress',
    );
    return {
      ...rest,
      ...(newIngress && { ingress: newIngress.map(({ peers, ports }) => ({ ...(peers && { from: peers }), ...(ports && { ports }) })) }),
      ...(newEgress && { egress: newEgress.map(({ peers, ports }) => ({ ...(peers && { to: peers }), ...(ports && { ports }) })) }),
    };
  });
}

/** The policy with each rule replaced by any number of rules. */
export function mapRules(policy: NetworkPolicy, change: (rule: DirectedRule) => readonly DirectedRule[]): NetworkPolicy {
  return mapRuleLists(policy, (rules) => rules?.flatMap(change));
}

/** The policy with each peer replaced by any number of peers. */
export function mapPeers(policy: NetworkPolicy, change: (peer: NetworkPolicyPeer) => readonly NetworkPolicyPeer[]): NetworkPolicy {
  return mapRules(policy, ({ peers, ...rest }) => [{ ...rest, ...(peers && { peers: peers.flatMap(change) }) }]);
}

/** The policy with each port replaced by any number of ports. */
export function mapPorts(policy: NetworkPolicy, change: (port: NetworkPolicyPort) => readonly NetworkPolicyPort[]): NetworkPolicy {
  return mapRules(policy, ({ ports, ...rest }) => [{ ...rest, ...(ports && { ports: ports.flatMap(change) }) }]);
}

/** The policy with each label selector replaced. */
export function mapLabelSelectors(policy: NetworkPolicy, change: (selector: LabelSelector) => LabelSelector): NetworkPolicy {
  const withPeers = mapPeers(policy, ({ podSelector, namespaceSelector, ...rest }) => [
    {
      ...rest,
      ...(podSelector && { podSelector: change(podSelector) }),
      ...(namespaceSelector && { namespaceSelector: change(namespaceSelector) }),
    },
  ]);
  return mapSpec(withPeers, (spec) => ({ ...spec, ...(spec.podSelector && { podSelector: change(spec.podSelector) }) }));
}

/** The compiled policy with each rule replaced by any number of rules. */
export function mapModelRules(policy: Policy, change: (rule: Rule) => readonly Rule[]): Policy {
  const { ingress, egress } = policy;
  return {
    ...policy,
    ...(ingress && { ingress: { ...ingress, rules: ingress.rules.flatMap(change) } }),
    ...(egress && { egress: { ...egress, rules: egress.rules.flatMap(change) } }),
  };
}

/** The compiled policy with every part of its selectors that is no conjunction replaced. */
export function mapModelSelectors(policy: Policy, change: (selector: Selector) => Selector): Policy {
  const deep = (selector: Selector): Selector => {
    switch (selector.kind) {
      case 'and':
      case 'or':
        return { ...selector, of: selector.of.map(deep) };
      case 'not':
        return { ...selector, of: deep(selector.of) };
      case 'all':
      case 'none':
      case 'in':
      case 'notIn':
      case 'text':
      case 'exists':
      case 'absent':
        // The namespace that a policy is in is no label of anybody's.
        return 'label' in selector && selector.label.space === 'reserved' ? selector : change(selector);
      default:
        return selector satisfies never;
    }
  };
  const side = (each: Rule['match']['source']): Rule['match']['source'] => ({
    ...each,
    ...(each.selector && { selector: deep(each.selector) }),
  });
  const withRules = mapModelRules(policy, (rule) => [
    { ...rule, match: { ...rule.match, source: side(rule.match.source), destination: side(rule.match.destination) } },
  ]);
  return { ...withRules, subject: deep(policy.subject) };
}

/** The rule with the side of its peer changed: the source of an ingress rule, the destination of an egress rule. */
export function mapPeerSide(rule: Rule, change: (side: Rule['match']['source']) => Rule['match']['source']): Rule {
  const { source, destination } = rule.match;
  const match =
    rule.origin.direction === 'ingress' ? { ...rule.match, source: change(source) } : { ...rule.match, destination: change(destination) };
  return { ...rule, match };
}
