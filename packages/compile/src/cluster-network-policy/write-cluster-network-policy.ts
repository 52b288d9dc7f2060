/**
 * Policies of the model as ClusterNetworkPolicies, where these can say the same.
 *
 * They never stand among the policies of namespaces: what isolates and allows there becomes two policies of the tier
 * behind, one that accepts and, with a later priority, one that denies the rest. That holds where no policy of a
 * namespace is left that selects the same pods.
 */

import type { KubeObject, LabelSelector } from '@weir/kube';
import { type Action, defaultTierOrder, type LabelKey, type Policy, type Rule, type Selector, type Side } from '@weir/model';
import { cidrsOfRange, formatCidr, type PortRange, type ProtocolNumber, protocolNumber } from '@weir/net';
import type { PlacedPolicy } from '../policy-api.ts';
import { podAlternatives } from '../writing/peer-alternatives.ts';
import { plainPeerOf } from '../writing/plain-peer.ts';
import { namesOf, selectorParts } from '../writing/selector-parts.ts';
import { writeLabelSelector } from '../writing/write-label-selector.ts';
import { writeRules } from '../writing/write-rules.ts';
import { NoWords, ReasonList, type WrittenPolicy } from '../writing/written-policy.ts';
import type { AdministratorTier } from './administrator-policy.ts';
import { tierPlaces } from './administrator-tiers.ts';
import {
  type AdministratorPeer,
  administratorGroup,
  type ClusterNetworkPolicyProtocol,
  type ClusterNetworkPolicyRule,
  type PodSelection,
} from './cluster-network-policy.ts';

/** Where policies of namespaces go: all that accept before all that deny; equal priorities do the same. */
const acceptPriority = 500;
const denyPriority = 1_000;

/** So many blocks can be in one peer. */
const networksMax = 25;

const everywhere: AdministratorPeer = { networks: ['0.0.0.0/0', '::/0'] };
const actions: Readonly<Partial<Record<Action, ClusterNetworkPolicyRule['action']>>> = { allow: 'Accept', deny: 'Deny', pass: 'Pass' };

/**
 * One policy, or two for one of a namespace.
 *
 * Pods that a policy of a namespace isolates get nothing from anybody that it does not name; here that can be said of pods
 * as sources alone. With `pods` as the sources that matter it is said of these; without, such a policy has no words.
 */
export function writeClusterNetworkPolicy({ tier, policy }: PlacedPolicy, sources: 'all' | 'pods' = 'all'): WrittenPolicy {
  const reasons = new ReasonList();
  const own = (Object.keys(tierPlaces) as AdministratorTier[]).find((name) => tierPlaces[name].name === tier.name);
  if (own === undefined && (tier.order !== defaultTierOrder || tier.end !== 'deny'))
    reasons.add('tier', `it is in ${tier.name}, and there are Admin and Baseline alone`);
  if (own !== undefined && !(Number.isInteger(policy.order) && policy.order >= 0 && policy.order <= 1_000))
    reasons.add('order', 'a priority is a whole number from 0 to 1000');
  if (policy.staged) reasons.add('', 'it is staged, and ClusterNetworkPolicies are enforced');
  if (own === undefined && policy.ingress !== undefined && sources === 'all')
    reasons.add('ingress', 'pods that it isolates get nothing from outside of the cluster, and no ClusterNetworkPolicy can deny that');
  const subject = reasons.try('subject', () => writePods(policy.subject));
  const [ingress, egress] = (['ingress', 'egress'] as const).map(
    (direction) => writeRules(reasons, policy, direction, (rule) => writeRule(rule, own === undefined)) ?? [],
  );
  const object = (name: string, priority: number, rules: Record<string, unknown>): KubeObject & { readonly spec: unknown } => ({
    apiVersion: `${administratorGroup}/v1alpha2`,
    kind: 'ClusterNetworkPolicy',
    metadata: { name },
    spec: { tier: own ?? 'Baseline', priority, subject, ...rules },
  });
  const name = nameOf(policy);
  return reasons.finish(() => {
    const rules = { ...(ingress?.length === 0 ? {} : { ingress }), ...(egress?.length === 0 ? {} : { egress }) };
    if (own !== undefined) return [object(name, policy.order, rules)];
    const rest = {
      ...(policy.ingress?.isolates === true ? { ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }] } : {}),
      ...(policy.egress?.isolates === true ? { egress: [{ action: 'Deny', to: [everywhere] }] } : {}),
    };
    return [
      ...(Object.keys(rules).length === 0 ? [] : [object(name, acceptPriority, rules)]),
      ...(Object.keys(rest).length === 0 ? [] : [object(`${name}-rest`, denyPriority, rest)]),
    ];
  });
}

function nameOf({ ref }: Policy): string {
  return ref.namespace === undefined ? ref.name : `${ref.namespace}-${ref.name}`;
}

function writeRule(rule: Rule, onlyAllows: boolean): ClusterNetworkPolicyRule {
  const { action, match, origin } = rule;
  const written = actions[action];
  if (written === undefined || (onlyAllows && action !== 'allow')) throw new NoWords(`its action is "${action}"`);
  if (match.icmp !== undefined || match.family !== undefined) throw new NoWords('it asks for messages or a family of addresses');
  const peer = plainPeerOf(rule);
  const protocols = writeProtocols(match.protocol, match.destination);
  const peers = writePeers(peer, origin.direction === 'ingress');
  return {
    action: written,
    ...(origin.direction === 'ingress' ? { from: peers } : { to: peers }),
    ...(protocols.length === 0 ? {} : { protocols }),
  };
}

function writePeers(side: Side, isIngress: boolean): readonly AdministratorPeer[] {
  const { selector, notSelector, nets, notNets, groups } = side;
  if (groups !== undefined) {
    if (nets !== undefined || notNets !== undefined) throw new NoWords('it means names and addresses at once');
    return [{ domainNames: groups.map(writeDomain) }];
  }
  if (selector !== undefined || notSelector !== undefined) return podAlternatives(side).map(writePods);
  if (isIngress) throw new NoWords('it means addresses, and sources are pods alone');
  if (notNets !== undefined) throw new NoWords('it excludes addresses');
  return nets === undefined ? [everywhere] : inPeers(nets.flatMap(cidrsOfRange).map(formatCidr));
}

/** As many peers as it takes. */
function inPeers(networks: readonly string[]): AdministratorPeer[] {
  const peers: AdministratorPeer[] = [];
  for (let at = 0; at < networks.length; at += networksMax) peers.push({ networks: networks.slice(at, at + networksMax) });
  return peers;
}

function writeDomain(group: string): string {
  const name = group.slice('domain/'.length);
  const written = name.startsWith('**.') ? name.slice(1) : name;
  if (!group.startsWith('domain/') || written.slice(1).includes('*')) throw new NoWords(`it names ${group}`);
  return written;
}

function writePods(selector: Selector): PodSelection {
  const parts = selectorParts(selector);
  if (parts.serviceAccount.length > 0) throw new NoWords('it asks for service accounts');
  const namespaces: LabelSelector = writeLabelSelector([...namesOf(parts), ...parts.namespace], keyOf);
  if (parts.pod.length === 0) return { namespaces };
  return { pods: { namespaceSelector: namespaces, podSelector: writeLabelSelector(parts.pod, keyOf) } };
}

/** The name that Weir itself knows is a label of every namespace too. */
function keyOf({ space, key }: LabelKey): string {
  return space === 'reserved' ? 'kubernetes.io/metadata.name' : key;
}

const fields: ReadonlyMap<ProtocolNumber, 'tcp' | 'udp' | 'sctp'> = new Map([
  [protocolNumber.TCP, 'tcp'],
  [protocolNumber.UDP, 'udp'],
  [protocolNumber.SCTP, 'sctp'],
]);

function writeProtocols(protocol: ProtocolNumber | undefined, { ports, namedPorts }: Side): ClusterNetworkPolicyProtocol[] {
  if (protocol === undefined && ports === undefined) return (namedPorts ?? []).map((name) => ({ destinationNamedPort: name }));
  if (namedPorts !== undefined) throw new NoWords('it names ports of one protocol, and a name there is one of any');
  if (protocol === undefined) throw new NoWords('it asks for ports of any protocol');
  const field = fields.get(protocol);
  if (field === undefined) throw new NoWords(`it asks for protocol ${protocol}, and there are TCP, UDP and SCTP`);
  return (ports ?? [everyPort]).map((range) => ({ [field]: { destinationPort: writeRange(range) } }));
}

/** A protocol cannot stand alone there; nothing can listen on port 0. */
const everyPort: PortRange = { first: 1, last: 65_535 };

function writeRange({ first, last }: PortRange): { number: number } | { range: { start: number; end: number } } {
  return first === last ? { number: first } : { range: { start: first, end: last } };
}
