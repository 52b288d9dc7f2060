/** The addresses behind services, from their EndpointSlices, as members of groups; pure and of whatever objects come. */
import type { KubeObject } from '@weir/kube';
import type { AddressGroupName, GroupMember } from '@weir/model';
import { isTransportName, parseAddress, transportNumber } from '@weir/net';

const serviceLabel = 'kubernetes.io/service-name';

/** The group of the service that a slice is of; undefined for a slice of none. */
export function serviceGroupOf({ metadata: { namespace = 'default', labels } }: KubeObject): AddressGroupName | undefined {
  const service: unknown = labels?.[serviceLabel];
  return typeof service === 'string' && service !== '' ? `service/${namespace}/${service}` : undefined;
}

/** The members that one slice adds: each address with each port. What cannot be read is no member. */
export function sliceMembers(slice: KubeObject & { readonly endpoints?: unknown; readonly ports?: unknown }): readonly GroupMember[] {
  const ports = objectsIn(slice.ports).flatMap(({ port, protocol = 'TCP' }) =>
    typeof port === 'number' && typeof protocol === 'string' && isTransportName(protocol)
      ? [{ port, protocol: transportNumber(protocol) }]
      : [],
  );
  return objectsIn(slice.endpoints).flatMap(({ addresses }) =>
    (Array.isArray(addresses) ? addresses : []).flatMap((text: unknown): GroupMember[] => {
      const address = typeof text === 'string' ? parseAddress(text) : undefined;
      if (address === undefined) return [];
      // A service without ports still has addresses, which count as sources.
      return ports.length === 0 ? [{ address }] : ports.map((port) => ({ address, ...port }));
    }),
  );
}

function objectsIn(list: unknown): readonly Readonly<Record<string, unknown>>[] {
  const items: readonly unknown[] = Array.isArray(list) ? list : [];
  return items.filter((item): item is Readonly<Record<string, unknown>> => typeof item === 'object' && item !== null);
}
