import { type FlowEnd, podName } from '@weir/model';
import {
  type Address,
  cidrContains,
  type Family,
  parseAddress,
  parseCidr,
  portRangesContain,
  protocolNumber,
  singleAddressCidr,
} from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import { flowsOf, generateWorld, NetworkPolicyOracle, type World, type WorldFlow } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { type MatrixConnection, type MatrixEnd, type MatrixReport, type MatrixReportOptions, reportMatrix } from '../src/index.ts';
import { snapshotOfWorld } from './world-snapshot.ts';

/** Whether a report tells a connection: as a reader finds it, by the members of its ends. */
class ReportReader {
  readonly #report: MatrixReport;
  readonly #endsOfPod = new Map<string, Set<string>>();
  readonly #byPair = new Map<string, MatrixConnection[]>();

  constructor(report: MatrixReport) {
    this.#report = report;
    for (const { name, workloads } of report.ends) {
      for (const { namespace, pods } of workloads) {
        for (const pod of pods)
          this.#endsOfPod.set(`${namespace}/${pod}`, (this.#endsOfPod.get(`${namespace}/${pod}`) ?? new Set()).add(name));
      }
    }
    for (const row of report.connections) {
      const key = `${row.from} → ${row.to}`;
      this.#byPair.set(key, [...(this.#byPair.get(key) ?? []), row]);
    }
  }

  tells(
    source: FlowEnd,
    destination: FlowEnd,
    { protocol, port, family }: { protocol: string; port: number | undefined; family: Family },
  ): boolean {
    return this.#endsOf(source, family).some((from) =>
      this.#endsOf(destination, family).some((to) =>
        (this.#byPair.get(`${from} → ${to}`) ?? []).some(
          (row) =>
            row.families.includes(family) &&
            row.protocols.some(
              (one) => one.protocol === protocol && (one.ports === undefined || (port !== undefined && portRangesContain(one.ports, port))),
            ),
        ),
      ),
    );
  }

  #endsOf(end: FlowEnd, family: Family): string[] {
    if (end.kind === 'endpoint') return [...(this.#endsOfPod.get(podName(end.endpoint)) ?? [])];
    const has = ({ nodes, blocks }: MatrixEnd): boolean =>
      end.kind === 'node' ? nodes.includes(end.node.name) : blocks.some((block) => holds(block, end.address));
    return this.#report.ends.filter((one) => one.families.includes(family) && has(one)).map(({ name }) => name);
  }
}

function holds(block: string, address: Address): boolean {
  const single = parseAddress(block);
  const cidr = single === undefined ? parseCidr(block) : singleAddressCidr(single);
  return cidr !== undefined && cidr.network.family === address.family && cidrContains(cidr, address);
}

function endOf(snapshot: Snapshot, end: WorldFlow['source']): FlowEnd {
  if (end.kind === 'pod') {
    const endpoint = snapshot.endpoints.get(`${end.namespace}/${end.name}`);
    if (endpoint === undefined) throw new TypeError(`no endpoint ${end.namespace}/${end.name}`);
    return { kind: 'endpoint', endpoint };
  }
  const address = parseAddress(end.address);
  if (address === undefined) throw new TypeError(`no address ${end.address}`);
  return snapshot.world.endAt(address);
}

function familyOf({ source, destination }: WorldFlow): Family {
  const end = source.kind === 'address' ? source : destination;
  if (end.kind === 'pod') return end.family ?? 4;
  return end.address.includes(':') ? 6 : 4;
}

/** What no policy is asked about: a pod and itself or its own node, and ends that are both no pods. */
function isBesidePolicies(source: FlowEnd, destination: FlowEnd): boolean {
  if (source.kind !== 'endpoint' && destination.kind !== 'endpoint') return true;
  if (source.kind === 'endpoint' && destination.kind === 'endpoint') return source.endpoint.uid === destination.endpoint.uid;
  const [pod, node] = source.kind === 'endpoint' ? [source, destination] : [destination, source];
  return pod.kind === 'endpoint' && node.kind === 'node' && pod.endpoint.node === node.node.name;
}

/** The flows of a world of which a report does not say what the oracle says, and how many were compared. */
function compareWithOracle(
  world: World,
  options: MatrixReportOptions,
  isAsked: (flow: WorldFlow) => boolean,
): { differences: string[]; compared: number } {
  const snapshot = snapshotOfWorld(world);
  const oracle = new NetworkPolicyOracle(world);
  const reader = new ReportReader(reportMatrix(snapshot, options));
  const differences: string[] = [];
  let compared = 0;
  for (const flow of flowsOf(world)) {
    const [source, destination] = [endOf(snapshot, flow.source), endOf(snapshot, flow.destination)];
    if (isBesidePolicies(source, destination) || flow.port === 0) continue;
    const family = familyOf(flow);
    const protocol = flow.protocol === 'ICMP' && family === 6 ? 'ICMPv6' : flow.protocol;
    const told = reader.tells(source, destination, { protocol, port: flow.port, family });
    compared++;
    if (told !== (isAsked(flow) && oracle.verdict(flow).allowed))
      differences.push(`${JSON.stringify(flow)}: ${told ? 'told' : 'not told'}`);
  }
  return { differences, compared };
}

const seeds = Array.from({ length: 6 }, (_, i) => 9100 + i);

describe('the matrix tells exactly the connections that the oracle allows', () => {
  it.each(seeds)('in world %i', (seed) => {
    const { differences, compared } = compareWithOracle(generateWorld(seed), {}, () => true);
    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(100);
  });

  it.each(seeds.slice(0, 2))('in world %i, with classes put together', (seed) => {
    expect(compareWithOracle(generateWorld(seed), { rowsMax: 0 }, () => true).differences).toEqual([]);
  });

  it.each(seeds.slice(3, 5))('of one namespace in world %i, where that is in focus', (seed) => {
    const world = generateWorld(seed);
    const snapshot = snapshotOfWorld(world);
    const [namespace = ''] = [...snapshot.endpoints.values()].map((endpoint) => endpoint.namespace);
    const isOutside = (end: WorldFlow['source']): boolean => end.kind === 'address' && endOf(snapshot, end).kind === 'address';
    const isIn = (end: WorldFlow['source']): boolean => end.kind === 'pod' && end.namespace === namespace;
    const compared = (filter: MatrixReportOptions['filter'], isAsked: (flow: WorldFlow) => boolean): string[] =>
      [{}, { rowsMax: 0 }].flatMap((options) => compareWithOracle(world, { ...options, filter: filter ?? {} }, isAsked).differences);
    expect(compared({ focus: [namespace] }, ({ source, destination }) => isIn(source) || isIn(destination))).toEqual([]);
    expect(compared({ focus: [namespace], direction: 'ingress' }, ({ destination }) => isIn(destination))).toEqual([]);
    expect(compared({ from: [namespace], to: ['outside'] }, ({ source, destination }) => isIn(source) && isOutside(destination))).toEqual(
      [],
    );
    const ports = [{ protocol: protocolNumber.TCP, port: 80 }];
    expect(compared({ ports }, ({ protocol, port }) => protocol === 'TCP' && port === 80)).toEqual([]);
  });
});
