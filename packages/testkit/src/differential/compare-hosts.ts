/**
 * Compares what the data planes of a cluster's nodes would do at their host endpoints with what the oracle says: at every
 * node that a packet comes to, goes through or leaves.
 */
import { type Address, type Flow, formatAddress } from '@weir/net';
import type { DeltaModel } from '../delta-model.ts';
import type { HostInterface, HostPacket } from '../host-reading.ts';
import type { CalicoFlow, CalicoWorld } from '../oracle/calico/calico-objects.ts';
import type { CalicoVerdict } from '../oracle/calico/calico-oracle.ts';
import { isFinished, nodeAddresses, podAddresses } from '../oracle/inhabitants.ts';
import { packetOf } from './compare-nodes.ts';
import { endAddress } from './engine-parts.ts';
import { renderFlow } from './render-world.ts';

/** The only interface of every node that leads to no pod. */
export const wireName = 'eth0';

const wire: HostInterface = { name: wireName, leadsToPods: false };
const link: HostInterface = { name: 'link', leadsToPods: true };

interface HostComparison {
  readonly oracle: { verdict(flow: CalicoFlow): CalicoVerdict };
  /** Those from and to one address are passed over. */
  readonly flows: readonly CalicoFlow[];
}

/** The first flow that some node judges differently from the oracle, or lets through against it, as a sentence; or undefined. */
export function findHostDifference(
  world: CalicoWorld,
  nodes: readonly { readonly node: string; readonly model: DeltaModel }[],
  { oracle, flows }: HostComparison,
): string | undefined {
  const places = nodes.map(({ node, model }) => ({ model, place: placesOf(world, node) }));
  for (const flow of flows) {
    const packet = packetOf(flow, (end) => endAddress(world, end));
    if (formatAddress(packet.source) === formatAddress(packet.destination)) continue;
    const wanted = oracle.verdict(flow).hostsAllow;
    const actual = places.every(({ model, place }) => {
      const passing = passingOf(packet, place);
      return passing === undefined || model.hostsAllow(passing);
    });
    if (wanted !== actual) return `${renderFlow(flow)} ${JSON.stringify(flow)}: oracle ${wanted}, data planes ${actual}`;
  }
  return undefined;
}

type Place = (address: Address) => 'process' | 'pod' | 'wire';

function placesOf(world: CalicoWorld, name: string): Place {
  const own = (world.nodes ?? []).filter(({ metadata }) => metadata.name === name).flatMap(nodeAddresses);
  const pods = world.pods.filter((pod) => pod.spec?.nodeName === name && pod.spec.hostNetwork !== true && !isFinished(pod));
  const addresses = pods.flatMap(podAddresses);
  return (address) => {
    const text = formatAddress(address);
    if (own.includes(text)) return 'process';
    return addresses.includes(text) ? 'pod' : 'wire';
  };
}

/** How a packet passes a node; undefined: it does not, or over no interface of a host endpoint. */
function passingOf(flow: Flow, place: Place): HostPacket | undefined {
  const [from, to] = [place(flow.source), place(flow.destination)];
  if (from === to && from !== 'pod') return undefined;
  if (from === 'process' && to === 'pod') return undefined;
  return {
    sent: flow,
    flow,
    ...(from === 'process' ? {} : { from: from === 'pod' ? link : wire }),
    ...(to === 'process' ? {} : { to: to === 'pod' ? link : wire }),
  };
}
