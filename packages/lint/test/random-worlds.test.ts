/** The linter on random worlds: what it calls safe changes no answer of the oracle, and what it calls nobody is nobody. */
import {
  formatManifest,
  type KubeObject,
  matchesLabelSelector,
  type NetworkPolicy,
  type NetworkPolicyEgressRule,
  type NetworkPolicyIngressRule,
  type NetworkPolicyPeer,
  type NetworkPolicyPort,
  readManifests,
} from '@weir/kube';
import { flowsOf, generateWorld, NetworkPolicyOracle, Random, type World } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { applyFixes, type Finding, lint } from '../src/index.ts';

const seeds = Array.from({ length: 6 }, (_, i) => 4100 + i);
const file = 'world.yaml';

/** Members put in again, whole or in part, where they stand beside themselves. */
function repeated(policies: readonly NetworkPolicy[], random: Random): NetworkPolicy[] {
  const again = <T>(list: readonly T[]): T[] => list.flatMap((one) => (random.chance(0.4) ? [one, structuredClone(one)] : [one]));
  const ports = (list: readonly NetworkPolicyPort[]): NetworkPolicyPort[] =>
    again(list).flatMap((port) =>
      typeof port.port === 'number' && random.chance(0.3) ? [port, { ...port, endPort: port.endPort ?? port.port }] : [port],
    );
  const peers = (list: readonly NetworkPolicyPeer[]): NetworkPolicyPeer[] =>
    again(list).flatMap((peer) =>
      peer.ipBlock !== undefined && random.chance(0.3) ? [peer, { ipBlock: { cidr: peer.ipBlock.cidr } }] : [peer],
    );
  const empty = <T>(list: readonly T[] | undefined): readonly T[] | undefined => (list === undefined && random.chance(0.3) ? [] : list);
  return policies.map((policy) => {
    const { ingress, egress, ...others } = policy.spec ?? {};
    const ins = ingress?.map(
      ({ from, ports: some }): NetworkPolicyIngressRule =>
        withoutUndefined({ from: empty(from && peers(from)), ports: empty(some && ports(some)) }),
    );
    const outs = egress?.map(
      ({ to, ports: some }): NetworkPolicyEgressRule => withoutUndefined({ to: empty(to && peers(to)), ports: empty(some && ports(some)) }),
    );
    const spec = {
      ...others,
      ...(ins === undefined ? {} : { ingress: again(ins) }),
      ...(outs === undefined ? {} : { egress: again(outs) }),
    };
    return { ...policy, apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', spec };
  });
}

function withoutUndefined<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}

function objectsOf(world: World): readonly KubeObject[] {
  const named = (list: readonly KubeObject[], kind: string): KubeObject[] => list.map((one) => ({ ...one, apiVersion: 'v1', kind }));
  return [...named(world.namespaces, 'Namespace'), ...named(world.pods, 'Pod'), ...named(world.nodes ?? [], 'Node')];
}

function findingsOf(world: World, text: string): readonly Finding[] {
  const { documents, diagnostics } = readManifests([{ file, text }]);
  const input = { objects: [...objectsOf(world), ...documents], diagnostics, texts: new Map([[file, text]]), isComplete: true };
  return lint(input, {
    onlyRules: ['duplicate-entry', 'covered-entry', 'empty-peer-list', 'empty-block', 'block-host-bits', 'duplicate-policy'],
  }).findings;
}

/** Corrects until there is nothing more to correct; gives the text and how many were corrected. */
function corrected(world: World, original: string): { readonly text: string; readonly count: number } {
  let text = original;
  for (let count = 0, round = 0; ; round++) {
    expect(round).toBeLessThan(30);
    const { texts, fixed } = applyFixes(new Map([[file, text]]), findingsOf(world, text));
    const next = texts.get(file);
    if (next === undefined) return { text, count };
    text = next;
    count += fixed.length;
  }
}

describe('safe fixes', () => {
  it.each(seeds)('change no answer of the oracle in world %i, and leave nothing that has one', (seed) => {
    const random = new Random(seed);
    const generated = generateWorld(seed);
    const world = { ...generated, networkPolicies: repeated(generated.networkPolicies, random) };
    const original = formatManifest(world.networkPolicies);
    const { text, count } = corrected(world, original);
    expect(count).toBeGreaterThan(0);
    const after = { ...world, networkPolicies: readManifests([{ file, text }]).documents.map(({ object }) => object as NetworkPolicy) };
    expect(after.networkPolicies).toHaveLength(world.networkPolicies.length);
    const [old, now] = [new NetworkPolicyOracle(world), new NetworkPolicyOracle(after)];
    const changed = flowsOf(world).filter((flow) => old.verdict(flow).allowed !== now.verdict(flow).allowed);
    expect(changed).toEqual([]);
    expect(findingsOf(world, text).filter(({ fix }) => fix?.isSafe === true)).toEqual([]);
  });
});

describe('a peer that is called nobody', () => {
  it.each(seeds)('is no pod by its labels in world %i, and no other peer is nobody', (seed) => {
    const world = generateWorld(seed);
    const policies = world.networkPolicies.map((policy) => ({ ...policy, apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' }));
    const { findings } = lint(
      { objects: [...objectsOf(world), ...policies], isComplete: true },
      { onlyRules: ['dangling-selector', 'unknown-namespace', 'peer-and-or'] },
    );
    // The second of two peers that were meant as one is told with the first.
    const told = findings.map(
      ({ rule, object = '', field = '', related = [] }) => `${object} ${rule === 'peer-and-or' ? (related[0]?.field ?? '') : field}`,
    );
    expect(told.sort()).toEqual(policies.flatMap((policy) => nobodies(world, policy)).sort());
  });
});

/** Read off the text of the API, without the model. Peers without any label asked are somebody as soon as there is a pod. */
function nobodies(world: World, { metadata, spec = {} }: NetworkPolicy): readonly string[] {
  const own = metadata.namespace ?? 'default';
  const given = spec.policyTypes ?? [];
  const types = given.length > 0 ? given : ['Ingress', ...((spec.egress ?? []).length > 0 ? ['Egress'] : [])];
  const lists = [
    ...(types.includes('Ingress') ? (spec.ingress ?? []).map(({ from = [] }, i) => [`spec.ingress[${i}].from`, from] as const) : []),
    ...(types.includes('Egress') ? (spec.egress ?? []).map(({ to = [] }, i) => [`spec.egress[${i}].to`, to] as const) : []),
  ];
  return lists.flatMap(([field, peers]) =>
    peers.flatMap(({ podSelector = {}, namespaceSelector, ipBlock }, i) => {
      if (ipBlock !== undefined) return [];
      const namespaces = world.namespaces.filter(({ metadata: { name = '', labels = {} } }) =>
        namespaceSelector === undefined
          ? name === own
          : matchesLabelSelector(namespaceSelector, { ...labels, 'kubernetes.io/metadata.name': name }),
      );
      const names = new Set(namespaces.map((namespace) => namespace.metadata.name ?? ''));
      const asksForLabels = Object.keys({ ...podSelector.matchLabels }).length + (podSelector.matchExpressions ?? []).length > 0;
      const selected = world.pods.filter(
        ({ metadata: { namespace = 'default', labels = {} }, status }) =>
          names.has(namespace) && !['Succeeded', 'Failed'].includes(status?.phase ?? '') && matchesLabelSelector(podSelector, labels),
      );
      const isSomebody = selected.some((pod) => pod.spec?.hostNetwork !== true);
      return isSomebody || (names.size > 0 && !asksForLabels && selected.length === 0)
        ? []
        : [`NetworkPolicy ${own}/${metadata.name ?? ''} ${field}[${i}]`];
    }),
  );
}
