/** Policies of the model as those of Cilium: the way back from `compile-cilium-policy.ts`. */
import type { LabelSelector } from '@weir/kube';
import type { Direction, IcmpMessages, LabelKey, Policy, Rule, Selector, Side } from '@weir/model';
import { type PortRange, type ProtocolNumber, protocolNumber, transportNumber } from '@weir/net';
import { namespaceKey } from '../../kubernetes/compile-selector.ts';
import type { PlacedPolicy } from '../../policy-api.ts';
import { blocksOfRanges } from '../../writing/address-blocks.ts';
import { podAlternatives } from '../../writing/peer-alternatives.ts';
import { plainPeerOf } from '../../writing/plain-peer.ts';
import { namesOf, onlyNamespace, selectorParts } from '../../writing/selector-parts.ts';
import { writeLabelSelector } from '../../writing/write-label-selector.ts';
import { writeRules } from '../../writing/write-rules.ts';
import { NoWords, ReasonList, type WrittenPolicy } from '../../writing/written-policy.ts';
import { namespaceLabel, namespaceLabelsPrefix, serviceAccountLabel } from '../objects/cilium-label.ts';
import { auditAnnotation, type CiliumPort } from '../objects/cilium-policy.ts';
import { readCiliumPort } from '../objects/cilium-port.ts';
import { ciliumAllowTier, ciliumDenyTier } from './compile-cilium-policy.ts';

/** A rule's fields under the names that both directions share. */
interface WrittenRule {
  readonly peers: { readonly name: 'Endpoints' | 'CIDRSet' | 'Entities' | 'FQDNs'; readonly list: readonly unknown[] };
  readonly traffic: Readonly<Record<string, unknown>>;
}

/** The entity that a rule means as its peer, in the place of what the rule says; undefined where it says it. */
export type EntityOfRule = (rule: Rule) => string | undefined;

/**
 * A policy of a namespace where all that it selects is in one, else one of the cluster; it has no order among others.
 *
 * `entityOf` is for whoever knows of addresses what they are: nodes have none in Cilium's words.
 */
export function writeCiliumPolicy({ tier, policy }: PlacedPolicy, entityOf: EntityOfRule = () => undefined): WrittenPolicy {
  const reasons = new ReasonList();
  const isDeny = tier.name === ciliumDenyTier.name;
  if (!isDeny && (tier.order !== ciliumAllowTier.order || tier.end !== 'deny'))
    reasons.add('tier', `Cilium has no tiers, and ${tier.name} comes before or after its place`);
  const namespace = reasons.try('subject', () => onlyNamespace(selectorParts(policy.subject)));
  const subject = reasons.try('subject', () => writeSubject(policy.subject, namespace));
  const sections = (['ingress', 'egress'] as const).flatMap((direction) => {
    const rules = writeRules(reasons, policy, direction, (rule) =>
      inFields(direction, writeRule(rule, { isDeny, namespace, entity: entityOf(rule) })),
    );
    if (isDeny && rules?.length === 0) return [];
    // Of a section without rules nothing is read, and a rule of nothing lets nothing through.
    return rules === undefined ? [] : [[`${direction}${isDeny ? 'Deny' : ''}`, rules.length === 0 ? [{}] : rules] as const];
  });
  return reasons.finish(() => [
    {
      apiVersion: 'cilium.io/v2',
      kind: namespace === undefined ? 'CiliumClusterwideNetworkPolicy' : 'CiliumNetworkPolicy',
      metadata: {
        name: nameOf(policy, namespace),
        ...(namespace === undefined ? {} : { namespace }),
        ...(policy.staged ? { annotations: { [auditAnnotation]: 'true' } } : {}),
      },
      spec: { endpointSelector: subject, ...defaultDenyOf(policy), ...Object.fromEntries(sections) },
    },
  ]);
}

function nameOf({ ref }: Policy, namespace: string | undefined): string {
  return namespace === undefined && ref.namespace !== undefined ? `${ref.namespace}-${ref.name}` : ref.name;
}

/** Said only where the policy does not isolate a direction that it has rules for. */
function defaultDenyOf(policy: Policy): Record<string, unknown> {
  const open = (['ingress', 'egress'] as const).filter((direction) => policy[direction]?.isolates === false);
  return open.length === 0 ? {} : { enableDefaultDeny: Object.fromEntries(open.map((direction) => [direction, false])) };
}

function writeSubject(selector: Selector, namespace: string | undefined): LabelSelector {
  const parts = selectorParts(selector);
  const names = namespace === undefined ? namesOf(parts) : [];
  return writeLabelSelector([...names, ...parts.namespace, ...parts.pod, ...parts.serviceAccount], keyOf);
}

function inFields(direction: Direction, { peers, traffic }: WrittenRule): Record<string, unknown> {
  return { [`${direction === 'ingress' ? 'from' : 'to'}${peers.name}`]: peers.list, ...traffic };
}

/** What a rule is written in. */
interface RuleContext {
  readonly isDeny: boolean;
  readonly namespace: string | undefined;
  readonly entity: string | undefined;
}

function writeRule(rule: Rule, { isDeny, namespace, entity }: RuleContext): WrittenRule {
  const { action, match } = rule;
  if (action !== (isDeny ? 'deny' : 'allow'))
    throw new NoWords(`its action is "${action}", and Cilium has no order in which it could stand among what is allowed`);
  const names = namesOutside(rule, isDeny);
  const peer = plainPeerOf(names === undefined ? rule : withoutNames(rule));
  if (match.family !== undefined && match.icmp === undefined) throw new NoWords('it is about one family of addresses');
  const said: WrittenRule['peers'] | undefined = entity === undefined ? names : { name: 'Entities', list: [entity] };
  return { peers: said ?? writePeers(peer, namespace), traffic: writeTraffic(match.protocol, match.icmp, match.destination) };
}

/** Names mean what is outside of the cluster there, and only where connections may go. */
function namesOutside({ match: { destination }, origin }: Rule, isDeny: boolean): WrittenRule['peers'] | undefined {
  const { groups = [], outside, nets, notNets, selector, notSelector } = destination;
  if (outside !== true || [nets, notNets, selector, notSelector].some((asked) => asked !== undefined)) return undefined;
  const names = groups.flatMap((group) => (group.startsWith('domain/') ? [group.slice('domain/'.length)] : []));
  if (isDeny || origin.direction !== 'egress' || names.length === 0 || names.length < groups.length) return undefined;
  return { name: 'FQDNs', list: names.map((name) => (name.includes('*') ? { matchPattern: name } : { matchName: name })) };
}

function withoutNames(rule: Rule): Rule {
  const { groups: _g, outside: _o, ...destination } = rule.match.destination;
  return { ...rule, match: { ...rule.match, destination } };
}

function writePeers(side: Side, namespace: string | undefined): WrittenRule['peers'] {
  const { selector, notSelector, nets, notNets, groups } = side;
  if (groups !== undefined) throw new NoWords('it names services or domain names, which mean what is outside of the cluster alone there');
  if (selector !== undefined || notSelector !== undefined)
    return { name: 'Endpoints', list: podAlternatives(side).map((one) => writePods(one, namespace)) };
  if (notNets !== undefined) throw new NoWords('it excludes addresses');
  if (nets === undefined) return { name: 'Entities', list: ['all'] };
  const blocks = blocksOfRanges(nets).map(({ cidr, except }) => ({ cidr, ...(except.length === 0 ? {} : { except }) }));
  // An empty list means nobody there too.
  return { name: 'CIDRSet', list: blocks };
}

/** Always with a namespace: without one the policy's own would be meant. */
function writePods(selector: Selector, namespace: string | undefined): LabelSelector {
  const parts = selectorParts(selector);
  const isOwn = namespace !== undefined && onlyNamespace(parts) === namespace;
  // What asks for the absence of labels would mean nodes and the world too.
  const isNamed = parts.namespaces !== undefined || parts.namespace.some((one) => one.kind === 'in' && isNameOfNamespace(one.label));
  const anywhere: readonly Selector[] = isOwn || isNamed ? [] : [{ kind: 'exists', label: namespaceKey }];
  return writeLabelSelector(
    [...(isOwn ? [] : namesOf(parts)), ...anywhere, ...parts.namespace, ...parts.pod, ...parts.serviceAccount],
    keyOf,
  );
}

/** The label that every namespace has its name in; Cilium's pods have it in one of their own. */
function isNameOfNamespace({ space, key }: LabelKey): boolean {
  return space === 'namespace' && key === 'kubernetes.io/metadata.name';
}

function keyOf(label: LabelKey): string {
  const { space, key } = label;
  if (isNameOfNamespace(label)) return `k8s:${namespaceLabel}`;
  if (space === 'namespace') return `k8s:${namespaceLabelsPrefix}${key}`;
  if (space === 'pod') return key;
  if (space === 'reserved' && key === namespaceKey.key) return `k8s:${namespaceLabel}`;
  if (space === 'reserved' && key === 'serviceAccount') return `k8s:${serviceAccountLabel}`;
  throw new NoWords(`Cilium has no label for "${key}"`);
}

function writeTraffic(
  protocol: ProtocolNumber | undefined,
  icmp: IcmpMessages | undefined,
  { ports, namedPorts }: Side,
): Record<string, unknown> {
  if (icmp !== undefined) return { icmps: [{ fields: [writeMessages(protocol, icmp)] }] };
  const isForAll = ports === undefined && namedPorts === undefined;
  if (protocol === undefined && isForAll) return {};
  const of = protocol === undefined ? {} : { protocol: writeProtocol(protocol) };
  const written: CiliumPort[] = isForAll
    ? [{ port: '0', ...of }]
    : [
        ...(ports ?? []).map((range) => ({ ...writeRange(range), ...of })),
        ...(namedPorts ?? []).map((name) => ({ port: writableName(name), ...of })),
      ];
  return { toPorts: [{ ports: written }] };
}

function writeProtocol(protocol: ProtocolNumber): string {
  const name = (['TCP', 'UDP', 'SCTP'] as const).find((each) => transportNumber(each) === protocol);
  if (name === undefined) throw new NoWords(`it asks for protocol ${protocol} as a whole, and Cilium knows TCP, UDP and SCTP`);
  return name;
}

function writeRange({ first, last }: PortRange): CiliumPort {
  return { port: String(first), ...(first === last ? {} : { endPort: last }) };
}

/** Cilium reads names without regard to case. */
function writableName(name: string): string {
  const read = readCiliumPort(name);
  if (read === undefined || !('name' in read) || read.name !== name)
    throw new NoWords(`Cilium cannot name the port ${JSON.stringify(name)}`);
  return name;
}

function writeMessages(protocol: ProtocolNumber | undefined, { type, code }: IcmpMessages): Record<string, unknown> {
  if (code !== undefined) throw new NoWords('it asks for the code of a message');
  return { family: protocol === protocolNumber.ICMPv6 ? 'IPv6' : 'IPv4', type };
}
