/**
 * The clusters that the engine is measured on, as data: any object of any world by its number.
 *
 * Every choice is a hash of the world's seed and the object's number, so that the process which serves
 * a world and the one which is measured on it agree without a word, and every run is the same.
 *
 * Pods belong to deployments of `replicas` pods with equal labels: one of 400 apps × 5 versions × 4
 * tiers, so that shared labels too make thousands of label sets. With unique labels each pod has its
 * name and a template hash of its own besides.
 *
 * Policies, unless all select each other: half select their whole namespace and half one app of it;
 * both directions. Of ten peers, one is a negation (NotIn), one a block with a hole (except), two are
 * apps in namespaces of a team, one is a whole team, and five are apps of the own namespace. One policy
 * in ten names its port.
 */
import type { Namespace, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec, StringMap } from '@weir/kube';

/** How large a world is, and of which kind. */
export interface World {
  readonly name: string;
  readonly nodes: number;
  readonly namespaces: number;
  readonly pods: number;
  readonly policies: number;
  /** Pods of a deployment. */
  readonly replicas: number;
  /** Whether every policy selects every pod as its subject and as its peer, each by a selector of its own. */
  readonly isMutual: boolean;
  /** Whether no two pods have equal labels. */
  readonly isUnique: boolean;
  /** Worlds with another one differ in every choice. */
  readonly seed: number;
}

/** The seed of {@link worlds}. */
const seed = 20_261_125;
const apps = 400;
const versions = 5;
const tiers = 4;
const teams = 20;

const shapes: readonly Omit<World, 'isUnique' | 'seed'>[] = [
  { name: '20k', nodes: 250, namespaces: 1_000, pods: 20_000, policies: 2_000, replicas: 2, isMutual: false },
  { name: '60k', nodes: 750, namespaces: 3_000, pods: 60_000, policies: 6_000, replicas: 2, isMutual: false },
  { name: '200k', nodes: 5_000, namespaces: 10_000, pods: 200_000, policies: 20_000, replicas: 2, isMutual: false },
  { name: 'many-namespaces', nodes: 1_000, namespaces: 25_000, pods: 100_000, policies: 75_000, replicas: 1, isMutual: false },
  { name: 'mutual', nodes: 100, namespaces: 1, pods: 10_000, policies: 10_000, replicas: 1, isMutual: true },
];

/** All worlds, each with shared and with unique labels. */
export const worlds: readonly World[] = shapes.flatMap((shape) => [
  { ...shape, seed, isUnique: false },
  { ...shape, seed, name: `${shape.name}-unique`, isUnique: true },
]);

/** What a world says of a pod; `pod-document.ts` makes the object that a server sends of it. */
export interface PodFacts {
  readonly index: number;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly ip: string;
  readonly labels: StringMap;
  readonly portNumber: number;
}

/** A whole number below `count` that depends on the seed, the object and the question asked of it. */
export function pick(ofSeed: number, index: number, ...[question, count]: [question: number, count: number]): number {
  let hash = Math.imul(index ^ ofSeed, 0x9e3779b1) ^ Math.imul(question + 1, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return ((hash ^ (hash >>> 15)) >>> 0) % count;
}

/** A namespace; `team` is what the bench changes. */
export function namespaceOf(index: number, team: number = index % teams): Namespace {
  const name = namespaceName(index);
  return { metadata: { name, uid: `namespace-${index}`, labels: { 'kubernetes.io/metadata.name': name, team: `team-${team}` } } };
}

/** The pod with this number; `generation` makes its labels, name and address others, as churn does. */
export function podOf(world: World, index: number, generation: number = 0): PodFacts {
  const namespace = index % world.namespaces;
  const deployment = Math.floor(Math.floor(index / world.namespaces) / world.replicas);
  const kind = deployment * world.namespaces + namespace;
  const version = (pick(world.seed, kind, 1, versions) + generation) % versions;
  const suffix = generation === 0 ? '' : `-${generation}`;
  const hash = (Math.imul(index, 0x9e3779b1) >>> 0).toString(36);
  const name = `${appName(world, kind)}-${hash}-${index}${suffix}`;
  const address = index + generation * world.pods;
  return {
    index,
    namespace: namespaceName(namespace),
    name,
    uid: `${uidGroup(index, 8)}-0000-4000-8000-${uidGroup(generation, 12)}`,
    node: nodeName(pick(world.seed, index, 2, world.nodes)),
    ip: `10.${(address >> 16) & 255}.${(address >> 8) & 255}.${address & 255}`,
    labels: {
      app: appName(world, kind),
      version: `v${version}`,
      tier: `tier-${pick(world.seed, kind, 3, tiers)}`,
      'app.kubernetes.io/managed-by': 'helm',
      ...(world.isUnique ? { 'apps.kubernetes.io/pod-name': name, 'pod-template-hash': `${hash}${suffix}` } : {}),
    },
    portNumber: 8000 + pick(world.seed, kind, 4, 3),
  };
}

/** The node that is measured. */
export const measuredNode: string = nodeName(0);

/** The policy with this number; `port` is what the bench changes. */
export function policyOf(world: World, index: number, port: number = 8000 + pick(world.seed, index, 5, 100)): NetworkPolicy {
  const ports: NetworkPolicyPort[] = [index % 10 === 7 ? { port: 'http' } : { port }];
  const spec = world.isMutual ? mutualSpec(index, ports) : ordinarySpec(world, index, ports);
  return {
    metadata: {
      namespace: namespaceName(index % world.namespaces),
      name: `policy-${index}`,
      uid: `${uidGroup(index, 8)}-1111-4000-8000-000000000000`,
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec,
  };
}

/** The namespace of a pod or a policy by number. */
export function namespaceName(index: number): string {
  return `namespace-${index}`;
}

function ordinarySpec(world: World, index: number, ports: readonly NetworkPolicyPort[]): NetworkPolicySpec {
  return {
    podSelector: index % 2 === 0 ? {} : { matchLabels: { app: appInNamespace(world, index, 6) } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [peerOf(world, index, 10), peerOf(world, index, 20)], ports }],
    egress: [{ to: [peerOf(world, index, 30)], ports }],
  };
}

function peerOf(world: World, index: number, question: number): NetworkPolicyPeer {
  const app = appInNamespace(world, index, question);
  const namespaceSelector = { matchLabels: { team: `team-${pick(world.seed, index, question + 1, teams)}` } };
  switch (pick(world.seed, index, question + 2, 10)) {
    case 0:
      return { podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: [app] }] } };
    case 1:
      return { ipBlock: { cidr: `192.${index % 200}.0.0/16`, except: [`192.${index % 200}.1.0/24`] } };
    case 2:
    case 3:
      return { namespaceSelector, podSelector: { matchLabels: { app: appName(world, pick(world.seed, index, question + 3, apps)) } } };
    case 4:
      return { namespaceSelector };
    default:
      return { podSelector: { matchLabels: { app } } };
  }
}

/** Selectors that match every pod, and are like no other policy's. */
function mutualSpec(index: number, ports: readonly NetworkPolicyPort[]): NetworkPolicySpec {
  const everyone = { matchExpressions: [{ key: 'app', operator: 'NotIn', values: [`retired-${index}`] }] } as const;
  const present = {
    matchExpressions: [
      { key: 'app', operator: 'Exists' },
      { key: `retired-${index}`, operator: 'DoesNotExist' },
    ],
  } as const;
  const peer: NetworkPolicyPeer =
    index % 5 === 0
      ? { namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'Exists' }] }, podSelector: present }
      : { podSelector: index % 5 === 1 ? everyone : present };
  const block: NetworkPolicyPeer[] =
    index % 10 === 3 ? [{ ipBlock: { cidr: `192.${index % 200}.0.0/16`, except: [`192.${index % 200}.1.0/24`] } }] : [];
  return {
    podSelector: everyone,
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [peer, ...block], ports }],
    egress: [{ to: [peer], ports }],
  };
}

/** An app that runs in the namespace of the policy, as far as its pods go. */
function appInNamespace(world: World, policy: number, question: number): string {
  const namespace = policy % world.namespaces;
  const deployments = Math.max(1, Math.floor(world.pods / world.namespaces / world.replicas));
  return appName(world, pick(world.seed, policy, question, deployments) * world.namespaces + namespace);
}

function appName(world: World, kind: number): string {
  return `app-${pick(world.seed, kind, 0, apps)}`;
}

/** The node with this number. */
export function nodeName(index: number): string {
  return `node-${index}`;
}

function uidGroup(value: number, width: number): string {
  return value.toString(16).padStart(width, '0');
}
