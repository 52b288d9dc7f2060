/** The connections of one family as rows of a report: ends with names, traffic in words. */
import {
  type Bounds,
  type Connectivity,
  computeConnectivity,
  describeTraffic,
  formatTraffic,
  type TrafficClass,
  trafficOf,
} from '@weir/connectivity';
import { explainQuestion, type FlowEnd, type FlowQuestion, systemOfEndpoint } from '@weir/model';
import type { BitSet } from '@weir/net';
import { anotherCopy, copiesOf } from '@weir/snapshot';
import { type ConnectionBlock, connectionBlocks } from './connection-blocks.ts';
import { FamilyEnds, type FamilyInput } from './family-ends.ts';
import { type AskedTraffic, askedTraffic } from './matrix-filter.ts';
import type { MatrixConnection, MatrixEnd, ServiceReach, UnknownConnection } from './matrix-report.ts';
import { groupsOf, hasPair, type Unit } from './matrix-units.ts';
import { serviceReach } from './service-reach.ts';

/** What one family adds to a report. */
export interface FamilyMatrix {
  readonly ends: readonly MatrixEnd[];
  readonly connections: readonly MatrixConnection[];
  readonly unknown: readonly UnknownConnection[];
  readonly services: readonly ServiceReach[];
  /** How many classes of pods there are. */
  readonly classes: number;
}

/** Computes it. */
export function familyMatrix(input: FamilyInput): FamilyMatrix {
  const { snapshot, options, family } = input;
  const hosts = [...(options.hosts?.values() ?? [])].flat();
  const include = options.include === undefined ? {} : { include: options.include };
  const connectivity = computeConnectivity(snapshot, { family, ...include, hosts });
  const ends = new FamilyEnds(input, connectivity.ends);
  const rows = new FamilyRows({ input, connectivity, ends }).rows();
  const services = serviceReach({ snapshot, connectivity, ends, family });
  return { ...rows, services, ends: ends.named(), classes: connectivity.ends.pods.members().length };
}

/** The default of `MatrixReportOptions.rowsMax`. */
const rowsMaxByDefault = 2_000;

interface RowsInput {
  readonly input: FamilyInput;
  readonly connectivity: Connectivity;
  readonly ends: FamilyEnds;
}

interface Row extends Omit<MatrixConnection, 'families'> {
  readonly sources: readonly Unit[];
  readonly destinations: readonly Unit[];
  readonly first: TrafficClass | undefined;
}

class FamilyRows {
  readonly #input: FamilyInput;
  readonly #connectivity: Connectivity;
  readonly #ends: FamilyEnds;
  readonly #traffic: readonly AskedTraffic[];

  constructor({ input, connectivity, ends }: RowsInput) {
    this.#input = input;
    this.#connectivity = connectivity;
    this.#ends = ends;
    this.#traffic = askedTraffic(connectivity.traffic, input.options.filter?.ports);
  }

  rows(): Pick<FamilyMatrix, 'connections' | 'unknown'> {
    const { snapshot, family } = this.#input;
    const { ends } = this.#connectivity;
    const judgesNodes = snapshot.world.asksHosts;
    const traffic = this.#traffic.map(({ whole }) => whole);
    const blocksOf = (certain: boolean): ConnectionBlock[] => {
      const told = (bounds: Bounds): BitSet => (certain ? bounds.certain : bounds.possible.without(bounds.certain));
      return connectionBlocks({
        ends,
        traffic,
        rowOf: (source, one) => told(this.#connectivity.destinations(source, one)),
        sourcesOf: (destination, one) => told(this.#connectivity.sources(destination, one)),
        judgesNodes,
      });
    };
    const [allowed, unknown] = [blocksOf(true), blocksOf(false)];
    const merges = this.#countRows([...allowed, ...unknown]) > (this.#input.options.rowsMax ?? rowsMaxByDefault);
    const families = [family];
    const told = ({ from, to, traffic: text, protocols }: Row): MatrixConnection => ({ from, to, families, traffic: text, protocols });
    return {
      connections: this.#rowsOf(allowed, merges).map(told),
      unknown: this.#rowsOf(unknown, merges).map((row) => ({ ...told(row), missing: this.#missing(row) })),
    };
  }

  #countRows(blocks: readonly ConnectionBlock[]): number {
    return blocks.reduce((sum, { sources, destinations }) => sum + this.#sizeOf(sources) * this.#sizeOf(destinations), 0);
  }

  /** Addresses outside are one end, however many classes they are. */
  #sizeOf(classes: readonly number[]): number {
    return this.#connectivity.ends.classes[classes[0] ?? -1]?.kind === 'outside' ? 1 : classes.length;
  }

  #rowsOf(blocks: readonly ConnectionBlock[], merges: boolean): Row[] {
    return blocks.flatMap(({ sources, destinations, traffic }) => {
      const text = this.#trafficText(traffic);
      const rectangles = this.#ends.rectangles(this.#ends.unitsOf(sources), this.#ends.unitsOf(destinations));
      const pairs = rectangles.flatMap(([from, to]) =>
        groupsOf(from, merges).flatMap((source) => groupsOf(to, merges).map((destination) => [source, destination] as const)),
      );
      return pairs
        .filter(([from, to]) => from.some((source) => to.some((destination) => hasPair(source, destination, this.#reachesOwnNode(source)))))
        .map(([from, to]): Row => {
          const names = { from: this.#ends.nameOf(from), to: this.#ends.nameOf(to) };
          return { ...names, ...text, sources: from, destinations: to, first: traffic[0] };
        });
    });
  }

  #trafficText(traffic: readonly TrafficClass[]): Pick<MatrixConnection, 'traffic' | 'protocols'> {
    const all = this.#connectivity.traffic;
    const chosen = new Set(traffic);
    const asked = this.#traffic.flatMap((one) => (chosen.has(one.whole) ? [one.asked] : []));
    const protocols = trafficOf(asked, all);
    const isPart = this.#traffic.length < all.length || this.#traffic.some((one) => one.whole !== one.asked);
    return { protocols, traffic: isPart ? formatTraffic(protocols) : describeTraffic(asked, all) };
  }

  #reachesOwnNode({ ends }: Unit): boolean {
    const [first] = ends;
    const { profile } = this.#input.snapshot.world;
    return first?.kind === 'endpoint' && profile.podReachesOwnNode.includes(systemOfEndpoint(first.endpoint));
  }

  /** What an example of a row would have to be known of. */
  #missing({ sources, destinations, first }: Row): string {
    const pair = this.#example(sources, destinations);
    if (pair === undefined || first === undefined) return 'not known';
    const { protocol, port, sourcePort, icmp } = first;
    const { missing } = explainQuestion(this.#input.snapshot.world, {
      ...pair,
      protocol,
      ...(port === undefined ? {} : { destinationPort: port }),
      ...(sourcePort === undefined ? {} : { sourcePort }),
      ...(icmp === undefined ? {} : { icmp }),
    });
    return missing.length === 0 ? 'not known' : missing.join('; ');
  }

  #example(from: readonly Unit[], to: readonly Unit[]): Omit<FlowQuestion, 'protocol'> | undefined {
    for (const sources of from) {
      for (const destinations of to) {
        if (!hasPair(sources, destinations, this.#reachesOwnNode(sources))) continue;
        for (const source of sources.ends) {
          for (const destination of destinations.ends) {
            const other = this.#otherEnd(source, destination);
            if (other !== undefined) return { source, destination: other, family: this.#input.family };
          }
        }
      }
    }
    return undefined;
  }

  /** The destination as an end that is not the source itself, nor its node or its pod; undefined where it is. */
  #otherEnd(source: FlowEnd, destination: FlowEnd): FlowEnd | undefined {
    if (source.kind === 'endpoint' && destination.kind === 'endpoint' && source.endpoint === destination.endpoint) {
      if (copiesOf(this.#input.snapshot, source.endpoint) < 2) return undefined;
      return { ...destination, endpoint: anotherCopy(destination.endpoint) };
    }
    const [pod, node] = source.kind === 'endpoint' ? [source, destination] : [destination, source];
    if (pod.kind === 'endpoint' && node.kind === 'node' && pod.endpoint.node === node.node.name) return undefined;
    return destination;
  }
}
