/** What the downward API tells: fields of the pod and amounts of its containers, for variables and files (`pkg/fieldpath`). */
import { type Container, type Pod, type Quantities, type Quantity, type ResourceFieldRef, readQuantity, zeroQuantity } from '@weir/kube';

/** What the downward API needs to know besides the pod's object. */
export interface PodFacts {
  readonly pod: Pod;
  readonly podAddresses: readonly string[];
  readonly hostAddresses: readonly string[];
  /** What the node has: the limit of who has none. */
  readonly allocatable: Quantities;
}

/** Texts of fields; undefined for one that the API does not offer. */
export function podField(path: string, { pod, podAddresses, hostAddresses }: PodFacts): string | undefined {
  const { metadata, spec } = pod;
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed !== null) return (keyed[1] === 'labels' ? metadata.labels : metadata.annotations)?.[keyed[2] ?? ''] ?? '';
  const fields: Readonly<Record<string, () => string>> = {
    'metadata.name': () => metadata.name ?? '',
    'metadata.namespace': () => metadata.namespace ?? '',
    'metadata.uid': () => metadata.uid ?? '',
    'metadata.labels': () => formatMap(metadata.labels),
    'metadata.annotations': () => formatMap(metadata.annotations),
    'spec.nodeName': () => spec?.nodeName ?? '',
    'spec.serviceAccountName': () => spec?.serviceAccountName ?? '',
    'status.hostIP': () => hostAddresses[0] ?? '',
    'status.hostIPs': () => hostAddresses.join(','),
    'status.podIP': () => podAddresses[0] ?? '',
    'status.podIPs': () => podAddresses.join(','),
  };
  return Object.hasOwn(fields, path) ? fields[path]?.() : undefined;
}

/** One line `key="value"` a key, in their order; values are quoted as Go quotes them. */
function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}

/**
 * How much of a resource the container asks for or is limited to, in whole units of the divisor, rounded up; undefined for a
 * container or a resource that is none. Who has no limit has all of the node; who asks for nothing has nothing.
 */
export function containerResource(reference: ResourceFieldRef, container: Container | undefined, facts: PodFacts): string | undefined {
  const [, part, name = ''] = /^(limits|requests)\.(.+)$/.exec(reference.resource) ?? [];
  if (container === undefined || part === undefined) return undefined;
  const { limits = {}, requests = {} } = container.resources ?? {};
  const own = part === 'limits' ? (limits[name] ?? facts.allocatable[name]) : requests[name];
  const amount = own === undefined ? zeroQuantity : readQuantity(own);
  const divisor = divisorOf(reference);
  return amount === undefined || divisor === undefined ? undefined : String((amount.nanos + divisor.nanos - 1n) / divisor.nanos);
}

function divisorOf({ divisor }: ResourceFieldRef): Quantity | undefined {
  const read = readQuantity(divisor ?? '1');
  return read === undefined || read.nanos === 0n ? readQuantity('1') : read;
}

/** The container that a reference without a name means is the one that it stands in. */
export function containerNamed(pod: Pod, name: string | undefined): Container | undefined {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  return [...containers, ...initContainers].find((each) => each.name === name);
}
