/** Where traffic stands among all, by its protocol and port: of thousands of ports a rule asks for one. */
import { addToGroup, countBefore, type PortRange, type ProtocolNumber } from '@weir/net';
import type { TrafficClass } from './traffic-classes.ts';

interface PlacesOfProtocol {
  /** By port, lowest first. */
  readonly ofPorts: readonly { readonly port: number; readonly place: number }[];
  /** Those without a port. */
  readonly others: readonly number[];
}

/** The places of a list of traffic. */
export class TrafficPlaces {
  /** All of them, in order. */
  readonly all: readonly number[];
  readonly #byProtocol: ReadonlyMap<ProtocolNumber, PlacesOfProtocol>;

  constructor(traffic: readonly TrafficClass[]) {
    this.all = traffic.map((_, place) => place);
    const byProtocol = new Map<ProtocolNumber, number[]>();
    for (const [place, { protocol }] of traffic.entries()) addToGroup(byProtocol, protocol, place);
    this.#byProtocol = new Map(
      [...byProtocol].map(([protocol, places]) => {
        const ported = places.flatMap((place) => {
          const port = traffic[place]?.port;
          return port === undefined ? [] : [{ port, place }];
        });
        const others = places.filter((place) => traffic[place]?.port === undefined);
        return [protocol, { ofPorts: ported.sort((a, b) => a.port - b.port), others }];
      }),
    );
  }

  /** In order, all that has the protocol, and a port in the ranges if it has any; undefined means whatever it is. */
  having(protocol: ProtocolNumber | undefined, ranges: readonly PortRange[] | undefined): readonly number[] {
    if (protocol === undefined && ranges === undefined) return this.all;
    const found: number[] = [];
    const asked = protocol === undefined ? [...this.#byProtocol.values()] : [this.#byProtocol.get(protocol)];
    for (const places of asked) {
      if (places === undefined) continue;
      found.push(...places.others);
      if (ranges === undefined) for (const { place } of places.ofPorts) found.push(place);
      else for (const range of ranges) addWithin(places.ofPorts, range, found);
    }
    found.sort((a, b) => a - b);
    return ranges !== undefined && ranges.length > 1 ? [...new Set(found)] : found;
  }
}

function addWithin(sorted: PlacesOfProtocol['ofPorts'], { first, last }: PortRange, found: number[]): void {
  let at = countBefore(sorted, ({ port }) => port < first);
  for (let one = sorted[at]; one !== undefined && one.port <= last; one = sorted[++at]) found.push(one.place);
}
