/**
 * Random policies of Cilium with every construct that is enforced, and the objects that they refer to.
 *
 * Blocks, names and services are drawn around the addresses of the world, so that answers of names and endpoints of
 * services are pods and nodes too, which must not count.
 */
import type { EndpointSlice, LabelSelector, LabelSelectorRequirement, Service } from '@weir/kube';
import { defined, unreachable } from '@weir/net';
import type {
  BlockSection,
  CidrGroupObject,
  CiliumPolicyObject,
  CiliumWorld,
  PolicySection,
  PortSection,
  RuleSection,
} from '../oracle/cilium/cilium-objects.ts';
import { nodeAddresses, podAddresses } from '../oracle/inhabitants.ts';
import type { World } from '../oracle/world.ts';
import { generateBlock } from './generate-blocks.ts';
import { externalAddressPool, namespaceLabelPool, podLabelPool, portNamePool, portNumberPool, portRangePool } from './pools.ts';
import { Random } from './random.ts';

interface Site {
  readonly random: Random;
  readonly namespaceNames: readonly string[];
  readonly addresses: readonly string[];
}

/** Names and patterns that policies have. */
const domains = ['www.example.com', 'api.example.com', '*.example.com'] as const;
const groupNames = ['partners', 'offices', 'missing'] as const;
const serviceNames = ['front', 'outside', 'missing'] as const;
const entities = [
  'all',
  'world',
  'world-ipv4',
  'world-ipv6',
  'cluster',
  'host',
  'remote-node',
  'kube-apiserver',
  'init',
  'health',
  'unmanaged',
  'ingress',
  'none',
] as const;

/** The types of messages that flows have. */
export const icmpTypes = [8, 128, 3] as const;

/** The world with policies of Cilium besides; the same seed gives the same ones. */
export function withCiliumPolicies(world: World, seed: number): CiliumWorld {
  const random = new Random(seed ^ 0x5eed);
  const addresses = [
    ...world.pods.flatMap(podAddresses),
    ...(world.nodes ?? []).flatMap(nodeAddresses),
    ...externalAddressPool[4],
    ...externalAddressPool[6],
  ];
  const namespaceNames = [...new Set(world.pods.flatMap(({ metadata }) => metadata.namespace ?? []))];
  const site: Site = { random, namespaceNames, addresses };
  const nodes = (world.nodes ?? []).map((node) => ({
    ...node,
    metadata: { ...node.metadata, labels: { ...node.metadata.labels, role: random.pick(['worker', 'edge']) } },
  }));
  return {
    ...world,
    nodes,
    ciliumPolicies: random.times(random.integer(2, 5), (index) => generateCiliumPolicy(site, index)),
    cidrGroups: groupNames.slice(0, 2).map((name) => cidrGroup(site, name)),
    services: serviceNames.slice(0, 2).map((name) => service(site, name)),
    endpointSlices: [slice(site, 'default', 'kubernetes'), ...namespaceNames.map((namespace) => slice(site, namespace, 'outside'))],
    resolved: Object.fromEntries(domains.map((name) => [name, random.sample(addresses, 3)])),
  };
}

/** The world with policies for its nodes besides: of the cluster, by labels of nodes or by being a host. */
export function withCiliumHostPolicies(world: CiliumWorld, seed: number): CiliumWorld {
  const random = new Random(seed ^ 0x4057);
  const outside = [...externalAddressPool[4], ...externalAddressPool[6]];
  const addresses = [...world.pods.flatMap(podAddresses), ...(world.nodes ?? []).flatMap(nodeAddresses), ...outside];
  const namespaceNames = [...new Set(world.pods.flatMap(({ metadata }) => metadata.namespace ?? []))];
  const policies = random.times(random.integer(1, 3), (index): CiliumPolicyObject => {
    const { endpointSelector: _pods, ...section } = generateSection({ random, namespaceNames, addresses });
    const source = random.pick(['', 'k8s:', 'any:']);
    const nodeSelector = random.pick([
      {},
      generateLabels(random, { role: ['worker', 'edge'], 'kubernetes.io/hostname': ['node-0', 'node-1'] }, source),
      generateLabels(random, { host: [''] }, 'reserved:'),
    ]);
    return {
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumClusterwideNetworkPolicy',
      metadata: { name: `host-${index}`, uid: `cilium-host-uid-${index}` },
      spec: { nodeSelector, ...section },
    };
  });
  return { ...world, ciliumPolicies: [...world.ciliumPolicies, ...policies] };
}

function generateCiliumPolicy(site: Site, index: number): CiliumPolicyObject {
  const { random } = site;
  const isClusterwide = random.chance(0.3);
  const metadata = { name: `cilium-${index}`, uid: `cilium-uid-${index}` };
  const sections = random.times(random.chance(0.75) ? 1 : 2, () => generateSection(site));
  return {
    apiVersion: 'cilium.io/v2',
    kind: isClusterwide ? 'CiliumClusterwideNetworkPolicy' : 'CiliumNetworkPolicy',
    metadata: isClusterwide ? metadata : { ...metadata, namespace: random.pick(site.namespaceNames) },
    ...(sections.length === 1 && random.chance(0.8) ? { spec: defined(sections[0], 'the only section') } : { specs: sections }),
  };
}

function generateSection(site: Site): PolicySection {
  const { random } = site;
  const ingress = rules(site, 'from', false);
  const egress = rules(site, 'to', false);
  const ingressDeny = random.chance(0.4) ? rules(site, 'from', true) : undefined;
  const egressDeny = random.chance(0.4) ? rules(site, 'to', true) : undefined;
  const enableDefaultDeny = random.chance(0.25) ? { ingress: random.chance(0.5), egress: random.chance(0.5) } : undefined;
  const section = {
    ...(ingress && { ingress }),
    ...(egress && { egress }),
    ...(ingressDeny && { ingressDeny }),
    ...(egressDeny && { egressDeny }),
    ...(enableDefaultDeny && { enableDefaultDeny }),
  };
  const says = [ingress, egress, ingressDeny, egressDeny].some((list) => (list ?? []).length > 0);
  return {
    endpointSelector: random.chance(0.4) ? {} : generateLabels(random, podLabelPool, random.pick(['', 'k8s:', 'any:'])),
    ...(says ? section : { ...section, ingress: [{}] }),
  };
}

function rules(site: Site, prefix: 'from' | 'to', isDeny: boolean): RuleSection[] | undefined {
  const { random } = site;
  if (random.chance(0.3)) return undefined;
  if (random.chance(0.08)) return [];
  return random.times(random.integer(1, 2), () => ({ ...peers(site, prefix, isDeny), ...traffic(random) }));
}

function peers(site: Site, prefix: 'from' | 'to', isDeny: boolean): RuleSection {
  const { random, addresses } = site;
  const some = <T>(make: () => T): T[] => random.times(random.integer(1, 2), make);
  const kinds = ['none', 'empty', 'Endpoints', 'Endpoints', 'CIDR', 'CIDRSet', 'Entities', 'Entities', 'Nodes'] as const;
  const kind = random.pick([...kinds, ...(prefix === 'to' ? (['Services', ...(isDeny ? [] : (['FQDNs'] as const))] as const) : [])]);
  switch (kind) {
    case 'none':
      return {};
    case 'empty':
      return { [`${prefix}${random.pick(['Endpoints', 'CIDR', 'Entities'])}`]: [] };
    case 'Endpoints':
      return { [`${prefix}Endpoints`]: some(() => endpoints(site)) };
    case 'CIDR':
      return { [`${prefix}CIDR`]: some(() => generateBlock(random, addresses).cidr) };
    case 'CIDRSet':
      return { [`${prefix}CIDRSet`]: some(() => blocks(site)) };
    case 'Entities':
      return { [`${prefix}Entities`]: some(() => entity(random, isDeny && prefix === 'from')) };
    case 'Nodes':
      return { [`${prefix}Nodes`]: some(() => generateLabels(random, { role: ['worker', 'edge'] }, '')) };
    case 'Services':
      return { toServices: some(() => ({ k8sService: reference(site) })) };
    case 'FQDNs':
      return { toFQDNs: some(() => domain(random)) };
    default:
      return unreachable(kind);
  }
}

/** Denials of the own node are refused. */
function entity(random: Random, isIngressDenial: boolean): string {
  return random.pick(isIngressDenial ? entities.filter((name) => name !== 'host') : entities);
}

function reference({ random, namespaceNames }: Site): { serviceName: string; namespace?: string } {
  const serviceName = random.pick(serviceNames);
  return random.chance(0.5) ? { serviceName } : { serviceName, namespace: random.pick(namespaceNames) };
}

function domain(random: Random): { matchName?: string; matchPattern?: string } {
  const text = random.pick(domains);
  return text.includes('*') ? { matchPattern: text } : { matchName: text };
}

function blocks(site: Site): BlockSection {
  const { cidr, except } = generateBlock(site.random, site.addresses);
  if (site.random.chance(0.6)) return except === undefined ? { cidr } : { cidr, except };
  const cidrGroupRef = site.random.pick(groupNames);
  return site.random.chance(0.6) ? { cidrGroupRef } : { cidrGroupRef, except: [cidr] };
}

/** Labels of pods with sources, namespaces by name and by labels, reserved labels, and negations of any. */
function endpoints(site: Site): LabelSelector {
  const { random, namespaceNames } = site;
  const source = random.pick(['', '', 'k8s:', 'any:', 'container:']);
  const kind = random.pick(['pods', 'pods', 'all', 'namespace', 'namespace labels', 'reserved', 'cluster'] as const);
  switch (kind) {
    case 'pods':
      return generateLabels(random, podLabelPool, source);
    case 'all':
      return {};
    case 'namespace':
      return generateLabels(random, { 'io.kubernetes.pod.namespace': namespaceNames }, random.pick(['', 'k8s:', 'any:']));
    case 'namespace labels':
      return generateLabels(random, prefixed(namespaceLabelPool), random.pick(['', 'k8s:', 'any:']));
    case 'reserved':
      return generateLabels(random, { [random.pick(['host', 'remote-node', 'world', 'world-ipv6', 'init'])]: [''] }, 'reserved:');
    case 'cluster':
      return generateLabels(random, { 'io.cilium.k8s.policy.cluster': ['default', 'far'] }, source);
    default:
      return unreachable(kind);
  }
}

function prefixed(pool: Readonly<Record<string, readonly string[]>>): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.entries(pool).map(([key, values]) => [`io.cilium.k8s.namespace.labels.${key}`, values]));
}

function generateLabels(random: Random, pool: Readonly<Record<string, readonly string[]>>, source: string): LabelSelector {
  const keys = Object.keys(pool);
  const key = random.pick(keys);
  const values = pool[key] ?? [''];
  if (random.chance(0.5)) return { matchLabels: { [`${source}${key}`]: random.pick(values) } };
  const operator = random.pick(['In', 'NotIn', 'Exists', 'DoesNotExist'] as const);
  const requirement: LabelSelectorRequirement =
    operator === 'In' || operator === 'NotIn'
      ? { key: `${source}${key}`, operator, values: random.sample(values, 1) }
      : { key: `${source}${key}`, operator };
  return { matchExpressions: [requirement] };
}

function traffic(random: Random): Pick<RuleSection, 'toPorts' | 'icmps'> {
  const kind = random.pick(['all', 'all', 'ports', 'ports', 'ports', 'icmp'] as const);
  if (kind === 'all') return random.chance(0.2) ? { toPorts: [] } : {};
  if (kind === 'ports') return { toPorts: random.times(random.integer(1, 2), () => generatePorts(random)) };
  const family = random.pick(['IPv4', 'IPv6', undefined]);
  return { icmps: [{ fields: [{ ...(family && { family }), type: random.pick(icmpTypes) }] }] };
}

function generatePorts(random: Random): PortSection {
  if (random.chance(0.05)) return {};
  return {
    ports: random.times(random.integer(1, 2), () => {
      const protocol = random.pick([undefined, 'ANY', 'TCP', 'UDP', 'SCTP']);
      const kind = random.pick(['number', 'number', 'range', 'name', 'every'] as const);
      const [first, last] = random.pick(portRangePool);
      const port = {
        number: { port: String(random.pick(portNumberPool)) },
        range: { port: String(first), endPort: last },
        name: { port: random.pick(portNamePool) },
        every: { port: '0' },
      }[kind];
      return { ...port, ...(protocol && { protocol }) };
    }),
  };
}

function cidrGroup({ random, addresses }: Site, name: string): CidrGroupObject {
  const externalCIDRs = random.times(random.integer(0, 2), () => generateBlock(random, addresses).cidr);
  return { apiVersion: 'cilium.io/v2', kind: 'CiliumCIDRGroup', metadata: { name }, spec: { externalCIDRs } };
}

function service({ random, namespaceNames }: Site, name: string): Service {
  const selector = name === 'outside' ? {} : { app: random.pick(podLabelPool['app'] ?? ['web']) };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: random.pick(namespaceNames) }, spec: { selector } };
}

function slice({ random, addresses }: Site, namespace: string, name: string): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: random.sample(addresses, random.integer(1, 3)).map((address) => ({ addresses: [address] })),
    ports: [{ port: random.pick(portNumberPool), protocol: random.pick(['TCP', 'UDP']) }],
  };
}
