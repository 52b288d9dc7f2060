/**
 * The CustomResourceDefinitions of AdminNetworkPolicy and BaselineAdminNetworkPolicy with their experimental fields. Limits
 * and rules are the API's (network-policy-api v0.1.7); the words of errors are those of its rules.
 */
import { schemaWords } from '@weir/kube';
import {
  administratorDefinition,
  domainNames,
  exactlyOne,
  outsidePeers,
  podSelection,
  portNumber,
  portRange,
  ruled,
  ruleName,
  someOf,
} from '../cluster-network-policy/administrator-schemas.ts';

const { between, fields, listOf, oneOf, text, withDefault } = schemaWords;
type Definition = ReturnType<typeof administratorDefinition>;

const itemsMax = 100;

const pods = podSelection('namespaceSelector', 'podSelector');
const outside = outsidePeers({
  rule: "self.contains(':') != self.contains('.')",
  message: 'CIDR must be either an IPv4 or IPv6 address. IPv4 address embedded in IPv6 addresses are not supported',
});

const protocol = withDefault(text, 'TCP');
const ports = someOf(
  exactlyOne({
    namedPort: text,
    portNumber: fields({ port: portNumber, protocol }, 'port', 'protocol'),
    portRange: portRange({ protocol }),
  }),
  itemsMax,
);

/** The rules of a kind: which actions they have, and whether domains are among their peers. */
interface RuleKind {
  readonly actions: readonly string[];
  readonly hasDomains: boolean;
}

function specFields({ actions, hasDomains }: RuleKind): Readonly<Record<string, schemaWords.Schema>> {
  const ruleFields = { name: ruleName, action: oneOf(...actions), ports };
  const peer = exactlyOne({ ...pods, ...outside, ...(hasDomains ? { domainNames } : {}) });
  const unnamed = hasDomains ? ['networks', 'nodes', 'domainNames'] : ['networks', 'nodes'];
  const hasUnnamed = unnamed.map((name) => `has(peer.${name})`).join(' || ');
  const egressRule = ruled(
    fields({ ...ruleFields, to: someOf(peer, itemsMax) }, 'action', 'to'),
    `!(self.to.exists(peer, ${hasUnnamed}) && has(self.ports) && self.ports.exists(port, has(port.namedPort)))`,
    `${unnamed.join('/')} peer cannot be set with namedPorts since there are no namedPorts for ${unnamed.join('/')}`,
  );
  return {
    subject: exactlyOne(pods),
    ingress: listOf(fields({ ...ruleFields, from: someOf(exactlyOne(pods), itemsMax) }, 'action', 'from'), itemsMax),
    egress: listOf(egressRule, itemsMax),
  };
}

/** What the API server needs to serve AdminNetworkPolicies. */
export const adminNetworkPolicyDefinition: Definition = administratorDefinition({
  kind: 'AdminNetworkPolicy',
  plural: 'adminnetworkpolicies',
  shortName: 'anp',
  version: 'v1alpha1',
  approval: 'https://github.com/kubernetes-sigs/network-policy-api/pull/30',
  bundle: 'v0.1.7',
  columns: ['priority'],
  spec: fields(
    { priority: { ...between(0, 1_000), format: 'int32' }, ...specFields({ actions: ['Allow', 'Deny', 'Pass'], hasDomains: true }) },
    'priority',
    'subject',
  ),
});

/** What the API server needs to serve the BaselineAdminNetworkPolicy. */
export const baselineAdminNetworkPolicyDefinition: Definition = administratorDefinition({
  kind: 'BaselineAdminNetworkPolicy',
  plural: 'baselineadminnetworkpolicies',
  shortName: 'banp',
  version: 'v1alpha1',
  approval: 'https://github.com/kubernetes-sigs/network-policy-api/pull/30',
  bundle: 'v0.1.7',
  columns: [],
  rule: {
    rule: "self.metadata.name == 'default'",
    message: 'Only one baseline admin network policy with metadata.name="default" can be created in the cluster',
  },
  spec: fields(specFields({ actions: ['Allow', 'Deny'], hasDomains: false }), 'subject'),
});
