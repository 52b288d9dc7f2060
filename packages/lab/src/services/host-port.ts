/**
 * Ports of the node that lead into one of its pods (`hostPort`), as the portmap plugin of a real node does it: the
 * client's address is kept, and the pod is reached on every address of the node unless one is named.
 */
import type { Pod } from '@weir/kube';
import { type Family, isTransportName, parseAddress, type TransportName } from '@weir/net';
import type { Backend } from './service-port.ts';

/** One port of the node in one family. */
export interface HostPort {
  readonly family: Family;
  /** The node's address; absent: all of the family. */
  readonly hostIp?: string;
  readonly protocol: TransportName;
  readonly port: number;
  readonly backend: Backend;
}

/** Whether a pod asks for ports of its node. */
export function wantsHostPorts({ spec }: Pod): boolean {
  return spec?.hostNetwork !== true && containerPorts(spec).some(({ hostPort }) => (hostPort ?? 0) > 0);
}

/** The ports of the node's pods that have an address and have not ended, in a fixed order. */
export function hostPortsOf(pods: Iterable<Pod>): HostPort[] {
  const found: HostPort[] = [];
  for (const pod of pods) {
    const { phase, podIPs = [] } = pod.status ?? {};
    if (!wantsHostPorts(pod) || phase === 'Succeeded' || phase === 'Failed') continue;
    for (const { containerPort, hostPort = 0, hostIP = '', protocol = 'TCP' } of containerPorts(pod.spec)) {
      if (hostPort === 0 || !isTransportName(protocol)) continue;
      for (const { ip } of podIPs) {
        const family = parseAddress(ip)?.family ?? 4;
        const host = parseAddress(hostIP);
        if (host !== undefined && host.family !== family) continue;
        const isAny = host === undefined || hostIP === '0.0.0.0' || hostIP === '::';
        found.push({
          family,
          ...(isAny ? {} : { hostIp: hostIP }),
          protocol,
          port: hostPort,
          backend: { address: ip, port: containerPort },
        });
      }
    }
  }
  return found.sort((a, b) => a.port - b.port || (a.backend.address < b.backend.address ? -1 : 1));
}

function containerPorts(spec: Pod['spec']) {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].flatMap(({ ports = [] }) => ports);
}
