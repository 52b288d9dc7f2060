/** `Endpoints` (v1), which the control plane mirrors in EndpointSlices: what stands behind a service without a selector in older manifests. */
import type { EndpointSlice, KubeObject } from '@weir/kube';

interface EndpointAddress {
  readonly ip?: string;
}

/** The fields that are mirrored. */
interface EndpointsObject extends KubeObject {
  readonly subsets?: readonly {
    readonly addresses?: readonly EndpointAddress[];
    readonly notReadyAddresses?: readonly EndpointAddress[];
    readonly ports?: NonNullable<EndpointSlice['ports']>;
  }[];
}

const serviceNameLabel = 'kubernetes.io/service-name';

/** The slices, with one for each subset of those Endpoints whose service has no slice among the objects. */
export function withMirroredEndpoints(slices: readonly EndpointSlice[], endpoints: readonly KubeObject[]): readonly EndpointSlice[] {
  const keyOf = (namespace = 'default', name = ''): string => `${namespace}/${name}`;
  const sliced = new Set(slices.map(({ metadata }) => keyOf(metadata.namespace, metadata.labels?.[serviceNameLabel])));
  const mirrored = (endpoints as readonly EndpointsObject[]).flatMap(({ metadata, subsets }) => {
    const { namespace, name = '' } = metadata;
    if (sliced.has(keyOf(namespace, name))) return [];
    return (subsets ?? []).map(
      ({ addresses = [], notReadyAddresses = [], ports = [] }, at): EndpointSlice => ({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { ...(namespace === undefined ? {} : { namespace }), name: `${name}-${at}`, labels: { [serviceNameLabel]: name } },
        addressType: addresses.some(({ ip = '' }) => ip.includes(':')) ? 'IPv6' : 'IPv4',
        endpoints: [
          ...addresses.map(({ ip = '' }) => ({ addresses: [ip], conditions: { ready: true } })),
          ...notReadyAddresses.map(({ ip = '' }) => ({ addresses: [ip], conditions: { ready: false } })),
        ],
        ports,
      }),
    );
  });
  return [...slices, ...mirrored];
}
