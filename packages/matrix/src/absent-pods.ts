/**
 * Pods that are not among the objects, and could be: they stand for what people may add, or have elsewhere.
 *
 * One for each selector of a peer or a subject that no pod answers to, one for any other pod of each namespace, and one for
 * any pod of a namespace that is not among the objects. A pod that has labels which none of these has may do more.
 */
import { rulesOf } from '@weir/connectivity';
import { namespaceNameLabel } from '@weir/kube';
import {
  appliesToPods,
  type Endpoint,
  type LabelsBySpace,
  orchestratorKey,
  podName,
  type Selector,
  selectorKey,
  selectorMatchesLabels,
  systemKey,
} from '@weir/model';
import type { Snapshot } from '@weir/snapshot';
import { compareTexts } from './end-names.ts';
import { labelsForSelector } from './labels-for-selector.ts';

/** No namespace has that name. */
const anotherNamespace = '[another namespace]';

/** Any pod of a namespace that is not among the objects: it has no labels, and nor has its namespace. */
export const strangerPod: Endpoint = absentPod(anotherNamespace, '[any pod]', noLabels());

/** All of them, the most general first; `selectors` are those that no pod answers to, by default of the snapshot's own peers and subjects. */
export function absentPods(
  snapshot: Snapshot,
  selectors: readonly Selector[] = [...unansweredPeers(snapshot), ...unansweredSubjects(snapshot)],
): Endpoint[] {
  const namespaces = knownNamespaces(snapshot);
  const others = [...namespaces].map(([name, labels]) => absentPod(name, '[any other pod]', { ...noLabels(), namespace: labels }));
  const found = new Map([strangerPod, ...others].map((endpoint) => [podName(endpoint), endpoint]));
  for (const selector of selectors) {
    for (const labels of labelsForSelector(selector)) {
      for (const endpoint of podsWithLabels(labels, namespaces)) {
        if (!found.has(podName(endpoint)) && selectorMatchesLabels(selector, endpoint.labels)) found.set(podName(endpoint), endpoint);
      }
    }
  }
  return [...found.values()];
}

function noLabels(): LabelsBySpace {
  return { pod: {}, namespace: {}, serviceAccount: {}, reserved: {} };
}

/** Namespaces of pods with their labels. */
function knownNamespaces({ endpoints }: Snapshot): ReadonlyMap<string, LabelsBySpace['namespace']> {
  const found = new Map<string, LabelsBySpace['namespace']>();
  for (const { namespace, labels } of endpoints.values()) if (!found.has(namespace)) found.set(namespace, labels.namespace);
  return new Map([...found].sort(([a], [b]) => compareTexts(a, b)));
}

/** The selectors of subjects that no pod answers to, each once. */
export function unansweredSubjects(snapshot: Snapshot): Selector[] {
  const policies = snapshot.world.tiers.flatMap((tier) => tier.policies.filter((policy) => !policy.staged && appliesToPods(policy)));
  return unanswered(
    snapshot,
    policies.map(({ subject }) => subject),
  );
}

/** The selectors of peers that no pod answers to, each once. */
function unansweredPeers(snapshot: Snapshot): Selector[] {
  return unanswered(
    snapshot,
    rulesOf(snapshot.world).flatMap(({ match }) => [match.source, match.destination].flatMap(({ selector }) => selector ?? [])),
  );
}

function unanswered({ world }: Snapshot, selectors: readonly Selector[]): Selector[] {
  const distinct = new Map(selectors.map((selector) => [selectorKey(selector), selector]));
  return [...distinct.values()].filter((selector) => !world.endpoints.some(({ labels }) => selectorMatchesLabels(selector, labels)));
}

/** Pods with the labels: in the namespace that they name, in those that have such labels, else in one that is not there. */
function podsWithLabels(labels: LabelsBySpace, namespaces: ReadonlyMap<string, LabelsBySpace['namespace']>): Endpoint[] {
  const wanted = Object.entries(labels.namespace);
  const name = labels.reserved['namespace'] ?? labels.namespace[namespaceNameLabel];
  const pod = podText(labels);
  if (name !== undefined) {
    const own = namespaces.get(name) ?? { ...labels.namespace, [namespaceNameLabel]: name };
    return [absentPod(name, pod, { ...labels, namespace: own })];
  }
  const matching = [...namespaces].filter(([, own]) => wanted.every(([key, value]) => own[key] === value));
  if (wanted.length === 0 || matching.length === 0) {
    const namespace = wanted.length === 0 ? anotherNamespace : `[namespace with ${labelsText(labels.namespace)}]`;
    return [absentPod(namespace, pod, labels)];
  }
  return matching.map(([namespace, own]) => absentPod(namespace, pod, { ...labels, namespace: own }));
}

function podText({ pod, serviceAccount, reserved }: LabelsBySpace): string {
  const { namespace: _namespace, ...others } = reserved;
  const parts = [labelsText(pod), labelsText({ ...serviceAccount, ...others })].filter((text) => text !== '');
  return parts.length === 0 ? '[any other pod]' : `[pod with ${parts.join(' and ')}]`;
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort(compareTexts)
    .join(',');
}

function absentPod(namespace: string, name: string, labels: LabelsBySpace): Endpoint {
  const reserved = { [orchestratorKey.key]: 'k8s', [systemKey.key]: 'linux', name, ...labels.reserved, namespace };
  return { uid: `absent ${namespace}/${name}`, namespace, name, addresses: [], labels: { ...labels, reserved }, namedPorts: [] };
}
