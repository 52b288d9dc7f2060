/**
 * Which EndpointSlices an Endpoints object makes that a person or a program wrote for a service without selector:
 * values in, values out (KEP-752, `pkg/controller/endpointslicemirroring`).
 */
import type { EndpointSlice, Service } from '@weir/kube';
import { parseAddress, shortHash } from '@weir/net';
import { serviceNameLabel } from '../../services/service-port.ts';
import { type Endpoints, managedByLabel } from './endpoint-slices.ts';

/** The value of {@link managedByLabel} on mirrored slices. */
export const mirroredByValue = 'endpointslicemirroring-controller.k8s.io';

const skipLabel = 'endpointslice.kubernetes.io/skip-mirror';
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';
const ownAnnotations = new Set(['kubectl.kubernetes.io/last-applied-configuration', 'endpoints.kubernetes.io/last-change-trigger-time']);
/** As in the reference; what is beyond is left out. */
const endpointsPerSubset = 1_000;

/** Whether the object's endpoints are to be mirrored for this service, if there is one. */
export function isMirrored({ metadata }: Endpoints, service: Service | undefined): boolean {
  if (service === undefined || Object.keys(service.spec?.selector ?? {}).length > 0) return false;
  if (metadata.deletionTimestamp !== undefined || metadata.labels?.[skipLabel] === 'true') return false;
  return metadata.annotations?.[leaderAnnotation] === undefined;
}

/** The slices that should exist: one for each subset and family. */
export function mirroredSlices(endpoints: Endpoints): EndpointSlice[] {
  const { namespace = '', name = '', uid = '', labels, annotations = {} } = endpoints.metadata;
  return (endpoints.subsets ?? []).flatMap((subset, index) =>
    (['IPv4', 'IPv6'] as const).flatMap((addressType): EndpointSlice[] => {
      const all = [
        ...(subset.addresses ?? []).map((address) => ({ ...address, ready: true })),
        ...(subset.notReadyAddresses ?? []).map((address) => ({ ...address, ready: false })),
      ];
      const own = all.filter(({ ip }) => parseAddress(ip)?.family === (addressType === 'IPv4' ? 4 : 6)).slice(0, endpointsPerSubset);
      if (own.length === 0) return [];
      const kept = Object.entries(annotations).filter(([key]) => !ownAnnotations.has(key));
      return [
        {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: {
            name: `${name.slice(0, 50)}-${shortHash(`${uid} ${index} ${addressType}`).slice(-5)}`,
            namespace,
            labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: mirroredByValue },
            ...(kept.length === 0 ? {} : { annotations: Object.fromEntries(kept) }),
            ownerReferences: [{ apiVersion: 'v1', kind: 'Endpoints', name, uid, controller: true, blockOwnerDeletion: true }],
          },
          addressType,
          endpoints: own.map(({ ip, hostname, nodeName, targetRef, ready }) => ({
            addresses: [ip],
            conditions: { ready },
            ...(hostname === undefined ? {} : { hostname }),
            ...(nodeName === undefined ? {} : { nodeName }),
            ...(targetRef === undefined ? {} : { targetRef }),
          })),
          ports: (subset.ports ?? []).map((port) => ({ name: '', protocol: 'TCP', ...port })),
        },
      ];
    }),
  );
}
