/** Every flow worth trying in a world: all ordered pairs of ends, each on all ports and protocols. */
import { addressOfPod, isFinished, nodeAddresses, podAddresses } from '../oracle/inhabitants.ts';
import type { FlowEnd, FlowProtocol, World, WorldFlow } from '../oracle/world.ts';
import { externalAddressPool, flowPorts } from './pools.ts';

const protocols: readonly FlowProtocol[] = ['TCP', 'UDP', 'SCTP'];

/** A protocol with a port, or ICMP without. */
export interface Traffic {
  readonly protocol: FlowProtocol;
  readonly port?: number;
}

/** What every pair is tried with: 4 ports × 3 protocols, and ICMP. */
export const traffics: readonly Traffic[] = [
  ...protocols.flatMap((protocol) => flowPorts.map((port) => ({ protocol, port }))),
  { protocol: 'ICMP' },
];

/** An ordered pair of ends of one family. */
export interface EndPair {
  readonly source: FlowEnd;
  readonly destination: FlowEnd;
}

/**
 * The ends of a world by family: live pods of the pod network, addresses of nodes (which host
 * network pods share), of finished pods, and from outside.
 */
export function endsOf(world: World, family: 4 | 6): FlowEnd[] {
  const ofFamily = (text: string): boolean => text.includes(':') === (family === 6);
  const live = world.pods.filter((pod) => pod.spec?.hostNetwork !== true && !isFinished(pod));
  const taken = new Set(live.flatMap(podAddresses));
  const pods = live.flatMap<FlowEnd>((pod) =>
    addressOfPod(pod, family) === undefined
      ? []
      : [{ kind: 'pod', namespace: pod.metadata.namespace ?? '', name: pod.metadata.name ?? '', family }],
  );
  const others = [...world.pods.flatMap(podAddresses), ...(world.nodes ?? []).flatMap(nodeAddresses), ...externalAddressPool[family]];
  const addresses = [...new Set(others)].filter((address) => ofFamily(address) && !taken.has(address));
  return [...pods, ...addresses.map<FlowEnd>((address) => ({ kind: 'address', address }))];
}

/** All ordered pairs of ends of one family, both families, itself to itself included. */
export function pairsOf(world: World): EndPair[] {
  return ([4, 6] as const).flatMap((family) => {
    const ends = endsOf(world, family);
    return ends.flatMap((source) => ends.map((destination) => ({ source, destination })));
  });
}

/** All pairs with all traffics, in a fixed order. */
export function flowsOf(world: World): WorldFlow[] {
  // Member by member: there are some 10 000 in a world, and objects put together by `...` take five times as long.
  return pairsOf(world).flatMap(({ source, destination }) =>
    traffics.map(({ protocol, port }) =>
      port === undefined ? { source, destination, protocol } : { source, destination, protocol, port },
    ),
  );
}
