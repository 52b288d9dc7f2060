/**
 * The CustomResourceDefinition of ClusterNetworkPolicy with its experimental fields. Limits and rules are the API's
 * (network-policy-api v0.2.0); the words of errors are those of its rules.
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
} from './administrator-schemas.ts';

const { between, fields, listOf, oneOf, text } = schemaWords;

const itemsMax = 25;

const pods = podSelection('podSelector');
const blockRule = { rule: 'isCIDR(self)', message: 'Invalid CIDR format provided' };
const egressPeer = exactlyOne({ ...pods, ...outsidePeers(blockRule), domainNames });

const ofProtocol = { ...fields({ destinationPort: exactlyOne({ number: portNumber, range: portRange() }) }), minProperties: 1 };
const protocols = someOf(exactlyOne({ tcp: ofProtocol, udp: ofProtocol, sctp: ofProtocol, destinationNamedPort: text }), itemsMax);

const ruleFields = { name: ruleName, action: oneOf('Accept', 'Deny', 'Pass'), protocols };
const ingressRule = fields({ ...ruleFields, from: someOf(exactlyOne(pods), itemsMax) }, 'action', 'from');
const egressRule = ruled(
  fields({ ...ruleFields, to: someOf(egressPeer, itemsMax) }, 'action', 'to'),
  '!(self.to.exists(peer, has(peer.networks) || has(peer.nodes) || has(peer.domainNames)) && has(self.protocols) && self.protocols.exists(protocol, has(protocol.destinationNamedPort)))',
  'networks/nodes/domainNames peer cannot be set with namedPorts since there are no namedPorts for networks/nodes/domainNames',
);

/** What the API server needs to serve ClusterNetworkPolicies. */
export const clusterNetworkPolicyDefinition: ReturnType<typeof administratorDefinition> = administratorDefinition({
  kind: 'ClusterNetworkPolicy',
  plural: 'clusternetworkpolicies',
  shortName: 'cnp',
  version: 'v1alpha2',
  approval: 'https://github.com/kubernetes-sigs/network-policy-api/pull/347',
  bundle: 'v0.2.0',
  columns: ['tier', 'priority'],
  spec: fields(
    {
      tier: oneOf('Admin', 'Baseline'),
      priority: { ...between(0, 1_000), format: 'int32' },
      subject: exactlyOne(pods),
      ingress: listOf(ingressRule, itemsMax),
      egress: listOf(egressRule, itemsMax),
    },
    'priority',
    'subject',
    'tier',
  ),
});
