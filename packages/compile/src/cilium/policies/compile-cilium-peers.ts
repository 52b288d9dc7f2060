/**
 * Whom a rule is about, as ends of the model.
 *
 * Blocks of addresses mean what is no pod and no node, whatever those of NetworkPolicies mean; entities and reserved labels mean
 * classes of what is no pod, and a service means what its selector selects, or the addresses that somebody wrote down.
 */
import { type KubeObject, type LabelSelector, matchesLabelSelector, parseApiCidr } from '@weir/kube';
import type { AddressGroupName, Side } from '@weir/model';
import { type AddressRange, cidrRange, defined, parseAddress, subtractAddressRanges, unionOfAddressRanges } from '@weir/net';
import { endpointSliceKind, nodeKind, serviceKind } from '../../core-kinds.ts';
import type { ReferredObjects } from '../../policy-api.ts';
import { membersOfEntity, type ReservedIdentity } from '../objects/cilium-entity.ts';
import { readCiliumLabelKey } from '../objects/cilium-label.ts';
import { type CiliumCidrRule, type CiliumDomain, type CiliumServiceReference, ciliumCidrGroupKind } from '../objects/cilium-policy.ts';
import { type CiliumRule, peerKinds } from '../objects/cilium-rule.ts';
import { addressesOfNode, addressesOfSlice, blocksOfGroup, selectorOfService } from '../objects/referred-fields.ts';
import { compileCiliumPeers, podsOfNamespace } from './compile-cilium-selector.ts';

/** One end, and which member of the rule's list it came from. */
export interface CiliumPeer {
  readonly side: Side;
  readonly peerIndex?: number;
  /** The field of that list, with `peerIndex`. */
  readonly list?: string;
  readonly path: string;
}

/** What the peers of a rule are read in. */
export interface PeerContext {
  /** The policy's; absent for policies of the cluster. */
  readonly namespace: string | undefined;
  readonly referred: ReferredObjects;
}

const everyAddress: readonly AddressRange[] = ['0.0.0.0/0', '::/0'].map(rangeOf);

/** The ends that a rule means; none when it means nobody. */
export function compileCiliumRulePeers(rule: CiliumRule, context: PeerContext): readonly CiliumPeer[] {
  const { peers, toPorts = [], icmps = [], path, prefix } = rule;
  if (peerKinds.every((kind) => peers[kind] === undefined)) {
    // A rule of nothing only isolates; one of ports alone means everybody.
    return toPorts.length === 0 && icmps.length === 0 ? [] : [{ side: {}, path }];
  }
  // A list that is there and empty selects nobody, whatever else the rule has.
  if (peerKinds.some((kind) => peers[kind]?.length === 0)) return [];
  return peerKinds.flatMap((kind) =>
    sidesOf(kind, rule, context).flatMap((sides, peerIndex) =>
      sides.map((side) => ({ side, peerIndex, list: `${prefix}${kind}`, path: `${path}.${prefix}${kind}[${peerIndex}]` })),
    ),
  );
}

/** The ends of each member of one list. */
function sidesOf(kind: (typeof peerKinds)[number], { peers, isDeny }: CiliumRule, context: PeerContext): readonly (readonly Side[])[] {
  switch (kind) {
    case 'Endpoints':
      return (peers.Endpoints ?? []).map((selector) => sidesOfSelector(selector, context));
    case 'CIDR':
      return (peers.CIDR ?? []).map((text) => [{ nets: [rangeOf(text)], outside: true }]);
    case 'CIDRSet':
      return (peers.CIDRSet ?? []).map((rule) => sidesOfCidrRule(rule, context));
    case 'Entities':
      return (peers.Entities ?? []).map((name) => sidesOfEntity(name, context));
    case 'Services':
      return (peers.Services ?? []).map((reference) => sidesOfServices(reference, isDeny, context));
    case 'FQDNs':
      return (peers.FQDNs ?? []).map((domain) => [{ groups: [domainGroup(domain)], outside: true }]);
    case 'Nodes':
      return (peers.Nodes ?? []).map((selector) => sidesOfNodes(selector, context));
    case 'Groups':
      // Refused before anything is compiled.
      return [];
    default:
      throw new Error('no such kind of peers');
  }
}

function sidesOfSelector(selector: LabelSelector, context: PeerContext): readonly Side[] {
  const { pods, identities } = compileCiliumPeers(selector, context.namespace);
  return [...(pods.kind === 'none' ? [] : [{ selector: pods }]), ...sidesOfIdentities(identities, context)];
}

function sidesOfEntity(name: string, context: PeerContext): readonly Side[] {
  const { everybody, pods, identities } = membersOfEntity(name);
  if (everybody === true) return [{}];
  return [...(pods === true ? [{ selector: { kind: 'all' } } as const] : []), ...sidesOfIdentities(identities, context)];
}

function sidesOfIdentities(identities: readonly ReservedIdentity[], context: PeerContext): readonly Side[] {
  const world = everyAddress.filter(({ first }) => identities.includes(first.family === 4 ? 'world4' : 'world6'));
  return [
    ...(identities.includes('host') ? [{ node: 'own' } as const] : []),
    ...(identities.includes('remoteNode') ? [{ node: 'other' } as const] : []),
    ...(world.length === 0 ? [] : [{ nets: world, outside: true } as const]),
    ...sidesOfApiServer(identities, context),
  ];
}

/** The API server keeps the endpoints of its own service; what is meant as a node or the world already is not said again. */
function sidesOfApiServer(identities: readonly ReservedIdentity[], { referred }: PeerContext): readonly Side[] {
  const isMeant = (identity: ReservedIdentity, within: ReservedIdentity): boolean =>
    identities.includes(identity) && !identities.includes(within);
  const onHost = isMeant('apiServerOnHost', 'host');
  const onNode = isMeant('apiServerOnNode', 'remoteNode');
  const outside = { 4: isMeant('apiServer4', 'world4'), 6: isMeant('apiServer6', 'world6') };
  if (!onHost && !onNode && !outside[4] && !outside[6]) return [];
  const slice = referred.get(endpointSliceKind, 'kubernetes', 'default');
  const nodes = slice === undefined ? [] : rangesOfAddresses(addressesOfSlice(slice));
  if (nodes.length === 0) return [];
  return [
    ...(onHost && onNode ? [{ nodes }] : onHost ? [{ node: 'own', nodes } as const] : onNode ? [{ node: 'other', nodes } as const] : []),
    ...sidesOfAddresses(nodes.filter(({ first }) => outside[first.family])),
  ];
}

/** Nodes by their labels; Cilium means other nodes than the pod's own, which is the entity `host`. */
function sidesOfNodes(selector: LabelSelector, { referred }: PeerContext): readonly Side[] {
  const nodes = referred.list(nodeKind).filter(({ metadata }) => matchesLabelSelector(withoutSources(selector), metadata.labels ?? {}));
  const addresses = rangesOfAddresses(nodes.flatMap(addressesOfNode));
  return addresses.length === 0 ? [] : [{ node: 'other', nodes: addresses }];
}

function sidesOfAddresses(nets: readonly AddressRange[]): readonly Side[] {
  return nets.length === 0 ? [] : [{ nets, outside: true }];
}

function rangesOfAddresses(texts: readonly string[]): readonly AddressRange[] {
  return unionOfAddressRanges(
    texts.flatMap((text) => {
      const address = parseAddress(text);
      return address === undefined ? [] : [{ first: address, last: address }];
    }),
  );
}

function sidesOfCidrRule(
  { cidr, cidrGroupRef, cidrGroupSelector, except = [] }: CiliumCidrRule,
  { referred }: PeerContext,
): readonly Side[] {
  const groups =
    cidrGroupRef !== undefined && cidrGroupRef !== ''
      ? [referred.get(ciliumCidrGroupKind, cidrGroupRef)]
      : cidrGroupSelector === undefined
        ? []
        : referred
            .list(ciliumCidrGroupKind)
            .filter(({ metadata }) => matchesLabelSelector(withoutSources(cidrGroupSelector), metadata.labels ?? {}));
  const texts = [
    ...(cidr === undefined || cidr === '' ? [] : [cidr]),
    ...groups.flatMap((group) => (group === undefined ? [] : blocksOfGroup(group))),
  ];
  const ranges = texts.flatMap((text) => readRange(text) ?? []);
  return sidesOfAddresses(subtractAddressRanges(unionOfAddressRanges(ranges), unionOfAddressRanges(except.map(rangeOf))));
}

function sidesOfServices(
  { k8sService, k8sServiceSelector }: CiliumServiceReference,
  isDeny: boolean,
  context: PeerContext,
): readonly Side[] {
  const { referred } = context;
  const namespace = (k8sServiceSelector ?? k8sService)?.namespace;
  const services = referred.list(serviceKind, namespace === '' ? undefined : namespace);
  const wanted =
    k8sServiceSelector === undefined
      ? services.filter(({ metadata }) => metadata.name === k8sService?.serviceName)
      : services.filter(({ metadata }) => matchesLabelSelector(withoutSources(k8sServiceSelector.selector ?? {}), metadata.labels ?? {}));
  return wanted.flatMap((service) => sidesOfService(service, isDeny, context));
}

/** Pods where the service selects any, else the addresses that are its endpoints, as far as they are no pods and no nodes. */
function sidesOfService(service: KubeObject, isDeny: boolean, { referred }: PeerContext): readonly Side[] {
  const { namespace = 'default', name = '' } = service.metadata;
  const selector = selectorOfService(service);
  if (Object.keys(selector).length > 0) return [{ selector: podsOfNamespace(selector, namespace) }];
  // A group holds the ports that are served, which is less than Cilium allows; a denial may not be less than it denies.
  if (!isDeny) return [{ groups: [`service/${namespace}/${name}`], outside: true }];
  const slices = referred
    .list(endpointSliceKind, namespace)
    .filter(({ metadata: { labels = {} } }) => labels['kubernetes.io/service-name'] === name);
  return sidesOfAddresses(rangesOfAddresses(slices.flatMap(addressesOfSlice)));
}

/** Objects of Kubernetes have labels without sources; any source means them. */
function withoutSources({ matchLabels = {}, matchExpressions = [] }: LabelSelector): LabelSelector {
  return {
    matchLabels: Object.fromEntries(Object.entries(matchLabels).map(([key, value]) => [readCiliumLabelKey(key).key, value])),
    matchExpressions: matchExpressions.map((requirement) => ({ ...requirement, key: readCiliumLabelKey(requirement.key).key })),
  };
}

/** The group of what a name, or the names that fit a pattern, resolve to; names are compared in lower case and without the last dot. */
function domainGroup({ matchName = '', matchPattern = '' }: CiliumDomain): AddressGroupName {
  const text = (matchName === '' ? matchPattern : matchName).trim().toLowerCase();
  return `domain/${text.endsWith('.') ? text.slice(0, -1) : text}`;
}

function rangeOf(text: string): AddressRange {
  return defined(readRange(text), `validation let the block ${text} through`);
}

function readRange(text: string): AddressRange | undefined {
  const block = parseApiCidr(text);
  if (block !== undefined) return cidrRange(block);
  const address = parseAddress(text);
  return address === undefined ? undefined : { first: address, last: address };
}
