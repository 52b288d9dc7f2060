/** A pod as an endpoint, also before its status has an address: the start gate may know it earlier. */
import { podAddresses, podToEndpoint } from '@weir/compile';
import type { Pod, StringMap } from '@weir/kube';
import type { Endpoint } from '@weir/policy';

const noLabels: StringMap = Object.freeze({});

/** Stands in for the address that the pod does not have yet and is taken out again. */
const placeholder = [{ ip: '0.0.0.0' }];

/**
 * The endpoint, with or without addresses; undefined when the pod is none (on the host's network or
 * finished).
 */
export function podEndpoint(pod: Pod, namespaceLabels: StringMap = noLabels): Endpoint | undefined {
  const addresses = podAddresses(pod);
  if (addresses.length > 0) return podToEndpoint(pod, namespaceLabels);
  const endpoint = podToEndpoint({ ...pod, status: { ...pod.status, podIPs: placeholder } }, namespaceLabels);
  return endpoint === undefined ? undefined : { ...endpoint, addresses };
}
