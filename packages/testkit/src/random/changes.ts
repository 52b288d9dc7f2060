/**
 * Random histories of a cluster: lists of states, each made from the one before by one change that
 * an API server could announce.
 */
import type { KubeObject, Pod } from '@weir/kube';
import { unreachable } from '@weir/net';
import { isFinished, nodeAddresses, podAddresses } from '../oracle/inhabitants.ts';
import type { World } from '../oracle/world.ts';
import { generateLabels, generatePod, namespaceLabels } from './generate-pods.ts';
import { generatePolicy, generateSpec, type PolicySite } from './generate-policies.ts';
import { externalAddressPool, namespaceLabelPool, namespaceNamePool, podAddress, podLabelPool } from './pools.ts';
import { Random } from './random.ts';

/** The kinds of changes that histories are made of. */
export const changeKinds = [
  'add pod',
  'relabel pod',
  'finish pod',
  'remove pod',
  'recreate pod',
  'give pod an address',
  'give address to another pod',
  'add namespace',
  'relabel namespace',
  'remove namespace',
  'add policy',
  'edit policy',
  'remove policy',
] as const;

/** One of {@link changeKinds}. */
export type ChangeKind = (typeof changeKinds)[number];

/** A state and the change that led to it; the first one has none. */
export interface HistoryState {
  readonly change?: ChangeKind;
  readonly world: World;
}

/** The world followed by `count` (default 12) states, each one change after the last. */
export function generateChanges(seed: number, world: World, count = 12): HistoryState[] {
  const random = new Random(seed ^ 0x5eed);
  const history: HistoryState[] = [{ world }];
  let current = world;
  for (let index = 0; history.length <= count && index < count * 4; index++) {
    const change = random.pick(changeKinds);
    const next = applyChange(random, current, { change, serial: 1000 + index });
    if (next === undefined) continue;
    history.push({ change, world: next });
    current = next;
  }
  return history;
}

/** The world after the change, or undefined when there is nothing to change. */
function applyChange(random: Random, world: World, { change, serial }: { change: ChangeKind; serial: number }): World | undefined {
  const { pods, namespaces, networkPolicies } = world;
  switch (change) {
    case 'add pod':
      return withPods(world, [...pods, newPod(random, world, serial)]);
    case 'relabel pod':
      return withPods(
        world,
        replaceOne(random, pods, (pod) => relabelled(pod, generateLabels(random, podLabelPool))),
      );
    case 'finish pod':
      return withPods(
        world,
        replaceOne(random, pods, (pod) => ({ ...pod, status: { ...pod.status, phase: 'Succeeded' } })),
      );
    case 'remove pod':
      return withPods(world, removeOne(random, pods));
    case 'recreate pod':
      return recreatePod(random, world, serial);
    case 'give pod an address':
      return withPods(world, giveFirstAddress(random, pods, serial));
    case 'give address to another pod':
      return giveAddress(random, world, serial);
    case 'add namespace':
      return withNamespaces(world, addNamespace(random, namespaces));
    case 'relabel namespace':
      return withNamespaces(
        world,
        replaceOne(random, namespaces, (namespace) =>
          relabelled(namespace, namespaceLabels(namespace.metadata.name ?? '', generateLabels(random, namespaceLabelPool))),
        ),
      );
    case 'remove namespace':
      return removeNamespace(random, world);
    case 'add policy':
      return namespaces.length === 0
        ? undefined
        : withPolicies(world, [...networkPolicies, generatePolicy(random, policySite(world, serial))]);
    case 'edit policy':
      return withPolicies(
        world,
        replaceOne(random, networkPolicies, (policy) => ({ ...policy, spec: generateSpec(random, policySite(world, serial)) })),
      );
    case 'remove policy':
      return withPolicies(world, removeOne(random, networkPolicies));
    default:
      return unreachable(change);
  }
}

function withPods(world: World, pods: World['pods'] | undefined): World | undefined {
  return pods && { ...world, pods };
}

function withNamespaces(world: World, namespaces: World['namespaces'] | undefined): World | undefined {
  return namespaces && { ...world, namespaces };
}

function withPolicies(world: World, networkPolicies: World['networkPolicies'] | undefined): World | undefined {
  return networkPolicies && { ...world, networkPolicies };
}

function relabelled<T extends KubeObject>(object: T, labels: Record<string, string>): T {
  return { ...object, metadata: { ...object.metadata, labels } };
}

function replaceOne<T>(random: Random, items: readonly T[], change: (item: T) => T): T[] | undefined {
  if (items.length === 0) return undefined;
  const index = random.integer(0, items.length - 1);
  return items.map((item, i) => (i === index ? change(item) : item));
}

function removeOne<T>(random: Random, items: readonly T[]): T[] | undefined {
  if (items.length === 0) return undefined;
  const index = random.integer(0, items.length - 1);
  return items.filter((_, i) => i !== index);
}

/** A pod on an address that nobody in the world has; the serial is above all that worlds start with. */
function newPod(random: Random, world: World, serial: number): Pod {
  if (world.namespaces.length === 0) throw new RangeError('a pod needs a namespace');
  const site = { index: serial, namespaces: world.namespaces, nodes: world.nodes ?? [], returnedAddresses: [] };
  return generatePod(random, { ...site, freeAddresses: [100 + (serial % 100)] });
}

/** A pod goes and another one of its name comes, with everything else different. */
function recreatePod(random: Random, world: World, serial: number): World | undefined {
  if (world.pods.length === 0) return undefined;
  const old = random.pick(world.pods);
  const fresh = newPod(random, world, serial);
  const { name = '', namespace = '' } = old.metadata;
  const heir = { ...fresh, metadata: { ...fresh.metadata, name, namespace } };
  return { ...world, pods: world.pods.map((pod) => (pod === old ? heir : pod)) };
}

/** A pod that waits for its address gets a dual-stack pair. */
function giveFirstAddress(random: Random, pods: World['pods'], serial: number): World['pods'] | undefined {
  const waiting = pods.filter((pod) => podAddresses(pod).length === 0 && !isFinished(pod));
  if (waiting.length === 0) return undefined;
  const chosen = random.pick(waiting);
  const [first, second] = [podAddress(200 + (serial % 48), 4), podAddress(200 + (serial % 48), 6)];
  const status = { ...chosen.status, phase: 'Running', podIP: first, podIPs: [{ ip: first }, { ip: second }] } as const;
  return pods.map((pod) => (pod === chosen ? { ...pod, status } : pod));
}

function addNamespace(random: Random, namespaces: World['namespaces']): World['namespaces'] | undefined {
  const free = namespaceNamePool.filter((name) => !namespaces.some(({ metadata }) => metadata.name === name));
  if (free.length === 0) return undefined;
  const name = random.pick(free);
  const labels = namespaceLabels(name, generateLabels(random, namespaceLabelPool));
  return [...namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, uid: `namespace-uid-${name}`, labels } }];
}

/** One pod goes and another one comes with its addresses, on the same node. */
function giveAddress(random: Random, world: World, serial: number): World | undefined {
  const candidates = world.pods.filter((pod) => pod.spec?.hostNetwork !== true && !isFinished(pod) && podAddresses(pod).length > 0);
  if (candidates.length === 0) return undefined;
  const old = random.pick(candidates);
  const fresh = newPod(random, world, serial);
  const heir: Pod = {
    ...fresh,
    spec: {
      ...old.spec,
      ...fresh.spec,
      hostNetwork: false,
      containers: fresh.spec?.containers ?? [],
      nodeName: old.spec?.nodeName ?? 'node-0',
    },
    status: { ...old.status, phase: 'Running' },
  };
  return { ...world, pods: world.pods.map((pod) => (pod === old ? heir : pod)) };
}

/** A namespace goes with everything in it; the last one stays. */
function removeNamespace(random: Random, world: World): World | undefined {
  if (world.namespaces.length < 2) return undefined;
  const name = random.pick(world.namespaces).metadata.name;
  return {
    ...world,
    namespaces: world.namespaces.filter(({ metadata }) => metadata.name !== name),
    pods: world.pods.filter(({ metadata }) => metadata.namespace !== name),
    networkPolicies: world.networkPolicies.filter(({ metadata }) => metadata.namespace !== name),
  };
}

function policySite(world: World, serial: number): PolicySite {
  return {
    index: serial,
    namespaceNames: world.namespaces.map(({ metadata }) => metadata.name ?? ''),
    addresses: [
      ...world.pods.flatMap(podAddresses),
      ...(world.nodes ?? []).flatMap(nodeAddresses),
      ...externalAddressPool[4],
      ...externalAddressPool[6],
    ],
  };
}
