/**
 * What holds for all host endpoints of a cluster: the ports that no policy can close, and pods that reach for their own node.
 *
 * Calico calls them failsafe ports and DefaultEndpointToHostAction (felix `config_params.go`); Cilium's host firewall has no
 * such ports and asks its host policies about local pods, too.
 */
import { type AddressRange, type ProtocolNumber, protocolNumber } from '@weir/net';
import type { Direction } from './model.ts';

/** A port that stays open whatever policies of host endpoints say: in from, or out to, the block; absent: everybody. */
export interface Failsafe {
  readonly direction: Direction;
  readonly protocol: ProtocolNumber;
  readonly port: number;
  readonly block?: AddressRange;
}

/**
 * What becomes of packets from a pod to its own node, after the pod's egress policies: let through, dropped, left to
 * whatever else the node has for its input, or judged by the normal policies of its host endpoint.
 */
export type PodToHost = 'accept' | 'drop' | 'return' | 'policy';

/** The settings of one cluster. */
export interface HostSettings {
  readonly failsafes: readonly Failsafe[];
  readonly podToHost: PodToHost;
}

const { TCP, UDP } = protocolNumber;

function ports(direction: Direction, protocol: ProtocolNumber, numbers: readonly number[]): Failsafe[] {
  return numbers.map((port) => ({ direction, protocol, port }));
}

/** Calico's, which keep SSH, DHCP, DNS, BGP, etcd, Typha and the API server reachable; its manifests let pods reach their node. */
export const calicoHostSettings: HostSettings = {
  failsafes: [
    ...ports('ingress', TCP, [22, 179, 2379, 2380, 5473, 6443, 6666, 6667]),
    ...ports('ingress', UDP, [68]),
    ...ports('egress', TCP, [179, 2379, 2380, 5473, 6443, 6666, 6667]),
    ...ports('egress', UDP, [53, 67]),
  ],
  podToHost: 'accept',
};

/** Cilium's: host policies mean every packet, and every local pod. */
export const ciliumHostSettings: HostSettings = { failsafes: [], podToHost: 'policy' };
