/** Pods that only a log tells of, with the labels that it has: objects beside those of the cluster or of manifests. */
import type { KubeObject, Pod } from '@weir/kube';
import { formatAddress } from '@weir/net';
import type { ObservedEnd, ObservedFlow } from '../observed-flow.ts';

/** The pods of the flows that have labels there and are not among these objects. */
export function observedPods(objects: readonly KubeObject[], flows: readonly ObservedFlow[]): readonly Pod[] {
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

/** The name under which a pod of a log is known: its own, or for several at once how their names begin. */
export function observedPodName({ namespace, pod, podPrefix }: ObservedEnd): string | undefined {
  if (namespace === undefined) return undefined;
  return pod ?? podPrefix?.replace(/-+$/, '');
}
