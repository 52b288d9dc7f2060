/**
 * Who an end of a flow is for Cilium: an identity, which is a set of labels with their sources.
 *
 * From "Terminology" (labels, label source, reserved labels), "Special Identities" and "Using Kubernetes constructs in
 * policy" of Cilium's documentation. Pods have the labels of Kubernetes under `k8s`, with their namespace, its labels,
 * their service account and their cluster; everything else has reserved labels.
 */
import type { EndpointSlice, LabelSelector, Node } from '@weir/kube';
import { readAddress } from '../address-number.ts';
import { addressKey, type Inhabitant, nodeAddresses, type ResolvedEnd } from '../inhabitants.ts';
import type { CiliumWorld } from './cilium-objects.ts';

/** An end with its labels, as `source:key` to value. */
export interface Identity {
  readonly labels: ReadonlyMap<string, string>;
  readonly isPod: boolean;
  readonly isNode: boolean;
  /** The node that has the address, unless it is the one that the policy's pod is on. */
  readonly otherNode?: Node;
}

const podNamespace = 'io.kubernetes.pod.namespace';
const namespaceLabels = 'io.cilium.k8s.namespace.labels.';

/** The identity of the other end of a flow of a pod or of a node, by the addresses of the node that it is on or is. */
export function identityOf(end: ResolvedEnd, own: Pick<Inhabitant, 'nodeAddresses'>, world: CiliumWorld): Identity {
  if (end.pod !== undefined) return { labels: labelsOfPod(end.pod), isPod: true, isNode: false };
  const key = addressKey(end.address);
  const isOwn = own.nodeAddresses.has(key);
  const isNode = end.isNode || isOwn;
  const names = isNode ? [isOwn ? 'host' : 'remote-node'] : ['world', `world-ipv${end.address.family}`];
  if (apiServerAddresses(world.endpointSlices).has(key)) names.push('kube-apiserver');
  const node = isOwn
    ? undefined
    : (world.nodes ?? []).find((each) => nodeAddresses(each).some((text) => addressKey(readAddress(text)) === key));
  return {
    labels: new Map(names.map((name) => [`reserved:${name}`, ''])),
    isPod: false,
    isNode,
    ...(node === undefined ? {} : { otherNode: node }),
  };
}

/** The labels of a pod. */
export function labelsOfPod(pod: Inhabitant): ReadonlyMap<string, string> {
  return new Map([
    ...Object.entries(pod.labels).map(([key, value]) => [`k8s:${key}`, value] as const),
    ...Object.entries(pod.namespaceLabels).map(([key, value]) => [`k8s:${namespaceLabels}${key}`, value] as const),
    [`k8s:${podNamespace}`, pod.namespace],
    ['k8s:io.cilium.k8s.policy.cluster', 'default'],
  ]);
}

/** The labels of a node's own endpoint: "host endpoints inherit the labels of their node". */
export function labelsOfHost({ metadata: { labels = {} } }: Node): ReadonlyMap<string, string> {
  return new Map([...Object.entries(labels).map(([key, value]) => [`k8s:${key}`, value] as const), ['reserved:host', '']]);
}

/** Whether a selector matches labels; a key without a source is a label of any source. */
export function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: ReadonlyMap<string, string>): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => valueOf(key, labels) === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = valueOf(key, labels);
      if (operator === 'Exists') return value !== undefined;
      if (operator === 'DoesNotExist') return value === undefined;
      const isListed = value !== undefined && values.includes(value);
      return operator === 'In' ? isListed : !isListed;
    })
  );
}

/**
 * Whether a member of `fromEndpoints` or `toEndpoints` means the identity. Without a namespace, "the policy only applies to
 * endpoints in its own namespace"; a policy of the cluster means pods of any. Labels of namespaces and reserved ones lift that.
 */
export function meansEndpoint(selector: LabelSelector, identity: Identity, namespace: string | undefined): boolean {
  const keys = [...Object.keys(selector.matchLabels ?? {}), ...(selector.matchExpressions ?? []).map(({ key }) => key)];
  const asks = (test: (key: string) => boolean): boolean => keys.some((key) => test(key.replace(/^(any|k8s):/, '')));
  const isFree = asks((key) => key === podNamespace) || keys.some((key) => key.startsWith('reserved:'));
  if (!isFree && namespace === undefined && !identity.isPod) return false;
  if (!isFree && namespace !== undefined && !asks((key) => key.startsWith(namespaceLabels))) {
    if (identity.labels.get(`k8s:${podNamespace}`) !== namespace) return false;
  }
  return selects(selector, identity.labels);
}

function valueOf(key: string, labels: ReadonlyMap<string, string>): string | undefined {
  if (/^(k8s|reserved|container):/.test(key)) return labels.get(key);
  const plain = key.replace(/^any:/, '');
  return labels.get(`k8s:${plain}`) ?? labels.get(`reserved:${plain}`);
}

function apiServerAddresses(slices: readonly EndpointSlice[]): ReadonlySet<string> {
  const slice = slices.find(({ metadata }) => metadata.namespace === 'default' && metadata.name === 'kubernetes');
  return new Set((slice?.endpoints ?? []).flatMap(({ addresses }) => addresses.map((text) => addressKey(readAddress(text)))));
}
