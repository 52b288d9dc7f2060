/** The cluster of the upstream suite on two nodes: every other pod on the second one, all dual-stack. */
import { type NetpolState, netpolAddress, netpolEnds, netpolWorld, type World, type WorldFlow } from '@weir/testkit';

/** The suite's cluster in a state. */
export function twoNodeWorld(state: NetpolState): World {
  const world = netpolWorld(state);
  return {
    ...world,
    nodes: (world.nodes ?? []).map((node, i) => ({
      ...node,
      status: {
        addresses: [
          { type: 'InternalIP', address: nodeAddressOf(i, 4) },
          { type: 'InternalIP', address: nodeAddressOf(i, 6) },
        ],
      },
    })),
    pods: world.pods.map((pod, i) => ({
      ...pod,
      spec: { ...pod.spec, containers: pod.spec?.containers ?? [], nodeName: `node-${i % 2}` },
      status: {
        ...pod.status,
        hostIP: nodeAddressOf(i % 2, 4),
        hostIPs: [{ ip: nodeAddressOf(i % 2, 4) }, { ip: nodeAddressOf(i % 2, 6) }],
        podIPs: [...(pod.status?.podIPs ?? []), { ip: podAddressOf(netpolEnds[i] ?? '', 6) }],
      },
    })),
  };
}

/** The address of a node, 0 or 1. */
export function nodeAddressOf(index: number, family: 4 | 6): string {
  return family === 4 ? `10.224.0.${4 + index}` : `fd00:224::${4 + index}`;
}

/** The address of a pod given as `namespace/name`. */
export function podAddressOf(pod: string, family: 4 | 6): string {
  return family === 4 ? netpolAddress(pod) : `fd00:224:1::${10 + netpolEnds.indexOf(pod)}`;
}

/** A pod of the suite as the end of a flow in a family. */
export function podEnd(pod: string, family: 4 | 6): WorldFlow['source'] {
  const [namespace = '', name = ''] = pod.split('/');
  return { kind: 'pod', namespace, name, family };
}
