/**
 * Objects that only a log tells of, beside those of the cluster or of manifests: pods with the labels that it has, and the
 * addresses of the API server.
 */
import type { EndpointSlice, KubeObject, Pod } from '@weir/kube';
import { formatAddress, parseAddress } from '@weir/net';
import type { ObservedEnd, ObservedFlow } from '../observed-flow.ts';

/** All of them. */
export function observedObjects(objects: readonly KubeObject[], flows: readonly ObservedFlow[]): readonly KubeObject[] {
  return [...observedPods(objects, flows), ...observedApiServer(objects, flows)];
}

/** The pods of the flows that have labels there and are not among these objects. */
function observedPods(objects: readonly KubeObject[], flows: readonly ObservedFlow[]): readonly Pod[] {
  const known = new Set(
    objects.filter(({ kind }) => kind === 'Pod').map(({ metadata }) => `${metadata.namespace ?? 'default'}/${metadata.name ?? ''}`),
  );
  const taken = new Set(objects.flatMap((object) => (object as Pod).status?.podIP ?? []));
  const found = new Map<string, Pod>();
  for (const end of flows.flatMap(({ source, destination }) => [source, destination])) {
    const name = observedPodName(end);
    if (name === undefined || end.labels === undefined) continue;
    const key = `${end.namespace ?? ''}/${name}`;
    if (known.has(key) || found.has(key)) continue;
    const address = end.address === undefined || end.pod === undefined ? undefined : formatAddress(end.address);
    const isFree = address !== undefined && !taken.has(address);
    if (isFree) taken.add(address);
    found.set(key, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: end.namespace ?? 'default', uid: `observed ${key}`, labels: end.labels },
      spec: { containers: [] },
      status: { phase: 'Running', ...(isFree ? { podIP: address } : {}) },
    });
  }
  return [...found.values()];
}

/** The endpoints of the API server's service, which nobody gave. */
function observedApiServer(objects: readonly KubeObject[], flows: readonly ObservedFlow[]): readonly EndpointSlice[] {
  const isThere = objects.some(
    ({ kind, metadata: { namespace, name } }) => kind === 'EndpointSlice' && namespace === 'default' && name === 'kubernetes',
  );
  const ends = isThere
    ? []
    : flows.flatMap(({ source, destination }) => [source, destination]).filter(({ isApiServer }) => isApiServer === true);
  const addresses = [...new Set(ends.flatMap(({ address }) => (address === undefined ? [] : [formatAddress(address)])))].sort();
  if (addresses.length === 0) return [];
  return [
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { namespace: 'default', name: 'kubernetes', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: addresses.every((text) => parseAddress(text)?.family === 6) ? 'IPv6' : 'IPv4',
      endpoints: [{ addresses }],
    },
  ];
}

/** The name under which a pod of a log is known: its own, or for several at once how their names begin. */
export function observedPodName({ namespace, pod, podPrefix }: ObservedEnd): string | undefined {
  if (namespace === undefined) return undefined;
  return pod ?? podPrefix?.replace(/-+$/, '');
}
