/** Policies of the model as NetworkPolicies of Kubernetes: the way back from `compile-network-policy.ts`. */
import type { LabelSelector, NetworkPolicyPeer, NetworkPolicyPort } from '@weir/kube';
import { type Direction, defaultTierOrder, type LabelKey, type Rule, type Selector, type Side } from '@weir/model';
import { type Family, hasPorts, type ProtocolNumber, protocolNumber, subtractAddressRanges } from '@weir/net';
import type { PlacedPolicy } from '../policy-api.ts';
import { allBut, blocksOfRanges } from '../writing/address-blocks.ts';
import { podAlternatives } from '../writing/peer-alternatives.ts';
import { plainPeerOf } from '../writing/plain-peer.ts';
import { namesOf, onlyNamespace, selectorParts } from '../writing/selector-parts.ts';
import { writeLabelSelector } from '../writing/write-label-selector.ts';
import { writeRules } from '../writing/write-rules.ts';
import { NoWords, ReasonList, type WrittenPolicy } from '../writing/written-policy.ts';

/** What a rule says, without what it does. */
interface WrittenRule {
  readonly peers: readonly NetworkPolicyPeer[];
  readonly ports: readonly NetworkPolicyPort[];
}

/** A NetworkPolicy, where everything that is selected is in one namespace and the rules only allow. */
export function writeNetworkPolicy({ tier, policy }: PlacedPolicy): WrittenPolicy {
  const reasons = new ReasonList();
  if (tier.order !== defaultTierOrder || tier.end !== 'deny')
    reasons.add('tier', `${tier.name} comes before or after the place of NetworkPolicies, or passes on what no rule decides`);
  if (policy.staged) reasons.add('', 'it is staged, and NetworkPolicies are enforced');
  const subject = reasons.try('subject', () => writeSubject(policy.subject));
  const rulesOf = (direction: Direction): (WrittenRule | undefined)[] | undefined => {
    if (policy[direction]?.isolates === false)
      reasons.add(direction, 'it allows without isolating, and every NetworkPolicy isolates what it selects');
    return writeRules(reasons, policy, direction, (rule) => writeRule(rule, subject?.namespace));
  };
  const [ingress, egress] = [rulesOf('ingress'), rulesOf('egress')];
  return reasons.finish(() => [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: policy.ref.name, ...(subject === undefined ? {} : { namespace: subject.namespace }) },
      spec: {
        podSelector: subject?.podSelector,
        policyTypes: [...(ingress === undefined ? [] : ['Ingress']), ...(egress === undefined ? [] : ['Egress'])],
        ...(ingress === undefined || ingress.length === 0 ? {} : { ingress: ingress.map((rule) => inField('from', rule)) }),
        ...(egress === undefined || egress.length === 0 ? {} : { egress: egress.map((rule) => inField('to', rule)) }),
      },
    },
  ]);
}

function inField(field: 'from' | 'to', rule: WrittenRule | undefined): Record<string, unknown> {
  const { peers = [], ports = [] } = rule ?? {};
  return { ...(peers.length === 0 ? {} : { [field]: peers }), ...(ports.length === 0 ? {} : { ports }) };
}

function writeSubject(selector: Selector): { readonly namespace: string; readonly podSelector: LabelSelector } {
  const parts = selectorParts(selector);
  const namespace = onlyNamespace(parts);
  if (namespace === undefined) throw new NoWords('it selects pods of more than one namespace');
  if (parts.serviceAccount.length > 0) throw new NoWords('it selects pods by their service accounts');
  return { namespace, podSelector: writeLabelSelector(parts.pod, keyOf) };
}

function writeRule(rule: Rule, namespace: string | undefined): WrittenRule {
  const { action, match } = rule;
  if (action !== 'allow') throw new NoWords(`its action is "${action}", and rules of a NetworkPolicy only allow`);
  const peer = plainPeerOf(rule);
  return { peers: writePeers(peer, match.family, namespace), ports: writePorts(match.protocol, match.destination) };
}

function writePeers(side: Side, family: Family | undefined, namespace: string | undefined): NetworkPolicyPeer[] {
  const { selector, notSelector, nets, notNets, groups } = side;
  if (groups !== undefined) throw new NoWords('it names services or domain names');
  if (selector !== undefined || notSelector !== undefined) {
    if (family !== undefined) throw new NoWords('it asks for labels and addresses of one peer');
    return podAlternatives(side).map((one) => writePodPeer(one, namespace));
  }
  if (nets === undefined && notNets === undefined && family === undefined) return [];
  const families = family === undefined ? ([4, 6] as const) : [family];
  const ofFamily = (nets ?? allBut([], families)).filter(({ first }) => families.includes(first.family));
  const blocks = blocksOfRanges(subtractAddressRanges(ofFamily, notNets ?? []));
  if (blocks.length === 0) throw new NoWords('it means no address at all');
  return blocks.map(({ cidr, except }) => ({ ipBlock: { cidr, ...(except.length === 0 ? {} : { except }) } }));
}

function writePodPeer(selector: Selector, namespace: string | undefined): NetworkPolicyPeer {
  const parts = selectorParts(selector);
  if (parts.serviceAccount.length > 0) throw new NoWords('it asks for service accounts');
  const pods = writeLabelSelector(parts.pod, keyOf);
  if (namespace !== undefined && onlyNamespace(parts) === namespace) return { podSelector: pods };
  const namespaceSelector = writeLabelSelector([...namesOf(parts), ...parts.namespace], keyOf);
  return { namespaceSelector, ...(parts.pod.length === 0 ? {} : { podSelector: pods }) };
}

/** The name that Weir itself knows is a label of every namespace too. */
function keyOf({ space, key }: LabelKey): string {
  return space === 'reserved' ? 'kubernetes.io/metadata.name' : key;
}

const transports = ['TCP', 'UDP', 'SCTP'] as const;

function writePorts(protocol: ProtocolNumber | undefined, { ports, namedPorts }: Side): NetworkPolicyPort[] {
  const isForAll = ports === undefined && namedPorts === undefined;
  if (protocol === undefined && isForAll) return [];
  const names = transports.filter((name) => protocol === undefined || protocolNumber[name] === protocol);
  if (names.length === 0 || (protocol !== undefined && !hasPorts(protocol)))
    throw new NoWords(`it asks for protocol ${protocol}, and a NetworkPolicy knows TCP, UDP and SCTP`);
  return names.flatMap((name): NetworkPolicyPort[] => {
    if (isForAll) return [{ protocol: name }];
    return [
      ...(ports ?? []).map(({ first, last }) => ({
        protocol: name,
        port: Math.max(first, 1),
        ...(first === last ? {} : { endPort: last }),
      })),
      ...(namedPorts ?? []).map((port) => ({ protocol: name, port })),
    ];
  });
}
