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

/** Traffic that is looked at; without a message ICMP is what no rule tells apart. */
export interface LookedAt extends Traffic {
  readonly message?: { readonly type: number; readonly code: number };
}

/** ICMP by its messages: requests and answers of both families, and errors. */
export const allMessages: readonly LookedAt[] = traffics.flatMap((one): readonly LookedAt[] =>
  one.protocol === 'ICMP' ? [0, 1, 3, 8, 128, 129].flatMap((type) => [0, 4].map((code) => ({ ...one, message: { type, code } }))) : [one],
);

/** Every flow of the blocks by `source destination traffic`; of addresses outside those that are given. */
export function fatesOf(
  { family, classes, blocks }: ConnectionComparison,
  outside: readonly string[],
  lookedAt: readonly LookedAt[] = traffics,
): Map<string, FlowFate> {
  const found = new Map<string, FlowFate>();
  for (const { sources, destinations, isOwnNode: own, traffic, before, after } of blocks) {
    for (const [source, from] of endsOf(classes, sources, outside)) {
      for (const [destination, to] of endsOf(classes, destinations, outside)) {
        if (source === destination || sides.some((side) => isKnownOwnNode(from, to, side) && !own) || (own && !isOwnOnAll(from, to)))
          continue;
        for (const one of lookedAt) {
          const place = classOf(one, traffic, family);
          const fate: FlowFate = [outcomeOf(before, place), outcomeOf(after, place)];
          if (fate[0] !== fate[1]) found.set(`${source} ${destination} ${trafficName(one)}`, fate);
        }
      }
    }
  }
  return found;
}

/** `TCP/80`, `ICMP/8/0`. */
export function trafficName({ protocol, port, message }: LookedAt): string {
  return `${protocol}/${message === undefined ? (port ?? '') : `${message.type}/${message.code}`}`;
}

function classOf({ protocol, port, message }: LookedAt, traffic: readonly TrafficClass[], family: Family): TrafficClass | undefined {
  const ofProtocol = traffic.filter((each) => each.protocol === numberOf(protocol, family));
  if (port !== undefined) return ofProtocol.find(({ ports = [] }) => portRangesContain(ports, port));
  const [first] = ofProtocol;
  if (message === undefined || first?.icmp === undefined) return first;
  const { type, code } = message;
  return (
    ofProtocol.find(({ icmp, standsFor }) => icmp?.type === type && icmp.code === code && standsFor === undefined) ??
    ofProtocol.find(({ icmp, standsFor }) => icmp?.type === type && standsFor === 'other codes') ??
    ofProtocol.find(({ standsFor }) => standsFor === 'other types')
  );
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
