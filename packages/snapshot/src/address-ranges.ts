/**
 * Where the addresses of pods and of services lie, as far as objects or people say.
 *
 * Nodes name the ranges of their pods; they are believed while no pod of the cluster has an address elsewhere, for some
 * networks give pods addresses of another range. ServiceCIDRs name those of services.
 */
import type { KubeObject, Node } from '@weir/kube';
import type { Endpoint } from '@weir/model';
import { type AddressRange, addressRangesContain, rangesOfBlocks } from '@weir/net';

/** networking.k8s.io/v1 ServiceCIDR. */
export interface ServiceCidr extends KubeObject {
  readonly spec?: { readonly cidrs?: readonly string[] };
}

/** The ranges of pods that nodes name; none where a pod's address contradicts them. */
export function podRangesOf(nodes: readonly Node[], endpoints: readonly Endpoint[]): readonly AddressRange[] {
  const ranges = rangesOfBlocks(nodes.flatMap(({ spec }) => spec?.podCIDRs ?? (spec?.podCIDR === undefined ? [] : [spec.podCIDR])));
  const isElsewhere = ({ addresses }: Endpoint): boolean => addresses.some((address) => !addressRangesContain(ranges, address));
  return endpoints.some(isElsewhere) ? [] : ranges;
}

/** The ranges of services that objects name. */
export function serviceRangesOf(serviceCidrs: readonly ServiceCidr[]): readonly AddressRange[] {
  return rangesOfBlocks(serviceCidrs.flatMap(({ spec }) => spec?.cidrs ?? []));
}
