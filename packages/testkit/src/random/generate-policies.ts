/**
 * Random NetworkPolicies that the API server would take, with every construct of the API.
 *
 * Selectors are drawn from the same pools as labels, blocks from the addresses of the world, so
 * that most rules matter to some flow.
 */
import type {
  LabelSelector,
  LabelSelectorRequirement,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
  PolicyType,
} from '@weir/kube';
import { unreachable } from '@weir/net';
import { generateBlock } from './generate-blocks.ts';
import { namespaceLabelPool, podLabelPool, portNamePool, portNumberPool, portRangePool, transportPool } from './pools.ts';
import type { Random } from './random.ts';

/** What a policy can refer to. */
export interface PolicySite {
  readonly index: number;
  readonly namespaceNames: readonly string[];
  /** Addresses that blocks are drawn around. */
  readonly addresses: readonly string[];
}

/** One policy in one of the namespaces. */
export function generatePolicy(random: Random, site: PolicySite): NetworkPolicy {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `policy-${site.index}`, namespace: random.pick(site.namespaceNames), uid: `policy-uid-${site.index}` },
    spec: generateSpec(random, site),
  };
}

/** A spec with the sections in every combination of absent, empty and filled. */
export function generateSpec(random: Random, site: PolicySite): NetworkPolicySpec {
  const podSelector = random.chance(0.4) ? {} : generateSelector(random, podLabelPool);
  const policyTypes = random.pick<readonly PolicyType[] | undefined>([
    undefined,
    undefined,
    [],
    ['Ingress'],
    ['Egress'],
    ['Ingress', 'Egress'],
    ['Egress', 'Ingress'],
  ]);
  const ingress = generateRules(random, site)?.map(({ peers, ports }) => ({ ...(peers && { from: peers }), ...(ports && { ports }) }));
  const egress = generateRules(random, site)?.map(({ peers, ports }) => ({ ...(peers && { to: peers }), ...(ports && { ports }) }));
  return {
    ...(random.chance(0.95) ? { podSelector } : {}),
    ...(policyTypes && { policyTypes }),
    ...(ingress && { ingress }),
    ...(egress && { egress }),
  };
}

interface GeneratedRule {
  readonly peers?: readonly NetworkPolicyPeer[];
  readonly ports?: readonly NetworkPolicyPort[];
}

function generateRules(random: Random, site: PolicySite): GeneratedRule[] | undefined {
  if (random.chance(0.2)) return undefined;
  if (random.chance(0.12)) return [];
  if (random.chance(0.06)) return [{}];
  return random.times(random.integer(1, 3), () => {
    const peers = random.chance(0.12) ? random.pick([undefined, []]) : generatePeers(random, site);
    const ports = random.chance(0.3) ? random.pick([undefined, []]) : random.times(random.integer(1, 3), () => generatePort(random));
    return { ...(peers && { peers }), ...(ports && { ports }) };
  });
}

function generatePeers(random: Random, site: PolicySite): NetworkPolicyPeer[] {
  const peers = random.times(random.integer(1, 3), () => generatePeer(random, site));
  const block = peers.find(({ ipBlock }) => ipBlock !== undefined);
  // The same block twice, and a block around it without its holes: unions must not lose either.
  if (block !== undefined && random.chance(0.15)) peers.push(block);
  if (block?.ipBlock !== undefined && random.chance(0.1))
    peers.push({ ipBlock: generateBlock(random, [block.ipBlock.cidr.split('/')[0] ?? '']) });
  return peers;
}

function generatePeer(random: Random, site: PolicySite): NetworkPolicyPeer {
  const kind = random.pick(['pods', 'pods', 'namespaces', 'both', 'both', 'block', 'block'] as const);
  switch (kind) {
    case 'pods':
      return { podSelector: generateSelector(random, podLabelPool) };
    case 'namespaces':
      return { namespaceSelector: generateNamespaceSelector(random, site) };
    case 'both':
      return { podSelector: generateSelector(random, podLabelPool), namespaceSelector: generateNamespaceSelector(random, site) };
    case 'block':
      return { ipBlock: generateBlock(random, site.addresses) };
    default:
      return unreachable(kind);
  }
}

/** Namespaces by their labels, or by the label that has their name. */
export function generateNamespaceSelector(random: Random, site: PolicySite): LabelSelector {
  const names = { 'kubernetes.io/metadata.name': site.namespaceNames };
  return generateSelector(random, random.chance(0.3) ? names : namespaceLabelPool);
}

/** An empty selector, labels, expressions, or both; two requirements may ask for one key. */
export function generateSelector(random: Random, pool: Readonly<Record<string, readonly string[]>>): LabelSelector {
  if (random.chance(0.12)) return random.pick<LabelSelector>([{}, { matchLabels: {} }, { matchExpressions: [] }]);
  const keys = Object.keys(pool);
  const matchLabels = Object.fromEntries(
    random.sample(keys, random.chance(0.8) ? 1 : 2).map((key) => [key, random.pick(pool[key] ?? [''])]),
  );
  const matchExpressions = random.times(random.chance(0.75) ? 1 : 2, () => generateRequirement(random, pool));
  const kind = random.pick(['labels', 'labels', 'expressions', 'expressions', 'expressions', 'both'] as const);
  switch (kind) {
    case 'labels':
      return { matchLabels };
    case 'expressions':
      return { matchExpressions };
    case 'both':
      return { matchLabels, matchExpressions };
    default:
      return unreachable(kind);
  }
}

function generateRequirement(random: Random, pool: Readonly<Record<string, readonly string[]>>): LabelSelectorRequirement {
  // `absent` is a key that nothing has: only the negations hold for it.
  const key = random.chance(0.06) ? 'absent' : random.pick(Object.keys(pool));
  const operator = random.pick(['In', 'NotIn', 'Exists', 'DoesNotExist'] as const);
  if (operator === 'Exists' || operator === 'DoesNotExist') return { key, operator };
  const values = pool[key] ?? ['none'];
  return { key, operator, values: random.sample(values, random.integer(1, 2)) };
}

function generatePort(random: Random): NetworkPolicyPort {
  const protocol = random.pick([undefined, 'TCP', ...transportPool]);
  const withProtocol = protocol === undefined ? {} : { protocol };
  const kind = random.pick(['number', 'number', 'name', 'name', 'range', 'protocol'] as const);
  switch (kind) {
    case 'number':
      return { ...withProtocol, port: random.pick(portNumberPool) };
    case 'name':
      return { ...withProtocol, port: random.chance(0.93) ? random.pick(portNamePool) : 'unknown' };
    case 'range': {
      const [port, endPort] = random.pick(portRangePool);
      return { ...withProtocol, port, endPort };
    }
    case 'protocol':
      return protocol === undefined ? { protocol: random.pick(transportPool) } : withProtocol;
    default:
      return unreachable(kind);
  }
}
