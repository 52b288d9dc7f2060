/**
 * Peers of a NetworkPolicy that select given pods by what they are, instead of by their addresses.
 *
 * The fewest that can be found without looking for long: all pods, whole namespaces, then labels that in
 * their namespace only the given pods have, at last all lasting labels of a pod. What is selected besides
 * (pods with the very same labels elsewhere) is for the caller to find out.
 */
import { byTelling, isLastingLabel } from '@weir/connectivity';
import { type NetworkPolicyPeer, namespaceNameLabel } from '@weir/kube';
import type { Endpoint } from '@weir/model';
import { addToGroup, groupBy } from '@weir/net';

/** A namespace whose pods would need more peers than that is selected as a whole. */
const peersOfNamespaceMax = 16;

/** Peers of a policy in `namespace` that select at least the `wanted` of all `pods`; none when nothing is wanted. */
export function peersSelecting(wanted: readonly Endpoint[], pods: readonly Endpoint[], namespace: string): NetworkPolicyPeer[] {
  if (wanted.length === 0) return [];
  if (wanted.length === pods.length) return [{ namespaceSelector: {} }];
  const all = allByNamespace(pods);
  const whole: string[] = [];
  const partly: NetworkPolicyPeer[] = [];
  for (const [name, members] of byNamespace(wanted)) {
    const others = all.get(name) ?? [];
    const peers = others.length === members.length ? undefined : labelPeers(members, others);
    if (peers === undefined || peers.length > peersOfNamespaceMax) whole.push(name);
    else partly.push(...peers.map((podSelector) => inNamespace(name, namespace, podSelector)));
  }
  return [...wholeNamespaces(whole), ...partly];
}

const known: WeakMap<readonly Endpoint[], ReadonlyMap<string, readonly Endpoint[]>> = new WeakMap();

/** Asked for the same pods again and again. */
function allByNamespace(pods: readonly Endpoint[]): ReadonlyMap<string, readonly Endpoint[]> {
  let found = known.get(pods);
  if (found === undefined) known.set(pods, (found = byNamespace(pods)));
  return found;
}

function byNamespace(pods: readonly Endpoint[]): Map<string, Endpoint[]> {
  const found = groupBy(pods, (pod) => pod.namespace);
  return found;
}

function wholeNamespaces(names: readonly string[]): NetworkPolicyPeer[] {
  const [only] = names;
  if (only === undefined) return [];
  if (names.length === 1) return [{ namespaceSelector: { matchLabels: { [namespaceNameLabel]: only } } }];
  return [{ namespaceSelector: { matchExpressions: [{ key: namespaceNameLabel, operator: 'In', values: [...names].sort() }] } }];
}

function inNamespace(name: string, own: string, podSelector: NonNullable<NetworkPolicyPeer['podSelector']>): NetworkPolicyPeer {
  return name === own ? { podSelector } : { namespaceSelector: { matchLabels: { [namespaceNameLabel]: name } }, podSelector };
}

/** Selectors of the wanted pods of one namespace; undefined where a pod has no label to select it by. */
function labelPeers(wanted: readonly Endpoint[], pods: readonly Endpoint[]): NonNullable<NetworkPolicyPeer['podSelector']>[] | undefined {
  const isWanted = new Set(wanted.map(({ uid }) => uid));
  const rest = new Map(wanted.map((pod) => [pod.uid, pod]));
  const selectors: NonNullable<NetworkPolicyPeer['podSelector']>[] = [];
  const keys = [...new Set(wanted.flatMap(({ labels }) => Object.keys(labels.pod)))].filter(isLastingLabel).sort(byTelling);
  for (const key of keys) {
    const have = byValue(pods, key);
    const values = [...have].filter(
      ([, members]) => members.some(({ uid }) => rest.has(uid)) && members.every(({ uid }) => isWanted.has(uid)),
    );
    if (values.length === 0) continue;
    selectors.push(
      oneOf(
        key,
        values.map(([value]) => value),
      ),
    );
    for (const [, members] of values) for (const { uid } of members) rest.delete(uid);
  }
  const whole = new Map<string, Readonly<Record<string, string>>>();
  for (const { labels } of rest.values()) {
    const lasting = Object.fromEntries(Object.entries(labels.pod).filter(([key]) => isLastingLabel(key)));
    if (Object.keys(lasting).length === 0) return undefined;
    whole.set(JSON.stringify(Object.entries(lasting).sort(([a], [b]) => (a < b ? -1 : 1))), lasting);
  }
  return [...selectors, ...[...whole.values()].map((matchLabels) => ({ matchLabels }))];
}

function byValue(pods: readonly Endpoint[], key: string): Map<string, Endpoint[]> {
  const found = new Map<string, Endpoint[]>();
  for (const pod of pods) {
    const value = Object.hasOwn(pod.labels.pod, key) ? pod.labels.pod[key] : undefined;
    if (value !== undefined) addToGroup(found, value, pod);
  }
  return found;
}

function oneOf(key: string, values: readonly string[]): NonNullable<NetworkPolicyPeer['podSelector']> {
  const [only] = values;
  if (values.length === 1 && only !== undefined) return { matchLabels: { [key]: only } };
  return { matchExpressions: [{ key, operator: 'In', values: [...values].sort() }] };
}
