/** The connections of a comparison one by one, in the names that worlds of the oracle have for ends. */
import type { TrafficClass } from '@weir/connectivity';
import type { FlowEnd } from '@weir/model';
import { addressRangesContain, type Family, formatAddress, parseAddress, portRangesContain } from '@weir/net';
import { type FlowProtocol, type Traffic, traffics, type World } from '@weir/testkit';
import { sides } from '../src/both-sides.ts';
import type { ConnectionComparison } from '../src/changed-connections.ts';
import type { JointClass, JointEnd } from '../src/joint-ends.ts';
import type { SideTraffic } from '../src/pair-traffic.ts';

/** What a flow was and is; absent on a side where one of its ends is not. */
export type FlowFate = readonly [before: FlowOutcome | undefined, after: FlowOutcome | undefined];

type FlowOutcome = 'allow' | 'deny' | 'unknown';

/** Every flow of the blocks by `source destination traffic`; of addresses outside those that are given. */
export function fatesOf({ family, classes, blocks }: ConnectionComparison, outside: readonly string[]): Map<string, FlowFate> {
  const found = new Map<string, FlowFate>();
  for (const { sources, destinations, isOwnNode: own, traffic, before, after } of blocks) {
    for (const [source, from] of endsOf(classes, sources, outside)) {
      for (const [destination, to] of endsOf(classes, destinations, outside)) {
        if (source === destination || sides.some((side) => isKnownOwnNode(from, to, side) && !own) || (own && !isOwnOnAll(from, to)))
          continue;
        for (const one of traffics) {
          const place = traffic.find(
            (each) =>
              each.protocol === numberOf(one.protocol, family) && (one.port === undefined || portRangesContain(each.ports ?? [], one.port)),
          );
          const fate: FlowFate = [outcomeOf(before, place), outcomeOf(after, place)];
          if (fate[0] !== fate[1]) found.set(`${source} ${destination} ${trafficName(one)}`, fate);
        }
      }
    }
  }
  return found;
}

/** `TCP/80`. */
export function trafficName({ protocol, port }: Traffic): string {
  return `${protocol}/${port ?? ''}`;
}

function outcomeOf(traffic: SideTraffic | undefined, place: TrafficClass | undefined): FlowOutcome | undefined {
  if (traffic === undefined || place === undefined) return undefined;
  return traffic.allowed.includes(place) ? 'allow' : traffic.unknown.includes(place) ? 'unknown' : 'deny';
}

function endsOf(classes: readonly JointClass[], places: readonly number[], outside: readonly string[]): (readonly [string, JointEnd])[] {
  return places.flatMap((at) => {
    const one = classes[at];
    if (one === undefined) return [];
    if (one.kind !== 'outside') return one.ends.map((end) => [nameOf(end), end] as const);
    const inside = outside.filter((text) => {
      const address = parseAddress(text);
      return address !== undefined && addressRangesContain(one.ranges, address);
    });
    return one.ends.flatMap((end) => inside.map((text) => [text, end] as const));
  });
}

function nameOf(end: JointEnd): string {
  const one = end.before ?? end.after;
  return one?.kind === 'node' && one.address !== undefined ? formatAddress(one.address) : end.name;
}

function isKnownOwnNode(source: JointEnd, destination: JointEnd, side: 'before' | 'after'): boolean {
  return isOwnNode(source[side], destination[side]);
}

function isOwnOnAll(source: JointEnd, destination: JointEnd): boolean {
  return sides.every((side) => source[side] === undefined || destination[side] === undefined || isOwnNode(source[side], destination[side]));
}

function isOwnNode(source: FlowEnd | undefined, destination: FlowEnd | undefined): boolean {
  const [pod, node] = source?.kind === 'endpoint' ? [source, destination] : [destination, source];
  return pod?.kind === 'endpoint' && node?.kind === 'node' && pod.endpoint.node === node.node.name;
}

function numberOf(protocol: FlowProtocol, family: Family): number {
  return { TCP: 6, UDP: 17, SCTP: 132, ICMP: family === 4 ? 1 : 58 }[protocol];
}

/** The node that a pod of a world runs on. */
export function nodeOf(world: World, name: string): string | undefined {
  return world.pods.find(({ metadata: { namespace = 'default', name: own } }) => `${namespace}/${own ?? ''}` === name)?.spec?.nodeName;
}
