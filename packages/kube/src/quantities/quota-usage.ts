/**
 * What objects count against a ResourceQuota (`pkg/quota/v1/evaluator/core`): values in, values out.
 *
 * Admission counts with it what is there before it lets more in, the quota controller what it writes into the status.
 */
import { type JsonObject, listAt, numberAt, objectAt, objectsAt, textAt } from '../registry/json-object.ts';
import { type Amounts, addAll, containerAmounts, podAmounts } from './pod-resources.ts';
import { type Quantity, quantityOf, readQuantity, zeroQuantity } from './quantity.ts';

/** Kinds that can be counted by their plain plural, as quotas could before `count/…`. */
const plainCounts = new Set(['configmaps', 'persistentvolumeclaims', 'replicationcontrollers', 'resourcequotas', 'secrets', 'services']);
const claimsOfClass = '.storageclass.storage.k8s.io/';
/** What every pod must say when a quota limits it. */
const statedResources = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']);

/** The resource (`plural` or `plural.group`) whose objects a line of `spec.hard` counts; undefined when nothing does. */
export function countedResource(name: string): string | undefined {
  if (name.startsWith('count/')) return name.slice('count/'.length);
  if (name === 'services' || name.startsWith('services.')) return 'services';
  if (plainCounts.has(name)) return name;
  if (name === 'requests.storage' || name.includes(claimsOfClass)) return 'persistentvolumeclaims';
  const isOfPods = ['pods', 'cpu', 'memory', 'ephemeral-storage'].includes(name) || /^(requests|limits|hugepages-.*)\.?/.test(name);
  return isOfPods ? 'pods' : undefined;
}

/** What one object counts, by the names that quotas use. */
export function usageOf(resource: string, object: Readonly<JsonObject>, nowMs: number): Amounts {
  const usage = new Map<string, Quantity>([[`count/${resource}`, quantityOf(1)]]);
  if (plainCounts.has(resource)) usage.set(resource, quantityOf(1));
  if (resource === 'pods' && isCounted(object, nowMs)) addAll(usage, podUsage(objectAt(object, 'spec')));
  if (resource === 'services') addAll(usage, serviceUsage(objectAt(object, 'spec')));
  if (resource === 'persistentvolumeclaims') addAll(usage, claimUsage(object));
  return usage;
}

/** Pods that have ended, or should have, take nothing any more. */
function isCounted(pod: Readonly<JsonObject>, nowMs: number): boolean {
  const phase = textAt(objectAt(pod, 'status'), 'phase');
  if (phase === 'Failed' || phase === 'Succeeded') return false;
  const metadata = objectAt(pod, 'metadata');
  const deleted = textAt(metadata, 'deletionTimestamp');
  const grace = numberAt(metadata, 'deletionGracePeriodSeconds');
  return deleted === '' || grace === undefined || Date.parse(deleted) + grace * 1_000 > nowMs;
}

function podUsage(spec: JsonObject | undefined): Amounts {
  const usage = new Map<string, Quantity>([['pods', quantityOf(1)]]);
  for (const [name, amount] of podAmounts(spec, 'requests')) {
    const isPlain = name === 'cpu' || name === 'memory' || name === 'ephemeral-storage' || name.startsWith('hugepages-');
    if (isPlain) usage.set(name, amount);
    usage.set(`requests.${name}`, amount);
  }
  for (const [name, amount] of podAmounts(spec, 'limits')) usage.set(`limits.${name}`, amount);
  return usage;
}

function serviceUsage(spec: JsonObject | undefined): Amounts {
  const type = textAt(spec, 'type');
  const ports = quantityOf(listAt(spec, 'ports').length);
  const isBalanced = type === 'LoadBalancer';
  const hasNodePorts = type === 'NodePort' || (isBalanced && spec?.['allocateLoadBalancerNodePorts'] !== false);
  return new Map([
    ['services.nodeports', hasNodePorts ? ports : zeroQuantity],
    ['services.loadbalancers', quantityOf(isBalanced ? 1 : 0)],
  ]);
}

function claimUsage(claim: Readonly<JsonObject>): Amounts {
  const spec = objectAt(claim, 'spec');
  const requested = readQuantity(objectAt(objectAt(spec, 'resources'), 'requests')?.['storage']) ?? zeroQuantity;
  const usage = new Map([['requests.storage', requested]]);
  const className = textAt(spec, 'storageClassName');
  if (className !== '') {
    usage.set(`${className}${claimsOfClass}requests.storage`, requested);
    usage.set(`${className}${claimsOfClass}persistentvolumeclaims`, quantityOf(1));
  }
  return usage;
}

/** Whether a quota counts an object at all: one with scopes counts only pods of all its scopes. */
export function isInScope(quota: Readonly<JsonObject>, resource: string, object: Readonly<JsonObject>): boolean {
  const spec = objectAt(quota, 'spec');
  const scopes = listAt(spec, 'scopes').map((scope) => ({ scopeName: String(scope), operator: 'Exists', values: [] as string[] }));
  const selected = objectsAt(objectAt(spec, 'scopeSelector'), 'matchExpressions').map((each) => ({
    scopeName: textAt(each, 'scopeName'),
    operator: textAt(each, 'operator'),
    values: listAt(each, 'values').map(String),
  }));
  const all = [...scopes, ...selected];
  if (all.length === 0) return true;
  return resource === 'pods' && all.every((scope) => isPodInScope(scope, object));
}

interface Scope {
  readonly scopeName: string;
  readonly operator: string;
  readonly values: readonly string[];
}

function isPodInScope({ scopeName, operator, values }: Scope, pod: Readonly<JsonObject>): boolean {
  const spec = objectAt(pod, 'spec');
  const isTerminating = (numberAt(spec, 'activeDeadlineSeconds') ?? -1) >= 0;
  const isBestEffort = textAt(objectAt(pod, 'status'), 'qosClass') === 'BestEffort';
  const priority = textAt(spec, 'priorityClassName');
  switch (scopeName) {
    case 'Terminating':
      return isTerminating;
    case 'NotTerminating':
      return !isTerminating;
    case 'BestEffort':
      return isBestEffort;
    case 'NotBestEffort':
      return !isBestEffort;
    case 'CrossNamespacePodAffinity':
      return reachesOtherNamespaces(spec);
    case 'PriorityClass':
      if (operator === 'In') return values.includes(priority);
      if (operator === 'NotIn') return !values.includes(priority);
      return operator === 'DoesNotExist' ? priority === '' : priority !== '';
    default:
      return false;
  }
}

function reachesOtherNamespaces(spec: JsonObject | undefined): boolean {
  const affinity = objectAt(spec, 'affinity');
  return ['podAffinity', 'podAntiAffinity'].some((kind) => {
    const terms = objectAt(affinity, kind);
    const preferred = objectsAt(terms, 'preferredDuringSchedulingIgnoredDuringExecution').map((each) => objectAt(each, 'podAffinityTerm'));
    return [...objectsAt(terms, 'requiredDuringSchedulingIgnoredDuringExecution'), ...preferred].some(
      (term) => listAt(term, 'namespaces').length > 0 || objectAt(term, 'namespaceSelector') !== undefined,
    );
  });
}

/** The containers that leave out what a quota limits, by resource and in the order of names; empty when all say it. */
export function unstatedResources(pod: Readonly<JsonObject>, hard: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const missing = new Map<string, readonly string[]>();
  const spec = objectAt(pod, 'spec');
  const containers = [...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')];
  for (const name of [...hard].filter((each) => statedResources.has(each)).sort()) {
    const [, part = 'requests', plain = name] = /^(requests|limits)\.(.+)$/.exec(name) ?? [];
    const without = containers.filter((container) => !containerAmounts(container, part === 'limits' ? 'limits' : 'requests').has(plain));
    if (without.length > 0) missing.set(name, [...new Set(without.map((container) => textAt(container, 'name')))].sort());
  }
  return missing;
}
