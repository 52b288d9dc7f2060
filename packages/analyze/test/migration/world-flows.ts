/** What tests of migrations share: worlds as objects, and the flows of a comparison one by one. */
import { classifyEnds, compareFlows, type EndClass, type FlowChange, type FlowComparison, trafficClasses } from '@weir/connectivity';
import { engineProfiles, type FlowEnd } from '@weir/model';
import { type Address, formatAddress, parseAddress, portRangesContain } from '@weir/net';
import { loadSnapshot } from '@weir/snapshot';
import { endsOf, type OracleEngine, objectsOf, type Traffic, traffics, type World, type WorldFlow } from '@weir/testkit';

/** The comparison of both families. */
export function comparisonsOf(before: World, after: World, from: OracleEngine, to: OracleEngine): FlowComparison[] {
  const worlds = [
    loadSnapshot(objectsOf(before), { profile: engineProfiles[from] }),
    loadSnapshot(objectsOf(after), { profile: engineProfiles[to] }),
  ] as const;
  return ([4, 6] as const).map((family) => {
    const [snapshot] = worlds;
    const both = worlds.map(({ world }) => world);
    const ends = classifyEnds({ snapshot, worlds: both, family, include: () => true, hosts: hostsOf(before, family) });
    const traffic = trafficClasses(both, snapshot.world.endpoints, family);
    return compareFlows({ from: worlds[0].world, to: worlds[1].world, ends, traffic });
  });
}

function hostsOf(world: World, family: 4 | 6): Address[] {
  return endsOf(world, family).flatMap((end) => (end.kind === 'address' ? (parseAddress(end.address) ?? []) : []));
}

/** Every flow of the comparison as `source destination protocol/port`, with what becomes of it; the ports that worlds are tried on alone. */
export function changedFlowsOf(world: World, comparisons: readonly FlowComparison[]): Map<string, FlowChange> {
  const found = new Map<string, FlowChange>();
  const tried = new Set(([4, 6] as const).flatMap((family) => endsOf(world, family).map(nameOf)));
  for (const { ends, changes } of comparisons) {
    for (const { change, ownNode, blocks } of changes) {
      for (const { sources, destinations, traffic } of blocks) {
        const names = traffics.filter((one) => traffic.some((each) => holds(each, one, ends.family))).map(trafficName);
        for (const [source, destination] of pairs(membersOf(ends.classes, sources), membersOf(ends.classes, destinations))) {
          if (isOwnNode(source, destination) !== ownNode || isSame(source, destination)) continue;
          const key = `${textOf(source, ends.family)} ${textOf(destination, ends.family)}`;
          if (key.split(' ').every((name) => tried.has(name))) for (const name of names) found.set(`${key} ${name}`, change);
        }
      }
    }
  }
  return found;
}

/** The same text for a flow of a world. */
export function flowName(flow: WorldFlow): string {
  return `${nameOf(flow.source)} ${nameOf(flow.destination)} ${trafficName(flow)}`;
}

function trafficName({ protocol, port }: Traffic): string {
  return `${protocol}/${port ?? ''}`;
}

function holds(each: FlowComparison['traffic'][number], one: Traffic, family: 4 | 6): boolean {
  const number = { TCP: 6, UDP: 17, SCTP: 132, ICMP: family === 4 ? 1 : 58 }[one.protocol];
  return each.protocol === number && (one.port === undefined || portRangesContain(each.ports ?? [], one.port));
}

function nameOf(end: WorldFlow['source']): string {
  return end.kind === 'pod' ? `${end.namespace}/${end.name}/${end.family ?? 4}` : end.address;
}

function textOf(end: FlowEnd, family: 4 | 6): string {
  if (end.kind === 'endpoint') return `${end.endpoint.namespace}/${end.endpoint.name}/${family}`;
  return end.address === undefined ? '' : formatAddress(end.address);
}

function membersOf(classes: readonly EndClass[], chosen: readonly number[]): FlowEnd[] {
  return chosen.flatMap((at) => classes[at]?.ends ?? []);
}

function isOwnNode(source: FlowEnd, destination: FlowEnd): boolean {
  const [pod, node] = source.kind === 'endpoint' ? [source, destination] : [destination, source];
  return pod.kind === 'endpoint' && node.kind === 'node' && pod.endpoint.node === node.node.name;
}

function isSame(source: FlowEnd, destination: FlowEnd): boolean {
  return source.kind === 'endpoint' && destination.kind === 'endpoint' && source.endpoint.uid === destination.endpoint.uid;
}

function pairs<T>(left: readonly T[], right: readonly T[]): (readonly [T, T])[] {
  return left.flatMap((one) => right.map((other) => [one, other] as const));
}
