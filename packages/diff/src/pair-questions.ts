/** Questions between two ends of one side. */
import type { TrafficClass } from '@weir/connectivity';
import type { FlowEnd, FlowQuestion } from '@weir/model';
import type { Family } from '@weir/net';
import { anotherCopy } from '@weir/snapshot';

/** For traffic the question about a packet of it; undefined where one is not there. */
export function questionsBetween(
  source: FlowEnd | undefined,
  destination: FlowEnd | undefined,
  family: Family,
): ((traffic: TrafficClass) => FlowQuestion) | undefined {
  if (source === undefined || destination === undefined) return undefined;
  const isSame = source.kind === 'endpoint' && destination.kind === 'endpoint' && source.endpoint.uid === destination.endpoint.uid;
  // Two that are one on this side stand for two copies of it.
  const to: FlowEnd = isSame ? { ...destination, endpoint: anotherCopy(destination.endpoint) } : destination;
  return ({ protocol, port, sourcePort, icmp }) => ({
    source,
    destination: to,
    family,
    protocol,
    ...(port === undefined ? {} : { destinationPort: port }),
    ...(sourcePort === undefined ? {} : { sourcePort }),
    ...(icmp === undefined ? {} : { icmp }),
  });
}
