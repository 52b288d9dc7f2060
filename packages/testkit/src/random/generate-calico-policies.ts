/**
 * Random worlds of Calico that its API would take: policies of every kind in tiers of any order beside those of Kubernetes
 * and of administrators, network sets around the addresses of the world, and service accounts.
 */
import type { KubeObject } from '@weir/kube';
import type { CalicoPolicyObject, CalicoWorld, NetworkSetObject, TierObject } from '../oracle/calico/calico-objects.ts';
import { nodeAddresses, podAddresses } from '../oracle/inhabitants.ts';
import type { World } from '../oracle/world.ts';
import { withAdministratorPolicies } from './generate-administrator-policies.ts';
import { generateBlock } from './generate-blocks.ts';
import { type CalicoSite, generateCalicoRule } from './generate-calico-rules.ts';
import { endpointPool, generateSelectorText, pickLabel } from './generate-calico-selectors.ts';
import { externalAddressPool, namespaceLabelPool, podLabelPool } from './pools.ts';
import { Random } from './random.ts';

const accounts = ['default', 'builder', 'robot'] as const;
const tierNames = ['alpha', 'middle', 'zeta'] as const;

/** The world with Calico's objects besides; the same seed gives the same ones. */
export function withCalicoPolicies(world: World, seed: number): CalicoWorld {
  const random = new Random(seed ^ 0xca11c0);
  const outside = [...externalAddressPool[4], ...externalAddressPool[6]];
  const addresses = [...world.pods.flatMap(podAddresses), ...(world.nodes ?? []).flatMap(nodeAddresses), ...outside];
  const namespaces = [...new Set(world.pods.flatMap(({ metadata }) => metadata.namespace ?? []))];
  const site: CalicoSite = { random, addresses, pools: { namespaces, accounts, namespaceLabels: namespaceLabelPool } };
  const policies = random.times(random.integer(4, 8), (index) => generateCalicoPolicy(site, index));
  const administrators = withAdministratorPolicies(random, world).policyObjects.filter(({ kind }) => kind === 'ClusterNetworkPolicy');
  return {
    ...world,
    pods: world.pods.map((pod) => withAccount(random, pod)),
    policyObjects: [...policies, ...administrators.slice(0, random.integer(0, 2))],
    tiers: tierNames.map((name) => generateTier(random, name)),
    networkSets: random.times(random.integer(1, 4), (index) => generateSet(site, index)),
    serviceAccounts: namespaces.flatMap((namespace) => accounts.map((name) => generateAccount(random, namespace, name))),
  };
}

function withAccount<T extends World['pods'][number]>(random: Random, pod: T): T {
  // Labels with Calico's prefixes say nothing of a pod.
  const forged = random.chance(0.2) ? { 'pcns.env': 'prod', 'pcsa.grade': 'high' } : {};
  return {
    ...pod,
    metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, ...forged } },
    spec: { ...pod.spec, serviceAccountName: random.pick(accounts) },
  };
}

function generateAccount(random: Random, namespace: string, name: string): KubeObject {
  const labels: Record<string, string> = random.chance(0.6) ? { grade: random.pick(['high', 'low']) } : {};
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name, uid: `account-${namespace}-${name}`, labels } };
}

function generateTier(random: Random, name: string): TierObject {
  const order = random.pick([100, 1_000, 500_000, 1_000_000, 2_000_000.5, 20_000_000, undefined]);
  const defaultAction = random.pick(['Deny', 'Pass', 'Pass', undefined] as const);
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'Tier',
    metadata: { name, uid: `tier-${name}` },
    spec: { ...(order === undefined ? {} : { order }), ...(defaultAction && { defaultAction }) },
  };
}

function generateSet({ random, addresses, pools }: CalicoSite, index: number): NetworkSetObject {
  const isGlobal = random.chance(0.5);
  const nets = random.times(random.integer(0, 3), () =>
    random.chance(0.3) ? random.pick(addresses) : generateBlock(random, addresses).cidr,
  );
  const metadata = {
    name: `set-${index}`,
    uid: `set-${index}`,
    labels: { ...pickLabel(random, podLabelPool), ...pickLabel(random, podLabelPool) },
  };
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: isGlobal ? 'GlobalNetworkSet' : 'NetworkSet',
    metadata: isGlobal ? metadata : { ...metadata, namespace: random.pick(pools.namespaces) },
    spec: { nets: [...new Set(nets)] },
  };
}

function generateCalicoPolicy(site: CalicoSite, index: number): CalicoPolicyObject {
  const { random, pools } = site;
  const isGlobal = random.chance(0.45);
  const isStaged = random.chance(0.1);
  // Names of which one begins with the other sort as Calico sorts them, with what follows.
  const name = random.pick([`policy-${index}`, `policy-${index}`, `p${index}.x`, `p${index}`, `policy-${index % 2}-${index}`]);
  const tier = random.pick([undefined, 'default', 'default', ...tierNames, ...tierNames, random.chance(0.6) ? 'ghost' : 'kube-admin']);
  const order = random.pick([undefined, 1_000, 1_000, 10, -5, 1_000.5, 2_000]);
  const rulesOf = (direction: 'ingress' | 'egress'): Pick<CalicoPolicyObject['spec'], typeof direction> => {
    if (random.chance(0.35)) return {};
    return { [direction]: random.times(random.integer(0, 4), () => generateCalicoRule(site, direction)) };
  };
  const rules = { ...rulesOf('ingress'), ...rulesOf('egress') };
  const types = random.pick([undefined, undefined, ['Ingress'], ['Egress'], ['Ingress', 'Egress']] as const);
  const namespaceSelector =
    isGlobal && random.chance(0.4)
      ? { namespaceSelector: generateSelectorText(random, { ...pools.namespaceLabels, 'projectcalico.org/name': pools.namespaces }) }
      : {};
  const accountSelector = random.chance(0.12)
    ? { serviceAccountSelector: random.pick(["grade == 'high'", "grade != 'low'", 'all()']) }
    : {};
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: `${isStaged ? 'Staged' : ''}${isGlobal ? 'Global' : ''}NetworkPolicy`,
    metadata: { name, uid: `calico-${index}`, ...(isGlobal ? {} : { namespace: random.pick(pools.namespaces) }) },
    spec: {
      ...(tier === undefined ? {} : { tier }),
      ...(order === undefined ? {} : { order }),
      ...(random.chance(0.75) ? { selector: generateSelectorText(random, endpointPool(podLabelPool, pools)) } : {}),
      ...namespaceSelector,
      ...accountSelector,
      ...(types && { types }),
      ...rules,
    },
  };
}
