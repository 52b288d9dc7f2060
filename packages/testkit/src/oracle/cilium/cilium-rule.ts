/** Whether a rule of Cilium names the other end of a flow, and what is sent. */
import { blockHolds, readAddress } from '../address-number.ts';
import { addressKey, type ResolvedEnd } from '../inhabitants.ts';
import { labelsSatisfy } from '../label-selection.ts';
import type { NumbersOfName } from '../rule-matching.ts';
import { type Identity, meansEndpoint, selects } from './cilium-identity.ts';
import type { BlockSection, CiliumFlow, CiliumWorld, RuleSection } from './cilium-objects.ts';

/** What is asked of a rule's peers. */
export interface PeerQuestion {
  readonly identity: Identity;
  readonly other: ResolvedEnd;
  /** The policy's; absent for policies of the cluster. */
  readonly namespace: string | undefined;
  readonly world: CiliumWorld;
  readonly flow: CiliumFlow;
  readonly isDeny: boolean;
}

const lists = ['Endpoints', 'CIDR', 'CIDRSet', 'Entities', 'Nodes', 'Services', 'FQDNs'] as const;

/**
 * Whether the rule names the other end. A rule without peers is about everybody when it has ports, and about nobody when it
 * is empty ("ingress: - {}"); an empty list selects nobody.
 */
export function namesPeers(rule: RuleSection, question: PeerQuestion): boolean {
  const fields = rule as Readonly<Record<string, readonly unknown[] | undefined>>;
  const given = lists.flatMap((list) => ['from', 'to'].map((prefix) => fields[`${prefix}${list}`]).filter((each) => each !== undefined));
  if (given.some((list) => list.length === 0)) return false;
  if (given.length === 0) return (rule.toPorts ?? []).length > 0 || (rule.icmps ?? []).length > 0;
  const { identity, other, namespace, world } = question;
  // CIDR rules "do not apply to traffic where both sides are managed by Cilium or use an address of a node".
  const isOutside = !identity.isPod && !identity.isNode;
  const isListed = (texts: readonly string[]): boolean =>
    isOutside && texts.some((text) => addressKey(readAddress(text)) === addressKey(other.address));
  return (
    [...(rule.fromEndpoints ?? []), ...(rule.toEndpoints ?? [])].some((selector) => meansEndpoint(selector, identity, namespace)) ||
    (isOutside && [...(rule.fromCIDR ?? []), ...(rule.toCIDR ?? [])].some((block) => blockHolds(block, other.address))) ||
    (isOutside && [...(rule.fromCIDRSet ?? []), ...(rule.toCIDRSet ?? [])].some((set) => blocksHold(set, question))) ||
    [...(rule.fromEntities ?? []), ...(rule.toEntities ?? [])].some((entity) => isEntity(entity, identity)) ||
    [...(rule.fromNodes ?? []), ...(rule.toNodes ?? [])].some(
      (selector) => identity.otherNode !== undefined && labelsSatisfy(selector, identity.otherNode.metadata.labels ?? {}),
    ) ||
    (rule.toServices ?? []).some(({ k8sService }) => isBehind(k8sService, question, isListed)) ||
    (rule.toFQDNs ?? []).some(({ matchName, matchPattern }) => isListed(world.resolved[matchName ?? matchPattern ?? ''] ?? []))
  );
}

function blocksHold({ cidr, cidrGroupRef, except = [] }: BlockSection, { other, world }: PeerQuestion): boolean {
  const group = world.cidrGroups.find(({ metadata }) => metadata.name === cidrGroupRef);
  const blocks = cidr === undefined ? (group?.spec.externalCIDRs ?? []) : [cidr];
  return blocks.some((block) => blockHolds(block, other.address)) && !except.some((hole) => blockHolds(hole, other.address));
}

/** Entities by the reserved labels that they stand for. */
function isEntity(entity: string, { labels, isPod }: Identity): boolean {
  if (entity === 'all') return true;
  if (entity === 'cluster') return isPod || ['host', 'remote-node', 'kube-apiserver'].some((name) => labels.has(`reserved:${name}`));
  return labels.has(`reserved:${entity}`);
}

/** Pods of the service's selector; without one its endpoints: to deny all their ports, to allow those that they serve. */
function isBehind(
  { serviceName, namespace }: { readonly serviceName: string; readonly namespace?: string },
  { identity, world, flow, isDeny }: PeerQuestion,
  isListed: (texts: readonly string[]) => boolean,
): boolean {
  return world.services
    .filter(({ metadata }) => metadata.name === serviceName && (namespace === undefined || metadata.namespace === namespace))
    .some(({ metadata, spec }) => {
      const { selector = {} } = spec ?? {};
      if (Object.keys(selector).length > 0) {
        const matchLabels = { ...selector, 'k8s:io.kubernetes.pod.namespace': metadata.namespace ?? '' };
        return selects({ matchLabels }, identity.labels);
      }
      return world.endpointSlices
        .filter((slice) => slice.metadata.namespace === metadata.namespace)
        .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === serviceName)
        .some(
          ({ endpoints = [], ports = [] }) =>
            endpoints.some(({ addresses }) => isListed(addresses)) &&
            (isDeny || ports.some(({ port, protocol = 'TCP' }) => port === flow.port && protocol === flow.protocol)),
        );
    });
}

/** Whether what is sent is in the rule: everything without ports and ICMP, "port 0 is all ports", ICMP only by its types. */
export function someTrafficIs(rule: RuleSection, numbersOf: NumbersOfName, flow: CiliumFlow): boolean {
  const { toPorts = [], icmps = [] } = rule;
  if (toPorts.length === 0 && icmps.length === 0) return true;
  const family = flowFamily(flow);
  return (
    toPorts.some(({ ports = [] }) => ports.some((port) => portIs(port, numbersOf, flow))) ||
    icmps.some(({ fields }) =>
      fields.some((field) => flow.protocol === 'ICMP' && (field.family ?? 'IPv4') === `IPv${family}` && field.type === flow.icmpType),
    )
  );
}

function portIs(
  { port, endPort = 0, protocol = 'ANY' }: { readonly port: string; readonly endPort?: number; readonly protocol?: string },
  numbersOf: NumbersOfName,
  flow: CiliumFlow,
): boolean {
  if (flow.port === undefined || (protocol !== 'ANY' && protocol !== flow.protocol)) return false;
  if (!/^[0-9]+$/.test(port)) return numbersOf(port.toLowerCase(), flow.protocol).includes(flow.port);
  const first = Number(port);
  return (first === 0 && endPort === 0) || (flow.port >= first && flow.port <= Math.max(first, endPort));
}

function flowFamily({ source }: CiliumFlow): 4 | 6 {
  if (source.kind === 'pod') return source.family ?? 4;
  return source.address.includes(':') ? 6 : 4;
}
