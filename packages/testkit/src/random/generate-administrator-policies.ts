/**
 * Random policies of administrators that the API server would take: every kind, tier, action, peer and port. No two of a
 * tier have the same priority, and a baseline of v1alpha1 stands alone in its tier: the API leaves such orders open.
 */

import type {
  AdministratorObject,
  AdministratorRuleObject,
  AdministratorWorld,
  AdminPortChoice,
  PeerChoice,
  PodChoice,
  ProtocolChoice,
} from '../oracle/administrators/administrator-objects.ts';
import { nodeAddresses, podAddresses } from '../oracle/inhabitants.ts';
import type { World } from '../oracle/world.ts';
import { generateBlock } from './generate-blocks.ts';
import { generateNamespaceSelector, generateSelector, type PolicySite } from './generate-policies.ts';
import { externalAddressPool, podLabelPool, portNamePool, portNumberPool, portRangePool, transportPool } from './pools.ts';
import type { Random } from './random.ts';

/** The world with two to six policies of administrators. */
export function withAdministratorPolicies(random: Random, world: World): AdministratorWorld {
  const nodes = world.nodes ?? [];
  const site: PolicySite = {
    index: 0,
    namespaceNames: world.namespaces.map(({ metadata }) => metadata.name ?? ''),
    addresses: [...world.pods.flatMap(podAddresses), ...nodes.flatMap(nodeAddresses), ...externalAddressPool[4], ...externalAddressPool[6]],
  };
  const priorities = random.shuffle(random.times(20, (i) => i * 50));
  const isOfV1Alpha1 = random.chance(0.3);
  const policies = random.times(random.integer(2, 6), (index): AdministratorObject => {
    const priority = priorities[index] ?? 0;
    if (isOfV1Alpha1 && index === 0) return generateAdmin(random, site, { name: 'default' });
    if (random.chance(0.3)) return generateAdmin(random, site, { name: `admin-${index}`, priority });
    return generateCluster(random, site, { name: `cluster-${index}`, priority, isAdmin: isOfV1Alpha1 });
  });
  return { ...world, policyObjects: policies };
}

function generateCluster(
  random: Random,
  site: PolicySite,
  { name, priority, isAdmin }: { readonly name: string; readonly priority: number; readonly isAdmin: boolean },
): AdministratorObject {
  const traffic = (isEgressOutside: boolean): Pick<AdministratorRuleObject, 'protocols'> =>
    random.chance(0.4) ? {} : { protocols: random.times(random.integer(1, 3), () => generateProtocol(random, !isEgressOutside)) };
  const rules = rulesOf(random, site, { actions: ['Accept', 'Deny', 'Deny', 'Pass'], traffic });
  const tier = isAdmin || random.chance(0.5) ? 'Admin' : 'Baseline';
  return {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    metadata: { name, uid: name },
    spec: { tier, priority, subject: generatePods(random, site), ...rules },
  };
}

function generateAdmin(
  random: Random,
  site: PolicySite,
  { name, priority }: { readonly name: string; readonly priority?: number },
): AdministratorObject {
  // v1alpha1 asks for both selectors of pods, always.
  const traffic = (isEgressOutside: boolean): Pick<AdministratorRuleObject, 'ports'> =>
    random.chance(0.4) ? {} : { ports: random.times(random.integer(1, 3), () => generateAdminPort(random, !isEgressOutside)) };
  const actions = priority === undefined ? (['Allow', 'Deny'] as const) : (['Allow', 'Deny', 'Deny', 'Pass'] as const);
  const rules = rulesOf(random, site, { actions, traffic });
  const subject = generatePods(random, site, true);
  return {
    apiVersion: 'policy.networking.k8s.io/v1alpha1',
    kind: priority === undefined ? 'BaselineAdminNetworkPolicy' : 'AdminNetworkPolicy',
    metadata: { name, uid: name },
    spec: { ...(priority === undefined ? {} : { priority }), subject, ...rules },
  };
}

interface RuleParts {
  readonly actions: readonly AdministratorRuleObject['action'][];
  readonly traffic: (isEgressOutside: boolean) => Partial<AdministratorRuleObject>;
}

function rulesOf(
  random: Random,
  site: PolicySite,
  { actions, traffic }: RuleParts,
): Pick<AdministratorObject['spec'], 'ingress' | 'egress'> {
  const count = (): number => (random.chance(0.25) ? 0 : random.integer(1, 4));
  const ingress = random.times(count(), (): AdministratorRuleObject => {
    const from = random.times(random.integer(1, 2), () => generatePods(random, site, true));
    return { action: random.pick(actions), from, ...traffic(false) };
  });
  const egress = random.times(count(), (): AdministratorRuleObject => {
    const to = random.times(random.integer(1, 2), () => generatePeer(random, site));
    const isOutside = to.some(({ nodes, networks }) => nodes !== undefined || networks !== undefined);
    return { action: random.pick(actions), to, ...traffic(isOutside) };
  });
  return { ...(random.chance(0.2) && ingress.length === 0 ? {} : { ingress }), ...(egress.length === 0 ? {} : { egress }) };
}

function generatePods(random: Random, site: PolicySite, hasBoth = false): PodChoice {
  if (random.chance(0.4)) return { namespaces: generateNamespaceSelector(random, site) };
  const podSelector = generateSelector(random, podLabelPool);
  if (!hasBoth && random.chance(0.2)) return { pods: { podSelector } };
  return { pods: { namespaceSelector: random.chance(0.3) ? {} : generateNamespaceSelector(random, site), podSelector } };
}

function generatePeer(random: Random, site: PolicySite): PeerChoice {
  if (random.chance(0.3)) {
    const blocks = random.times(random.integer(1, 3), () => generateBlock(random, site.addresses).cidr);
    return { networks: [...new Set(blocks)] };
  }
  if (random.chance(0.2)) return { nodes: random.chance(0.5) ? {} : generateSelector(random, nodeLabelPool) };
  return generatePods(random, site, true);
}

const nodeLabelPool = { 'kubernetes.io/hostname': ['node-0', 'node-1', 'node-2'], 'kubernetes.io/os': ['linux', 'windows'] };

function generateProtocol(random: Random, mayBeNamed: boolean): ProtocolChoice {
  if (mayBeNamed && random.chance(0.3)) return { destinationNamedPort: random.pick(portNamePool) };
  const protocol = random.pick(transportPool);
  const [start, end] = random.pick(portRangePool);
  const destinationPort = start < end && random.chance(0.5) ? { range: { start, end } } : { number: random.pick(portNumberPool) };
  return { [protocol.toLowerCase()]: { destinationPort } };
}

function generateAdminPort(random: Random, mayBeNamed: boolean): AdminPortChoice {
  if (mayBeNamed && random.chance(0.3)) return { namedPort: random.pick(portNamePool) };
  const protocol = random.chance(0.3) ? {} : { protocol: random.pick(transportPool) };
  const [start, end] = random.pick(portRangePool);
  if (start < end && random.chance(0.5)) return { portRange: { ...protocol, start, end } };
  return { portNumber: { ...protocol, port: random.pick(portNumberPool) } };
}
